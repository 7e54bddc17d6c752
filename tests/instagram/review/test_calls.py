"""The test calls, against the simulated Meta: what succeeds is dated, what is refused is told."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from heliograph.channels.instagram.accounts.records import token_place
from heliograph.channels.instagram.review import Report, UnknownAppError
from heliograph.channels.instagram.review.readiness import State
from heliograph.channels.instagram.review.test_calls import Made
from heliograph.cli import cli
from tests.instagram.house import SECRET_KEY, House
from tests.instagram.instagram_owner import InstagramOwner
from tests.instagram.owner import Owner
from tests.simulator.support import Simulator, eventually

READS = ["instagram_basic", "instagram_manage_messages", "pages_manage_metadata", "pages_messaging"]
NARROW = ["instagram_basic", "instagram_manage_messages", "pages_manage_metadata"]


def make(owner: Owner) -> dict[str, Made]:
    made = owner.house.loop.run(owner.house.channel.review.make_calls(owner.facebook_app))
    return {one.permission: one for one in made}


def report(owner: Owner, *app_ids: str, **how: Any) -> Report:
    review = owner.house.channel.review
    found: Report = owner.house.loop.run(review.report(owner.facebook_app, list(app_ids) or None, **how))
    return found


def noted(owner: Owner) -> set[str]:
    rows = owner.house.rows("select permission from review_calls where facebook_app_id = $1", owner.facebook_app)
    return {row["permission"] for row in rows}


def forget(owner: Owner) -> None:
    owner.house.execute("delete from review_calls where facebook_app_id = $1", owner.facebook_app)


def give(owner: Owner, integration_id: str, token: str) -> None:
    """Put another token in the place of an account's, as if that one had changed."""
    sealed = owner.house.box.seal(token, token_place(integration_id))
    owner.house.execute(
        "update instagram_accounts set page_token = $2 where integration_id = $1", integration_id, sealed
    )


def test_connecting_counts_for_what_it_calls(owner: Owner) -> None:
    owner.connect()
    assert noted(owner) == {"instagram_basic", "pages_manage_metadata"}


def test_every_read_succeeds_and_is_dated(owner: Owner) -> None:
    owner.connect()
    forget(owner)
    made = make(owner)
    assert sorted(made) == sorted(READS)
    assert all(one.succeeded and one.lapses - one.at == timedelta(days=30) for one in made.values())
    assert noted(owner) == set(READS)
    done = {one.key: one for one in report(owner).checklist}
    assert all(done[f"call:{name}"].state is State.DONE for name in READS)


def test_nothing_at_meta_changes_by_them(owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person))
    before = owner.thread(person), owner.page_subscription(), owner.app_subscription()
    make(owner)
    assert (owner.thread(person), owner.page_subscription(), owner.app_subscription()) == before


def test_instagram_login_has_its_own(town: House, simulator: Simulator) -> None:
    owner = InstagramOwner.new(town, simulator)
    owner.connect()
    assert noted(owner) == {"instagram_business_basic"}
    made = make(owner)
    assert {name: one.succeeded for name, one in made.items()} == {
        "instagram_business_basic": True,
        "instagram_business_manage_messages": True,
    }
    assert report(owner).missing == 3  # address, privacy policy, terms: none of them is the calls'


def test_a_permission_that_was_not_granted_is_told_and_not_written_down(owner: Owner) -> None:
    owner.connect(pageAccessToken=owner.new_token(scopes=NARROW))
    made = make(owner)
    refused = made["pages_messaging"]
    assert not refused.succeeded
    assert "grant pages_messaging" in refused.said
    assert "(#10)" in refused.said
    assert noted(owner) == set(NARROW)


def test_a_grant_for_another_account_is_refused(owner: Owner) -> None:
    _, made = owner.connect()
    forget(owner)
    targets = {"instagram_manage_messages": ["17841400000000009"]}
    give(owner, made["id"], owner.new_token(targets=targets))
    refused = make(owner)["instagram_manage_messages"]
    assert not refused.succeeded
    assert "instagram_manage_messages, for this Page and account" in refused.said
    assert "instagram_manage_messages" not in noted(owner)


