"""Backfill against the simulator: what its webhooks dropped is brought in once, in order, marked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from heliograph.channels.instagram.backfill import todo, worker
from heliograph.channels.instagram.meta.pace import Kind
from heliograph.commands.backfill import STANDING
from heliograph.commands.show_backfill import standing
from tests.instagram.backfills import ago, ask, backfill, ended, lost, runs_of
from tests.instagram.house import House, Shop
from tests.instagram.owner import Owner
from tests.simulator.support import eventually


@pytest.fixture(autouse=True)
def _at_once(town: House) -> Iterator[None]:
    """Nobody waits for late webhooks, nor keeps Meta's pace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(town.channel._messages.backfill.looks, "young", timedelta())
        patch.setattr(town.channel._messages.backfill.looks, "patience", timedelta())
        patch.setattr(town.channel.pace, "_limits", {})
        yield


def _marks(shop: Shop) -> list[bool]:
    return [message.get("metadata", {}).get("instagram.backfilled") is True for message in shop.messages()]


def test_a_dropped_text_is_brought_in_and_marked(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    lost(town, owner)
    mid = owner.says(person, "are you there?")
    run = backfill(shop)
    assert (run["error"], run["state"], run["found"], run["added"], run["unreadable"]) == (None, "done", 1, 1, 0)
    (message,) = shop.messages()
    assert message["content"] == {"type": "text", "text": "are you there?"}
    assert message["metadata"] == {"instagram.backfilled": True}
    assert message["source"]["originalMessageId"] == mid
    assert shop.told() == ["create", "message"]


def test_what_was_missed_comes_in_metas_order_and_twice_adds_nothing(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "one")
    eventually(lambda: shop.texts() == ["one"])
    lost(town, owner, 3)
    for text in ("two", "three", "four"):
        owner.says(person, text)
    assert backfill(shop)["added"] == 3
    assert shop.texts() == ["one", "two", "three", "four"]
    assert _marks(shop) == [False, True, True, True]
    again = backfill(shop)
    assert (again["found"], again["added"]) == (0, 0)
    assert len(shop.messages()) == 4


def test_a_picture_comes_with_a_link_that_works(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    picture = owner.simulator.call(
        "POST", "/_simulator/uploads", b"\x89PNG\r\n\x1a\n" + b"0" * 64, headers={"Content-Type": "image/png"}
    ).json
    lost(town, owner)
    owner.acts(person, "messages", attachments=[{"type": "image", "url": picture["url"]}])
    assert backfill(shop)["added"] == 1
    (message,) = shop.messages()
    assert message["content"]["type"] == "image"
    assert message["content"]["mediaUrl"].startswith("http")


def test_a_story_reply_and_a_quoted_reply_tell_what_they_answer(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    story = owner.simulator.control(f"/accounts/{owner.account}/stories")["id"]
    lost(town, owner, 3)
    first = owner.says(person, "what a view", story_id=story)
    owner.says(person, "and again", reply_to_mid=first)
    owner.acts(person, "mentions")
    assert backfill(shop)["added"] == 3
    replied, quoted = shop.messages()
    assert replied["metadata"]["instagram.storyId"] == story
    assert replied["metadata"]["instagram.backfilled"] is True
    assert quoted["quotedMessage"]["message"]["source"]["originalMessageId"] == first
    (mention,) = shop.events("referral")
    details = mention["payload"]["referral"]["details"]
    assert (details["type"], details["backfilled"]) == ("STORY_MENTION", True)


def test_what_the_owner_typed_in_the_app_comes_as_the_business(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "hello?")
    eventually(lambda: shop.texts() == ["hello?"])
    lost(town, owner)
    owner.acts(person, "owner-messages", text="We are here")
    assert backfill(shop)["added"] == 1
    assert [message["author"]["type"] for message in shop.messages()] == ["user", "business"]
    assert _marks(shop) == [False, True]


def test_own_messages_are_not_doubled_when_their_echoes_never_came(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "hello?")
    eventually(lambda: shop.texts() == ["hello?"])
    lost(town, owner, 2)
    sent = [shop.post(person, "first answer"), shop.post(person, "second answer")]
    for message_id in sent:
        assert shop.outcome(message_id)[0] == "channel"
    assert backfill(shop)["added"] == 0
    assert shop.texts() == ["hello?", "first answer", "second answer"]


def test_only_the_20_newest_of_a_thread_can_be_read_the_rest_is_counted(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    lost(town, owner, 24)
    for number in range(24):
        owner.says(person, f"word {number}")
    run = backfill(shop, seconds=30)
    assert (run["added"], run["unreadable"]) == (20, 4)
    assert shop.texts() == [f"word {number}" for number in range(4, 24)]
    assert backfill(shop)["unreadable"] == 0, "each is told once"


@pytest.fixture
def patient(town: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older messages may still come by webhook, for a while."""
    monkeypatch.setattr(town.channel._messages.backfill.looks, "patience", timedelta(minutes=10))
    monkeypatch.setattr(todo, "GAP_PAUSE", timedelta(seconds=0.05))


def _held(shop: Shop, person: str, owner: Owner, count: int = 24) -> tuple[int, list[str]]:
    """A run that holds back what it read of a thread with more missing than Meta shows; and all that is missing."""
    lost(shop.house, owner, count)
    said = [owner.says(person, f"word {number}") for number in range(count)]
    number = ask(shop)
    looks = "select (todo->0->>'looks')::int > 1 from backfill_runs where id = $1"
    eventually(lambda: shop.house.value(looks, number))
    assert shop.texts() == []
    return number, said


@pytest.mark.usefixtures("patient")
def test_younger_ones_wait_for_older_ones_that_only_a_webhook_can_bring(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    number, said = _held(shop, person, owner)
    assert "may still come" in standing(town.rows(STANDING, [number])), "who waits for it is told why"
    for late in range(4):  # Meta repeats what got no 200
        shop.given(shop.text(person, f"word {late}", said[late]))
    run = ended(shop, number, 30)
    assert (run["added"], run["unreadable"]) == (20, 0)
    assert shop.texts() == [f"word {number}" for number in range(24)]
    (over,) = town.rows(STANDING, [number])
    under_way = {**over, "ended_at": None}
    assert standing([over, under_way]) == "1 of 2 accounts, 2 threads looked at, 40 messages found"


@pytest.mark.usefixtures("patient")
def test_what_could_be_read_is_not_lost_while_older_ones_are_waited_for(
    town: House, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    number, _ = _held(shop, person, owner)
    lost(town, owner, 20)
    for later in range(24, 44):
        owner.says(person, f"word {later}")
    monkeypatch.setattr(town.channel._messages.backfill.looks, "patience", timedelta())
    runs = [ended(shop, number, 30), backfill(shop)]
    assert [sum(run[column] for run in runs) for column in ("added", "unreadable")] == [40, 4]
    assert shop.texts() == [f"word {number}" for number in range(4, 44)]


@pytest.mark.usefixtures("patient")
def test_nothing_is_held_back_once_webhooks_have_come_past_it(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    _held(shop, person, owner)
    owner.says(person, "and live")
    eventually(lambda: len(shop.texts()) == 21)
    assert shop.texts() == ["and live", *(f"word {number}" for number in range(4, 24))]


@pytest.mark.usefixtures("patient")
def test_what_was_held_back_comes_when_the_run_fails(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    number, _ = _held(shop, person, owner)
    owner.simulator.call("PATCH", f"/_simulator/accounts/{owner.account}", {"allow_messages": False})
    run = ended(shop, number)
    assert (run["state"], run["added"]) == ("failed", 20)
    assert shop.texts() == [f"word {number}" for number in range(4, 24)]


@pytest.mark.usefixtures("patient")
def test_a_user_who_is_deleted_takes_along_what_was_held_back(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    owner.says(person, "hello?")
    eventually(lambda: shop.texts() == ["hello?"])
    lost(town, owner, 24)
    for number in range(24):
        owner.says(person, f"word {number}")
    ask(shop)
    kept = "select count(*) from journal where integration_id = $1"
    eventually(lambda: town.value(kept, shop.integration_id) == 1)
    (user,) = {message["author"]["userId"] for message in shop.messages()}
    town.api("DELETE", f"/v2/apps/{shop.app_id}/users/{user}")
    eventually(lambda: town.value(kept, shop.integration_id) == 0)


def test_a_slow_account_comes_to_the_end_of_a_thread_with_more_than_meta_shows(
    town: House, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call waits for its turn longer than a worker naps."""
    monkeypatch.setattr(town.channel.pace, "_limits", {Kind.CONVERSATIONS: 10})
    monkeypatch.setattr(worker, "_NAP_SECONDS", 0.0)
    shop, _ = owner.connect()
    person = owner.customer()
    lost(town, owner, 21)
    for number in range(21):
        owner.says(person, f"word {number}")
    run = backfill(shop)
    assert (run["added"], run["unreadable"]) == (20, 1)


def test_what_is_older_than_the_connection_stays_outside_unless_asked_for(town: House, owner: Owner) -> None:
    person = owner.customer()
    owner.says(person, "long ago", age_seconds=3600)
    shop, _ = owner.connect()
    assert backfill(shop)["added"] == 0
    assert backfill(shop, ago(hours=2))["added"] == 1
    assert shop.texts() == ["long ago"]


def test_the_window_counts_from_metas_time_and_an_old_message_closes_none(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    lost(town, owner)
    owner.says(person, "yesterday but one", age_seconds=47 * 3600)
    owner.says(person, "now")
    eventually(lambda: shop.texts() == ["now"])
    window = "select last_action_at from clients where integration_id = $1"
    before = town.value(window, shop.integration_id)
    assert backfill(shop, ago(hours=48))["added"] == 1
    assert shop.texts() == ["now", "yesterday but one"], "history is the order of arrival"
    assert town.value(window, shop.integration_id) == before
    messages = shop.messages()
    assert messages[1]["received"] >= messages[0]["received"]
    assert messages[1]["source"]["originalMessageTimestamp"] < messages[0]["source"]["originalMessageTimestamp"]


def test_an_unsent_message_is_not_brought_back(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    person = owner.customer()
    lost(town, owner, 2)
    mid = owner.says(person, "oops")
    owner.simulator.control("/unsend", 200, mid=mid)
    assert backfill(shop)["added"] == 0
    assert shop.messages() == []


def test_many_threads_are_found_page_by_page(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    lost(town, owner, 7)
    people = [owner.customer() for _ in range(7)]
    for number, person in enumerate(people):
        owner.says(person, f"I am number {number}")
    number = ask(shop)
    town.execute("update backfill_runs set page_size = 2 where id = $1", number)
    run = ended(shop, number, 30)
    assert run["added"] == 7
    assert sorted(shop.texts()) == [f"I am number {number}" for number in range(7)]


def test_messages_access_switched_off_ends_the_run_with_the_switch_to_turn(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    answer = owner.simulator.call("PATCH", f"/_simulator/accounts/{owner.account}", {"allow_messages": False})
    assert answer.status == 200, answer.body
    run = backfill(shop)
    assert run["state"] == "failed"
    assert "Allow access to messages" in run["error"]
    assert town.value("select status from integrations where id = $1", shop.integration_id) == "active"


def test_a_dead_token_ends_the_run_and_a_new_one_begins_another(town: House, owner: Owner) -> None:
    shop, _ = owner.connect()
    owner.simulator.control("/tokens/revoke", 200, access_token=owner.token)
    person = owner.customer()
    lost(town, owner)
    owner.says(person, "nobody hears me")
    run = backfill(shop)
    assert run["state"] == "failed"
    assert "pageAccessToken" in run["error"]
    assert town.value("select status from integrations where id = $1", shop.integration_id) == "error"
    path = f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}"
    town.api("PATCH", path, {"pageAccessToken": owner.new_token()})
    town.loop.run(town.channel.backfills.look())
    eventually(lambda: shop.texts() == ["nobody hears me"])
    assert runs_of(shop)[-1]["reason"] == "reconnected"
