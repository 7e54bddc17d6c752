"""App mode, access level, roles and tasks: whom an app hears, and what its calls answer (Meta reference 1.1, 4.2, 6)."""

from typing import Any

import pytest

from tests.simulator.refusals import account_rules, app_rules, comment, no_scope, patch, rules
from tests.simulator.support import Seeded

TEXT = {"text": "x"}


def role(seeded: Seeded, who: str) -> str:
    accounts = seeded.simulator.read("/accounts")["accounts"]
    return {"account": seeded.account, "person": seeded.person, "owner": accounts[0]["owner_user_id"]}[who]


@pytest.mark.parametrize(
    ("mode", "roles", "heard"),
    [
        ({"live": True}, [], True),
        ({"live": False}, [], False),
        ({"live": False}, ["account"], False),
        ({"live": False}, ["person"], True),
        ({"advanced": []}, [], False),
        ({"advanced": []}, ["account"], True),
        ({"advanced": []}, ["owner"], True),
        ({"advanced": ["instagram_manage_messages"]}, [], True),
    ],
    ids=[
        "live",
        "development",
        "development, own account",
        "development, tester",
        "standard",
        "standard, own account",
        "standard, own Page",
        "advanced",
    ],
)
def test_whom_an_app_hears(connected: Seeded, mode: dict[str, Any], roles: list[str], heard: bool) -> None:
    app_rules(connected, roles=[role(connected, who) for who in roles], **mode)
    connected.says("first")
    app_rules(connected, live=True, all_advanced=True)
    connected.says("last")
    connected.sink.wait(1 + heard)
    assert connected.sink.texts() == (["first"] if heard else []) + ["last"]


def test_with_the_strict_reading_of_standard_access_the_person_needs_a_role_too(connected: Seeded) -> None:
    rules(connected, standard_access="account_and_person")
    app_rules(connected, advanced=[], roles=[connected.account])
    connected.says("unheard")
    app_rules(connected, roles=[connected.account, connected.person])
    connected.says("heard")
    connected.sink.wait(1)
    assert connected.sink.texts() == ["heard"]
    assert connected.send(TEXT).status == 200


@pytest.mark.parametrize(
    ("change", "body"),
    [("", {"allow_messages": False}), ("", {"linked": False}), ("/rules", {"unread": True})],
    ids=["message access off", "unlinked", "creator account never read"],
)
def test_an_account_of_which_nothing_is_told(connected: Seeded, change: str, body: dict[str, Any]) -> None:
    patch(connected, f"/accounts/{connected.account}{change}", **body)
    connected.says("unheard")
    patch(connected, f"/accounts/{connected.account}", allow_messages=True, linked=True)
    assert connected.graph("GET", "/me/conversations", platform="instagram").status == 200
    connected.says("heard")
    connected.sink.wait(1)
    assert connected.sink.texts() == ["heard"]


def test_in_development_people_with_a_role_can_be_answered(seeded: Seeded) -> None:
    seeded.says()
    app_rules(seeded, live=False, roles=[seeded.account, seeded.person])
    assert seeded.send(TEXT).status == 200


def test_access_is_by_permission(seeded: Seeded) -> None:
    seeded.says()
    app_rules(seeded, advanced=["instagram_manage_messages"])
    assert seeded.send(TEXT).status == 200
    assert seeded.graph("GET", f"/{seeded.igsid}").error == (403, 3, None), "instagram_basic has standard access"


def test_comments_need_advanced_access_even_for_the_own_account(seeded: Seeded) -> None:
    form = {"object": "instagram", "callback_url": seeded.sink.url, "verify_token": "x", "fields": "comments,messages"}
    path = f"/{seeded.facts['facebook_app_id']}/subscriptions"
    assert seeded.simulator.call("POST", path, form={**form, "access_token": seeded.app_token}).status == 200
    page = f"/{seeded.facts['page_id']}/subscribed_apps"
    assert seeded.graph("POST", page, {"subscribed_fields": "feed"}).status == 200
    app_rules(seeded, advanced=["instagram_manage_messages"], roles=[seeded.account])
    comment(seeded)
    seeded.says("heard")
    assert [item["message"]["text"] for item in seeded.sink.wait(1)] == ["heard"]


@pytest.mark.parametrize(
    ("tasks", "allowed"),
    [
        (["MESSAGING"], {"send"}),
        (["MODERATE"], {"send", "profile", "conversations", "subscribe"}),
        (["ANALYZE", "ADVERTISE"], set()),
        (["MANAGE", "MESSAGING", "MODERATE"], {"send", "profile", "conversations", "subscribe"}),
    ],
    ids=lambda one: ",".join(sorted(one)) or "nothing",
)
def test_what_the_owners_tasks_allow(seeded: Seeded, tasks: list[str], allowed: set[str]) -> None:
    seeded.says()
    account_rules(seeded, tasks=tasks)
    page = f"/{seeded.facts['page_id']}"
    calls = {
        "send": seeded.send(TEXT),
        "profile": seeded.graph("GET", f"/{seeded.igsid}"),
        "conversations": seeded.graph("GET", f"{page}/conversations", platform="instagram"),
        "subscribe": seeded.graph("POST", f"{page}/subscribed_apps", {"subscribed_fields": "feed"}),
    }
    assert {name for name, answer in calls.items() if answer.status == 200} == allowed
    assert all(one.error == (403, 200, None) for name, one in calls.items() if name not in allowed)