def test_with_a_dead_token_all_are_refused_and_none_is_forgotten(owner: Owner) -> None:
    owner.connect()
    make(owner)
    before = report(owner).called
    owner.simulator.control("/tokens/revoke", 200, access_token=owner.token)
    made = make(owner)
    assert not any(one.succeeded for one in made.values())
    assert all("Log in again" in one.said for one in made.values())
    assert owner.token not in "".join(one.said for one in made.values())
    assert report(owner).called == before


def test_another_account_of_the_app_helps_out(owner: Owner) -> None:
    other = owner.simulator.control("/accounts")
    owner.connect()
    token = owner.new_token(page_id=other["page_id"])
    _, second = owner.connect(pageAccessToken=token)
    owner.simulator.control("/tokens/revoke", 200, access_token=token)
    assert all(one.succeeded for one in make(owner).values()), second


def test_a_switch_of_the_owner_is_named(owner: Owner) -> None:
    owner.connect()
    answer = owner.simulator.call("PATCH", f"/_simulator/accounts/{owner.account}", {"allow_messages": False})
    assert answer.status == 200
    assert "Allow access to messages" in make(owner)["instagram_manage_messages"].said


def test_a_meta_that_does_not_answer_is_tried_again_later(owner: Owner) -> None:
    owner.connect()
    forget(owner)
    owner.fault(match="subscribed_apps", code=2)
    made = make(owner)
    assert "Try again later" in made["pages_manage_metadata"].said
    assert noted(owner) == set(READS) - {"pages_manage_metadata"}


def test_without_an_account_there_is_nothing_to_call_with(owner: Owner) -> None:
    owner.house.loop.run(owner.house.channel.apps.save(owner.facebook_app, owner.secret))
    assert make(owner) == {}
    assert report(owner).app.accounts == 0


def test_a_look_for_missed_messages_counts(owner: Owner) -> None:
    _, made = owner.connect()
    assert "instagram_manage_messages" not in noted(owner)
    began = report(owner).called.get("instagram_manage_messages")
    owner.house.execute(
        "insert into backfill_runs (app_id, integration_id, reason, state, began) values ('a', $1, 'asked', 'done', now())",
        made["id"],
    )
    later = report(owner).called["instagram_manage_messages"]
    assert began is None or later > began


def test_a_call_lapses(owner: Owner) -> None:
    owner.connect()
    owner.house.execute(
        "update review_calls set made_at = now() - interval '31 days' where facebook_app_id = $1", owner.facebook_app
    )
    states = {one.key: one.state for one in report(owner).checklist}
    assert states["call:instagram_basic"] is State.MISSING
    make(owner)
    states = {one.key: one.state for one in report(owner).checklist}
    assert states["call:instagram_basic"] is State.DONE


def test_an_older_date_does_not_take_the_place_of_a_younger(owner: Owner) -> None:
    owner.connect()
    before = report(owner).called
    house = owner.house
    house.execute(
        "update review_calls set made_at = now() + interval '1 day' where facebook_app_id = $1", owner.facebook_app
    )
    make(owner)
    assert report(owner).called["instagram_basic"] > before["instagram_basic"] + timedelta(hours=23)


def test_a_login_counts_for_what_was_granted(owner: Owner) -> None:
    owner.connect()
    review = owner.house.channel.review
    # Whether a listed Page belongs to a portfolio is not told: that permission was granted, and maybe not called.
    granted = ["pages_show_list", "public_profile", "instagram_manage_messages", "business_management", "email"]
    owner.house.loop.run(review.note_login(owner.facebook_app, granted))
    assert noted(owner) >= {"pages_show_list", "public_profile"}
    assert not noted(owner) & {"email", "business_management"}
    owner.house.loop.run(review.note_login("4711", granted))  # an app that is gone meanwhile


