"""A user is deleted: nothing of them is left in any table, and nothing of anybody else is lost."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from heliograph.channels.instagram.journal import leftovers, people
from heliograph.lanes import LaneWorkers
from heliograph.messaging import event_erasure
from heliograph.messaging import last_words as last_words_module
from heliograph.messaging.last_words import LastWordsWorker
from tests.instagram.everywhere import holding, tables
from tests.instagram.house import House, Shop, new_mid, unique
from tests.instagram.meta import PlayedMeta
from tests.simulator.support import eventually

DOCUMENT = Path(__file__).parents[2] / "docs" / "privacy.md"
PICTURE = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id={}&signature=A"


@pytest.fixture
def last_words(house: House) -> Iterator[None]:
    """Events of deletions go when nobody waits for them."""

    async def start() -> LaneWorkers:
        workers = LaneWorkers(house.database, [LastWordsWorker(house.database, pause=0.05).kind()], poll_seconds=0.05)
        workers.start()
        return workers

    workers = house.loop.run(start())
    yield
    house.loop.run(workers.stop())


def erased(house: House) -> None:
    """Wait until all that was deleted is gone."""
    kinds = ["forget", "last_words", "unsent", "people", "media", "profile", "filing", "inbound"]
    eventually(lambda: not house.value("select count(*) from lanes where kind = any ($1::text[])", kinds))


def user_of(shop: Shop, person: str) -> str:
    sql = "select user_id from clients where integration_id = $1 and external_id = $2"
    return str(shop.house.value(sql, shop.integration_id, person))


def delete(shop: Shop, person: str) -> None:
    shop.house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{user_of(shop, person)}", status=200)


@dataclass
class Talkative:
    """Somebody who has done everything that leaves something; ``words`` are theirs alone."""

    person: str
    words: list[str]


def talkative(shop: Shop, meta: PlayedMeta) -> Talkative:
    """A person who writes, taps, mentions, reacts, edits and unsends, and whom the business answers."""
    house, person, mark = shop.house, unique("5846"), unique("zq")
    word = iter(f"{mark}w{n}x" for n in range(100))
    words = [person]

    def new() -> str:
        words.append(next(word))
        return words[-1]

    picture = PICTURE.format(new())
    meta.profiles[person] = (
        200,
        {"id": person, "name": new(), "username": new(), "profile_pic": PICTURE.format(new())},
    )
    first, edited = new_mid(), new_mid()
    shop.given(shop.text(person, new(), first))
    shop.given(shop.text(person, new(), edited, reply_to={"mid": first}))
    shop.given(shop.item(person, message_edit={"mid": edited, "text": new(), "num_edit": 1}))
    shop.given(shop.item(person, message_edit={"mid": new_mid(), "text": new(), "num_edit": 1}))  # of what never came
    shop.given(shop.item(person, reaction={"mid": first, "action": "react", "reaction": "other", "emoji": "🦊"}))
    shop.given(shop.item(person, postback={"mid": new_mid(), "title": new(), "payload": new()}))
    shop.given(
        shop.item(person, message={"mid": new_mid(), "attachments": [{"type": "image", "payload": {"url": picture}}]})
    )
    story = {"type": "story_mention", "payload": {"url": PICTURE.format(new())}}
    shop.given(shop.item(person, message={"mid": new_mid(), "attachments": [story]}))
    shop.given(shop.item(person, referral={"ref": new(), "source": "IGME-SOURCE-LINK", "type": "OPEN_THREAD"}))
    shop.given(shop.echo(person, new_mid(), text=new()))
    shop.given(shop.item(person, something_new={"text": new()}))  # not understood: a leftover
    comment = {"field": "comments", "value": {"from": {"id": person, "username": new()}, "text": new()}}
    shop.given(comment, name="changes")
    path = f"/v2/apps/{shop.app_id}"
    conversation = f"{path}/conversations/{shop.conversation(person)}"
    content = {"author": {"type": "business"}, "content": {"type": "text", "text": new()}}
    headers = {
        "Idempotency-Key": unique("key"),
        "Authorization": house._authorization or "",
        "Content-Type": "application/json",
    }
    house.api("GET", path)
    headers["Authorization"] = house._authorization
    assert house.http("POST", f"{conversation}/messages", json.dumps(content), headers).status == 201
    shop.post(person, new())
    house.api(
        "PATCH",
        f"{path}/users/{user_of(shop, person)}",
        {"profile": {"surname": new(), "email": f"{new()}@x.example"}, "metadata": {"note": new()}},
        200,
    )
    shop.quiet()
    return Talkative(person, words)


def test_nothing_of_a_deleted_user_is_left_in_any_table(
    shop: Shop, house: House, meta: PlayedMeta, last_words: None
) -> None:
    them = talkative(shop, meta)
    user_id, conversation_id = user_of(shop, them.person), shop.conversation(them.person)
    before = {one.partition(".")[0] for one in holding(house, *them.words)}
    assert before >= {
        "clients",
        "events",
        "idempotency_keys",
        "journal",
        "journal_leftovers",
        "messages",
        "send_parts",
        "users",
    }, before
    delete(shop, them.person)
    erased(house)
    assert holding(house, *them.words, user_id, conversation_id) == []


def test_every_table_stands_in_the_document_that_says_what_is_kept(house: House) -> None:
    named = set(re.findall(r"`([a-z_]+)`", DOCUMENT.read_text("utf-8")))
    assert [name for name in tables(house) if name not in named] == []


def test_what_others_left_in_the_same_webhook_stays_and_can_be_tried_again(
    shop: Shop, house: House, last_words: None
) -> None:
    gone, other, said, strange = shop.person(), shop.person(), unique("secret"), unique("strange")
    shop.given(shop.item(gone, unheard={"of": said}), shop.item(other, unheard={"of": strange}), shop.text(gone, said))
    delete(shop, gone)
    erased(house)
    assert holding(house, said, gone) == []
    (row,) = house.rows(
        "select l.* from journal_leftovers l join journal j on j.id = l.journal_id where j.facebook_app_id = $1",
        shop.facebook_app,
    )
    assert (row["person_id"], row["path"]) == (other, "0.messaging.1")
    assert house.loop.run(leftovers.replay(house.database, row["reason"])) >= 1
    shop.received()
    assert shop.leftovers() == [row["reason"]]
    assert any(strange in one for one in map(str, house.rows("select convert_from(body, 'UTF8') from journal")))


def test_the_same_person_s_webhooks_to_another_business_stay(shop: Shop, house: House, last_words: None) -> None:
    neighbour, said = house.shop(), unique("other")
    person = shop.person()
    neighbour.given(neighbour.text(person, said))
    delete(shop, person)
    erased(house)
    assert {one.partition(":")[0] for one in holding(house, said)} >= {"journal.body", "messages.body"}


def test_people_of_an_integration_that_is_gone_are_found_in_the_journal(
    shop: Shop, house: House, last_words: None
) -> None:
    person, said = shop.person(), unique("gone")
    shop.given(shop.text(person, said))
    house.api("DELETE", f"/v2/apps/{shop.app_id}/integrations/{shop.integration_id}", status=200)
    delete(shop, person)
    erased(house)
    assert holding(house, said, person) == []


def test_what_came_after_the_deletion_is_somebody_else_s(shop: Shop, house: House, last_words: None) -> None:
    person, before, after = shop.person(), unique("before"), unique("after")
    shop.given(shop.text(person, before))
    delete(shop, person)
    shop.given(shop.text(person, after))
    erased(house)
    assert holding(house, before) == []
    assert shop.texts(person) == [after]
    assert "journal.body" in {one.partition(":")[0] for one in holding(house, after)}


def test_a_deletion_is_told_before_its_events_go(shop: Shop, house: House, last_words: None) -> None:
    person, said = shop.person(), unique("untold")
    hook = {"target": "https://shop.example/hook", "triggers": ["conversation:message", "user:remove"]}
    body = {"type": "custom", "displayName": "Hook", "webhooks": [hook]}
    house.api("POST", f"/v2/apps/{shop.app_id}/integrations", body, 201)
    shop.given(shop.text(person, said))
    delete(shop, person)
    eventually(lambda: not house.value("select count(*) from lanes where kind = 'forget'"))
    assert holding(house, said) == [], "what was not told yet is told no more"
    eventually(lambda: [one["type"] for one in shop.events()] == ["user:remove"])
    house.execute("delete from jobs where kind = 'webhook' and key like '%/' || $1", shop.app_id)  # it is told
    eventually(lambda: shop.events() == [])


def test_personal_information_goes_from_messages_and_events_and_the_messages_stay(
    shop: Shop, house: House, meta: PlayedMeta, last_words: None
) -> None:
    person, name, surname, said = unique("5846"), unique("Noa"), unique("Berg"), unique("said")
    meta.profiles[person] = (200, {"id": person, "name": f"{name} {surname}", "username": unique("noa")})
    shop.given(shop.text(person, said))
    assert holding(house, name)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{user_of(shop, person)}/personalinformation", status=200)
    erased(house)
    assert holding(house, name, surname) == []
    assert shop.texts(person) == [said]
    (event,) = shop.events("message")
    assert event["payload"]["message"]["content"]["text"] == said


# Unsent messages --------------------------------------------------------------------------------------------------


def test_an_unsent_message_is_removed_from_the_journal_and_the_events_too(shop: Shop, house: House) -> None:
    person, said, kept, mid = shop.person(), unique("regretted"), unique("kept"), new_mid()
    shop.given(shop.text(person, said, mid), shop.text(person, kept))
    shop.given(shop.text(person, unique("quote"), reply_to={"mid": mid}))
    shop.given(shop.item(person, message_edit={"mid": mid, "text": f"{said} again", "num_edit": 1}))
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    erased(house)
    assert holding(house, said) == []
    assert "journal.body" in {one.partition(":")[0] for one in holding(house, kept)}
    assert shop.texts(person)[1:3] == ["", kept]


def test_a_message_that_comes_after_it_was_unsent_leaves_nothing_in_the_journal(shop: Shop, house: House) -> None:
    person, said, mid = shop.person(), unique("late"), new_mid()
    shop.given(shop.item(person, message={"mid": mid, "is_deleted": True}))
    erased(house)
    shop.given(shop.text(person, said, mid))
    erased(house)
    assert holding(house, said) == []


def test_a_webhook_that_is_filed_before_people_were_written_down_is_gone_through(
    shop: Shop, house: House, last_words: None
) -> None:
    person, said = shop.person(), unique("old")
    shop.given(shop.text(person, said))
    numbers = [row["id"] for row in house.rows("delete from journal_people returning journal_id as id")]
    house.execute(
        "insert into jobs (kind, key, payload) values ('people', $1, $2)",
        shop.facebook_app,
        ",".join(map(str, sorted(set(numbers)))),
    )
    house.execute("insert into lanes (kind, key, due_at, pending) values ('people', $1, now(), 1)", shop.facebook_app)
    delete(shop, person)
    erased(house)
    assert holding(house, said, person) == []


# Deaths -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["events", "journal", "told"])
def test_forgetting_that_dies_in_the_middle_goes_on_and_tells_once(
    shop: Shop, house: House, last_words: None, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    person, other, said, kept = shop.person(), shop.person(), unique("dies"), unique("kept")
    for _ in range(5):
        shop.given(shop.text(person, said), shop.text(other, kept))
    monkeypatch.setattr(people, "WEBHOOKS_AT_ONCE", 2)
    module, name = {
        "events": (event_erasure, "delete_some"),
        "journal": (people, "_take_out"),
        "told": (last_words_module, "of_user"),
    }[step]
    calls: list[int] = []
    monkeypatch.setattr(module, name, _dying(getattr(module, name), calls))
    user_id = user_of(shop, person)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{user_id}", status=200)
    erased(house)
    assert len(calls) > 1
    assert holding(house, said, person, user_id) == []
    assert set(shop.texts(other)[1:]) == {kept}
    assert (
        len([one for one in map(str, house.rows("select convert_from(body, 'UTF8') from journal")) if kept in one]) == 5
    )


def _dying(whole: Any, calls: list[int]) -> Any:
    """Raises at its second call, before it does anything: at its first, when there is one alone."""

    def dies(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == (1 if whole.__name__ == "of_user" else 2):
            raise RuntimeError("killed")
        return whole(*args)

    return dies
