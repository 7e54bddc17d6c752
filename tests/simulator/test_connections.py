"""What happens to a connection, and how it is undone where reality has a way back."""

from typing import Any

import pytest

from heliograph.simulator import Meta
from heliograph.simulator.connections import SWITCHES
from tests.simulator.scripted import meta_of, refused
from tests.simulator.support import Seeded

SYMPTOMS: dict[str, tuple[int, int, int | None] | None] = {
    "app_removed": (401, 190, 458),
    "checkpoint": (401, 190, 459),
    "password_changed": (401, 190, 460),
    "token_expired": (401, 190, 463),
    "unconfirmed": (401, 190, 464),
    "token_revoked": (401, 190, 467),
    "role_lost": (401, 190, 492),
    "scope_dropped": (403, 10, None),
    "asset_dropped": (403, 10, None),
    "unlinked": (400, 100, 2534013),
    "messages_off": (403, 200, 2534041),
    "proof_demanded": (400, 100, None),
    "not_live": (403, 3, None),
    "tasks_lost": (403, 200, None),
    "human_agent_off": None,
    "app_unsubscribed": None,
    "page_unsubscribed": None,
}
"""What a send answers while the switch is on; None where sends go on."""


@pytest.fixture
def meta(connected: Seeded) -> Meta:
    connected.says()
    connected.sink.wait(1)
    return meta_of(connected)


def test_every_switch_has_its_symptom_here() -> None:
    assert set(SYMPTOMS) == set(SWITCHES)


@pytest.mark.parametrize("name", SYMPTOMS)
def test_a_switch_does_what_it_says_and_goes_back_where_it_can(connected: Seeded, meta: Meta, name: str) -> None:
    def sent() -> Any:
        answer = connected.send({"text": "x"})
        return answer.error if answer.status != 200 else None

    assert sent() is None
    assert meta.connection(connected.account)[name] is False
    meta.break_connection(name, connected.account)
    meta.break_connection(name, connected.account)
    assert meta.connection(connected.account)[name] is True
    assert sent() == SYMPTOMS[name]
    if SWITCHES[name].undo is None:
        with refused(409, "on"):
            meta.mend_connection(name, connected.account)
        return
    meta.mend_connection(name, connected.account)
    assert meta.connection(connected.account)[name] is False
    assert sent() is None


@pytest.mark.parametrize("name", ["app_unsubscribed", "page_unsubscribed", "unlinked"])
def test_webhooks_stop_and_come_again(connected: Seeded, meta: Meta, name: str) -> None:
    meta.break_connection(name, connected.account)
    connected.says("unheard")
    meta.mend_connection(name, connected.account)
    connected.says("heard")
    assert [one["message"]["text"] for one in connected.sink.wait(2)] == ["hello", "heard"]


def test_a_login_that_died_takes_all_tokens_of_its_person_and_of_nobody_else(connected: Seeded, meta: Meta) -> None:
    app, account = meta.apps()[0], meta.account(connected.account)
    stranger = meta.make_account("Second shop")
    theirs, user = meta.make_token(app, stranger), meta.make_token(app, account, kind="user")
    meta.break_connection("password_changed", account)
    assert connected.graph("GET", "/me", token=user).error == (401, 190, 460)
    assert connected.graph("GET", "/me", token=theirs).status == 200


def test_only_one_apps_tokens_die_when_one_app_is_named(connected: Seeded, meta: Meta) -> None:
    account, other = meta.account(connected.account), meta.make_app("Other")
    token = meta.make_token(other, account)
    meta.break_connection("token_revoked", account, app=other)
    assert connected.graph("GET", "/me", token=token).error == (401, 190, 467)
    assert connected.graph("GET", "/me").status == 200


def test_a_narrowed_grant_shows_in_debug_token(connected: Seeded, meta: Meta) -> None:
    def grant() -> tuple[list[str], dict[str, Any]]:
        query = {"input_token": connected.token, "access_token": connected.app_token}
        data = connected.simulator.get("/debug_token", **query).json["data"]
        return data["scopes"], {one["scope"]: one.get("target_ids") for one in data["granular_scopes"]}

    before = grant()
    meta.break_connection("asset_dropped", connected.account, scope="pages_messaging")
    assert grant()[1]["pages_messaging"] == []
    meta.mend_connection("asset_dropped", connected.account, scope="pages_messaging")
    assert grant() == before
    meta.break_connection("scope_dropped", connected.account, scope="instagram_basic")
    assert "instagram_basic" not in grant()[0]
    meta.mend_connection("scope_dropped", connected.account, scope="instagram_basic")
    assert sorted(grant()[0]) == sorted(before[0])


def test_after_24_hours_the_feature_is_missed(connected: Seeded, meta: Meta) -> None:
    meta.break_connection("human_agent_off", connected.account)
    meta.advance("25h")
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert connected.send({"text": "x"}, **tagged).error == (403, 10, 2534022)
    meta.mend_connection("human_agent_off", connected.account)
    assert connected.send({"text": "x"}, **tagged).status == 200


def test_a_mistake_is_named(meta: Meta, connected: Seeded) -> None:
    with refused(404, "name"):
        meta.break_connection("nothing", connected.account)
    with refused(404, "account_id"):
        meta.break_connection("unlinked", "1")
    with refused(422, "scope"):
        meta.break_connection("scope_dropped", connected.account, scope="fly")