class TestWhoSeesWhat:
    def test_an_agent_sees_what_their_apps_are_connected_by(self, owner: Owner) -> None:
        shop, _ = owner.connect()
        other, _ = owner.connect()
        review, run = owner.house.channel.review, owner.house.loop.run
        assert report(owner).app.accounts == 2
        assert report(owner, shop.app_id).app.accounts == 1
        assert [one.id for one in run(review.facebook_apps([shop.app_id, other.app_id]))] == [owner.facebook_app]

    def test_and_nothing_else(self, owner: Owner) -> None:
        owner.connect()
        stranger = owner.house.new_app()
        assert owner.house.loop.run(owner.house.channel.review.facebook_apps([stranger])) == []
        assert owner.house.loop.run(owner.house.channel.review.facebook_apps([])) == []
        with pytest.raises(UnknownAppError):
            report(owner, stranger)

    def test_the_verify_token_is_for_owners(self, owner: Owner) -> None:
        shop, _ = owner.connect()
        app = owner.house.loop.run(owner.house.channel.apps.reload(owner.facebook_app))
        values = [one.value for one in report(owner, shop.app_id).addresses]
        assert app.verify_token not in values
        assert f"{owner.house.url}/webhooks/instagram/{owner.facebook_app}" in values
        assert app.verify_token in [one.value for one in report(owner, with_secrets=True).addresses]


Command = Callable[..., Result]


@pytest.fixture
def typed(town: House) -> Command:
    """`heliograph app-review`, on the town's database."""
    env = {
        "HELIOGRAPH_DATABASE_URL": town.database_url,
        "HELIOGRAPH_SECRET_KEY": SECRET_KEY,
        "HELIOGRAPH_GRAPH_URL": town.graph_url,
        "HELIOGRAPH_PUBLIC_URL": "https://chat.example.org",
        "HELIOGRAPH_PRIVACY_POLICY_URL": "https://example.org/privacy",
    }

    def command(*words: str) -> Result:
        return CliRunner().invoke(cli, ["app-review", *words], env=env)

    return command


class TestOnTheTerminal:
    def test_it_tells_what_is_missing_and_the_texts(self, owner: Owner, typed: Command) -> None:
        owner.connect()
        told = typed(owner.facebook_app, "--company", "Harbour [bold]Tea[/x]", "--product", "Tea Desk")
        assert told.exit_code == 0, told.output
        for words in (
            "missing",
            "Terms of service",
            "https://chat.example.org/connect/callback",
            "pages_show_list",
            "the team of Harbour [bold]Tea[/x]",
            "Tea Desk",
            "--make-calls",
        ):
            assert words in told.stdout
        assert owner.token not in told.stdout
        assert owner.secret not in told.stdout

    def test_it_makes_the_calls(self, owner: Owner, typed: Command) -> None:
        owner.connect()
        forget(owner)
        told = typed(owner.facebook_app, "--make-calls")
        assert told.exit_code == 0, told.output
        assert told.stdout.count("counts until") >= len(READS)
        assert noted(owner) == set(READS)

    def test_a_program_reads_the_same(self, owner: Owner, typed: Command) -> None:
        owner.connect(pageAccessToken=owner.new_token(scopes=NARROW))
        told = typed(owner.facebook_app, "--make-calls", "--json")
        assert told.exit_code == 1
        found = json.loads(told.stdout)
        assert found["login"] == "facebook"
        assert [one["permission"] for one in found["calls"] if not one["succeeded"]] == ["pages_messaging"]
        assert [one["key"] for one in found["checklist"] if one["state"] == "missing"] == ["terms"]
        assert found["missing"] == 1
        (row,) = [one for one in found["permissions"] if one["name"] == "instagram_basic"]
        assert row["calledAt"] < row["lapsesAt"]
        assert row["testCall"] == "GET /{account_id}?fields=id,username"

    def test_an_unknown_app_is_told_with_those_that_are_known(self, owner: Owner, typed: Command) -> None:
        owner.connect()
        told = typed("4711")
        assert told.exit_code == 1
        assert "no Facebook app 4711" in told.stderr
        assert owner.facebook_app in told.stderr

    def test_an_address_that_is_none_is_refused(self, town: House) -> None:
        for value in ("example.org/privacy", "ftp://example.org", "https://"):
            told = CliRunner().invoke(cli, ["settings"], env={"HELIOGRAPH_PRIVACY_POLICY_URL": value})
            assert told.exit_code == 1
            assert "HELIOGRAPH_PRIVACY_POLICY_URL" in told.stderr