def test_an_owner_without_any_task_has_lost_the_role(seeded: Seeded) -> None:
    account_rules(seeded, tasks=[])
    assert seeded.graph("GET", "/me").error == (401, 190, 492)
    account_rules(seeded, all_tasks=True)
    assert seeded.graph("GET", "/me").status == 200


def test_me_accounts_tells_the_tasks_and_leaves_lost_pages_out(seeded: Seeded) -> None:
    app, page = seeded.facts["facebook_app_id"], seeded.facts["page_id"]
    token = seeded.simulator.control("/tokens", app_id=app, page_id=page, type="user")["access_token"]
    account_rules(seeded, tasks=["MESSAGING"])
    (told,) = seeded.graph("GET", "/me/accounts", token=token).json["data"]
    assert told["tasks"] == ["MESSAGING"]
    account_rules(seeded, tasks=[])
    assert seeded.graph("GET", "/me/accounts", token=token).json["data"] == []


def test_the_dialog_refuses_an_app_in_development_to_strangers(seeded: Seeded) -> None:
    app_rules(seeded, live=False)
    asked = {"client_id": seeded.facts["facebook_app_id"], "redirect_uri": "https://x.org/", "scope": "public_profile"}
    assert "error=access_denied" in seeded.simulator.control("/login", 200, **asked)["redirect_to"]
    app_rules(seeded, roles=[role(seeded, "owner")])
    assert "code=" in seeded.simulator.control("/login", 200, **asked)["redirect_to"]


def test_me_is_the_page_of_a_page_token(seeded: Seeded) -> None:
    assert seeded.graph("POST", "/v23.0/me/subscribed_apps", {"subscribed_fields": "feed"}).json == {"success": True}
    (told,) = seeded.graph("GET", f"/{seeded.facts['page_id']}/subscribed_apps").json["data"]
    assert told["subscribed_fields"] == ["feed"]
    app, page = seeded.facts["facebook_app_id"], seeded.facts["page_id"]
    token = seeded.simulator.control("/tokens", app_id=app, page_id=page, type="user")["access_token"]
    assert seeded.graph("POST", "/me/subscribed_apps", {"subscribed_fields": "feed"}, token).error == (400, 100, 33)


class TestAccountSubscription:
    """``POST /{ig-account-id}/subscribed_apps``: Instagram's names, the Page's token."""

    def test_it_takes_instagram_names_and_replaces_the_list(self, seeded: Seeded) -> None:
        path = f"/{seeded.account}/subscribed_apps"
        for fields in ("comments,messages", "messaging_seen"):
            assert seeded.graph("POST", path, {"subscribed_fields": fields}).json == {"success": True}
        (told,) = seeded.graph("GET", path).json["data"]
        assert told["subscribed_fields"] == ["messaging_seen"]
        assert seeded.graph("DELETE", path).json == {"success": True}
        assert seeded.graph("GET", path).json["data"] == []

    def test_page_names_are_refused_whole(self, seeded: Seeded) -> None:
        path = f"/{seeded.account}/subscribed_apps"
        answer = seeded.graph("POST", path, {"subscribed_fields": "comments,feed"})
        assert answer.error == (400, 100, None)
        assert answer.json["error"]["message"].startswith(
            "(#100) Param subscribed_fields[1] must be one of {comments, "
        )
        assert seeded.graph("GET", path).json["data"] == []

    def test_comments_need_their_permission(self, seeded: Seeded) -> None:
        token = no_scope("instagram_manage_comments")(seeded)
        path = f"/{seeded.account}/subscribed_apps"
        assert seeded.graph("POST", path, {"subscribed_fields": "comments"}, token).error == (403, 10, None)
        assert seeded.graph("POST", path, {"subscribed_fields": "messages"}, token).status == 200

    def test_it_delivers_the_fields_that_it_names(self, connected: Seeded) -> None:
        assert connected.graph("DELETE", f"/{connected.facts['page_id']}/subscribed_apps").status == 200
        path = f"/{connected.account}/subscribed_apps"
        assert connected.graph("POST", path, {"subscribed_fields": "messages"}).status == 200
        connected.acts("/postbacks", title="unheard", payload="x")
        connected.says("heard")
        connected.sink.wait(1)
        assert connected.sink.texts() == ["heard"]
