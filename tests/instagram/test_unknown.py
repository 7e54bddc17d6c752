"""Parts of unknown outcome: settled by an echo or by the thread, never by sending them again (invariant 4)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.instagram.house import LONG, URL, House, Shop, new_mid
from tests.instagram.meta import Gate, PlayedMeta, accepted, in_thread, refused
from tests.simulator.support import Loop, eventually

# Unknown ------------------------------------------------------------------------------------------------------

MAYBE = [
    refused(1, 1357046, 500),  # "message may have been sent"
    (200, {"recipient_id": "5"}),
    (504, b"<html>"),
    (500, b""),
]


@pytest.mark.parametrize("told", MAYBE)
def test_an_unknown_part_is_settled_by_its_echo(shop: Shop, meta: PlayedMeta, person: str, told: Any) -> None:
    mid = new_mid()
    meta.script(person, told)
    message = shop.post(person, "Hi")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    shop.given(shop.echo(person, mid, text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
    assert meta.texts(person) == ["Hi"]
    assert shop.texts(person) == ["hello", "Hi"]


def test_an_echo_that_meta_repeats_in_one_webhook_settles_once(shop: Shop, meta: PlayedMeta, person: str) -> None:
    """The second copy is not taken for a message typed in the app."""
    mid = new_mid()
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    echo = shop.echo(person, mid, text="Hi")
    shop.given(echo, echo)
    assert shop.outcome(message) == ["channel", "user"]
    assert shop.texts(person) == ["hello", "Hi"]


def test_an_unknown_part_in_the_middle_holds_back_the_rest(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, accepted(new_mid()), (504, b""))
    message = shop.post(person, LONG)
    after = shop.post(person, "after")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["sent", "unknown", "pending"])
    text = meta.texts(person)[1]
    shop.given(shop.echo(person, new_mid(), text=text))
    assert shop.outcome(after) == ["channel"]
    assert shop.outcome(message) == ["channel"]
    assert " ".join(filter(None, meta.texts(person)[:3])) == LONG
    assert len(meta.texts(person)) == 4


@pytest.mark.parametrize("kind", ["image", "file"])
def test_an_unknown_picture_is_settled_by_the_echo_of_its_kind(
    shop: Shop, meta: PlayedMeta, person: str, kind: str
) -> None:
    meta.script(person, (504, b""))
    media = {"image": "image/png", "file": "application/pdf"}[kind]
    message = shop.post(person, {"type": kind, "mediaUrl": URL, "mediaType": media})
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    other = {"image": "video", "file": "image"}[kind]
    shop.given(shop.echo(person, new_mid(), attachments=[{"type": other, "payload": {"url": URL}}]))
    assert shop.deliveries(message) == []
    mid = new_mid()
    shop.given(shop.echo(person, mid, attachments=[{"type": kind, "payload": {"url": URL}}]))
    assert shop.outcome(message) == ["channel", "user"]


def test_an_echo_of_something_else_settles_nothing(shop: Shop, meta: PlayedMeta, person: str) -> None:
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    shop.given(shop.echo(person, new_mid(), text="typed in the app meanwhile"))
    assert shop.deliveries(message) == []
    assert shop.texts(person)[-1] == "typed in the app meanwhile"
    shop.given(shop.echo(person, new_mid(), text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("told", MAYBE)
def test_an_unknown_part_is_settled_by_reading_the_thread(shop: Shop, meta: PlayedMeta, person: str, told: Any) -> None:
    mid = new_mid()
    meta.threads[person] = [in_thread(mid, "Hi", by=shop.account), in_thread(new_mid(), "Hi", by=person)]
    meta.script(person, told)
    message = shop.post(person, "Hi")
    assert shop.outcome(message) == ["channel"]
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
    assert meta.texts(person) == ["Hi"]
    shop.given(shop.echo(person, mid, text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert shop.texts(person) == ["hello", "Hi"]


@pytest.mark.usefixtures("impatient")
def test_two_unknown_parts_of_the_same_text_are_two_messages_of_the_thread(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    one, two = new_mid(), new_mid()
    meta.script(person, (504, b""), (504, b""))
    # the newest first, as Meta lists them
    meta.threads[person] = [in_thread(two, "Hi", by=shop.account), in_thread(one, "Hi", by=shop.account)]
    first, second = shop.post(person, "Hi"), shop.post(person, "Hi")
    assert shop.outcome(second) == ["channel"]
    assert [row["mid"] for message in (first, second) for row in shop.parts(message)] == [one, two]
    assert meta.texts(person) == ["Hi", "Hi"]


def not_this_one(shop: Shop, person: str) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    yield in_thread(new_mid(), "Hi", by=person)
    yield in_thread(new_mid(), "Hi!", by=shop.account)
    yield in_thread(new_mid(), "Hi", by=shop.account, at=now - timedelta(minutes=5))
    yield in_thread(new_mid(), "", by=shop.account, attachments={"data": [{"id": "1"}]})
    yield in_thread(new_mid(), "Hi", by=shop.account) | {"created_time": "yesterday"}
    yield {"id": new_mid()}


@pytest.mark.usefixtures("impatient")
def test_an_unknown_part_that_is_not_in_the_thread_fails_and_is_never_sent_again(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    meta.threads[person] = list(not_this_one(shop, person))
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    error = shop.failure(message)
    assert "It was not sent; you may send it again" in error["message"]
    assert [row["state"] for row in shop.parts(message)] == ["failed"]
    assert meta.texts(person) == ["Hi"]
    assert shop.outcome(shop.post(person, "next")) == ["channel"]


@pytest.mark.usefixtures("impatient")
def test_a_thread_that_went_on_for_longer_than_meta_tells_is_no_proof(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    """Meta tells the content of the 20 youngest messages only: what is not among them may be there all the same."""
    mid = new_mid()
    meta.threads[person] = [in_thread(new_mid(), f"and {number}", by=person) for number in range(20)] + [{"id": mid}]
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    eventually(lambda: person in meta.looked)
    shop.given(shop.text(person, "Hello?"))
    assert shop.deliveries(message) == []
    shop.given(shop.echo(person, mid, text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert meta.looked.count(person) == 1  # the ledger is looked at meanwhile, not the thread
    assert meta.texts(person) == ["Hi"]


@pytest.mark.usefixtures("impatient", "not_set_aside")
@pytest.mark.parametrize(
    "told", [refused(2, status=500), refused(4), (503, b""), refused(1, 1357046), (200, b"<html>")]
)
def test_a_thread_that_cannot_be_read_now_is_read_later(
    shop: Shop, house: House, meta: PlayedMeta, person: str, told: Any
) -> None:
    meta.threads[person] = told
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    eventually(lambda: person in meta.looked)
    lane = shop.conversation(person)
    due = "select extract(epoch from due_at - now())::float8 from lanes where kind = 'send' and key = $1 and lease = 0"
    assert 20 < eventually(lambda: house.value(due, lane)) <= 30
    assert shop.deliveries(message) == []
    meta.threads[person] = [in_thread(new_mid(), "Hi", by=shop.account)]
    house.execute("delete from instagram_pauses")  # one of these is a limit
    house.execute("update lanes set due_at = now() where kind = 'send' and key = $1", lane)
    assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == ["Hi"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("told", "code"),
    [(refused(190, 460), "unauthorized"), (refused(10), "forbidden"), (refused(100), "uncategorized_error"),
     (refused(10, 2534022), "uncategorized_error")],
)  # fmt: skip
def test_a_thread_that_may_not_be_read_leaves_the_outcome_open_and_says_so(
    shop: Shop, house: House, meta: PlayedMeta, person: str, told: Any, code: str
) -> None:
    meta.threads[person] = told
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    error = shop.failure(message)
    assert error["code"] == code
    assert "may have been sent" in error["message"]
    # Told as failed in doubt; should it have gone out, its echo is no message of somebody else's.
    mid, before = new_mid(), shop.texts(person)
    shop.given(shop.echo(person, mid, text="Hi"))
    assert shop.texts(person) == before
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
    assert shop.outcome(message) == ["failure"]
    assert "It was not sent" not in error["message"]
    assert meta.looked.count(person) == 1
    assert meta.texts(person) == ["Hi"]
    status = house.value("select status from integrations where id = $1", shop.integration_id)
    assert status == ("error" if code == "unauthorized" else "active")


@pytest.mark.usefixtures("short_patience")
def test_after_a_time_out_of_ours_the_part_is_unknown(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    """The request was written, and then nothing."""
    gate = Gate(loop, accepted(new_mid()))
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    gate.open()
    shop.given(shop.echo(person, gate.told[1]["message_id"], text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]
    assert meta.texts(person) == ["Hi"]


# A process that died in the middle ----------------------------------------------------------------------------


def left_in_sending(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> str:
    """A message whose first part was claimed by a process that then died, some minutes ago."""
    house = shop.house
    gate = Gate(loop, refused(2, status=500))
    meta.script(person, gate)
    blocker = shop.post(person, "blocker")
    gate.wait()
    message = shop.post(person, "Hi")
    conversation = shop.conversation(person)
    house.execute(
        "insert into sends (message_id, app_id, conversation_id, integration_id, client_id, state, parts)"
        " select $1, p.app_id, p.conversation_id, $2, p.client_id, 'pending', 1 from participants p"
        " where p.conversation_id = $3",
        message, shop.integration_id, conversation,
    )  # fmt: skip
    house.execute(
        "insert into send_parts (message_id, part, app_id, integration_id, client_id, request, state, attempts, started_at)"
        " select $1, 1, app_id, $2, client_id, '{\"text\": \"Hi\"}', 'sending', 1, now() - interval '3 minutes'"
        " from participants where conversation_id = $3",
        message, shop.integration_id, conversation,
    )  # fmt: skip
    house.execute("delete from messages where id = $1", blocker)
    gate.told = accepted(new_mid())
    gate.open()
    return message


def test_a_part_that_a_dead_process_left_behind_is_looked_for_and_found(
    shop: Shop, meta: PlayedMeta, loop: Loop, person: str
) -> None:
    mid = new_mid()
    meta.threads[person] = [in_thread(mid, "Hi", by=shop.account)]
    message = left_in_sending(shop, meta, loop, person)
    assert shop.outcome(message) == ["channel"]
    assert meta.texts(person) == ["blocker"]
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]


def test_or_looked_for_and_not_found_and_never_sent(shop: Shop, meta: PlayedMeta, loop: Loop, person: str) -> None:
    message = left_in_sending(shop, meta, loop, person)
    shop.failure(message)
    assert meta.texts(person) == ["blocker"]


def test_an_echo_that_waited_longer_than_its_patience_still_settles_what_a_dead_process_left(
    shop: Shop, house: House, meta: PlayedMeta, person: str
) -> None:
    """Everything was down for minutes: the echo is on disk, the part is still being sent, says the ledger."""
    mid = new_mid()
    message = shop.post(person, "Hi")
    shop.outcome(message)
    before = len(shop.texts(person))
    house.execute(
        "update send_parts set state = 'sending', mid = null, started_at = now() - interval '3 minutes'"
        " where message_id = $1", message,
    )  # fmt: skip
    house.execute("update sends set state = 'pending' where message_id = $1", message)
    body = shop.body(shop.echo(person, mid, text="Hi"))
    house.execute(
        "with j as (insert into journal (facebook_app_id, body) values ($1, $2) returning id), l as ("
        " insert into lanes (kind, key, due_at, pending) values ('inbound', $3, now(), 1))"
        " insert into jobs (kind, key, payload, enqueued_at)"
        " select 'inbound', $3, id || ':0.messaging.0', now() - interval '3 minutes' from j",
        shop.facebook_app, body, f"{shop.facebook_app}/{shop.account}/{person}",
    )  # fmt: skip
    shop.quiet()
    assert [(row["state"], row["mid"]) for row in shop.parts(message)] == [("sent", mid)]
    assert len(shop.texts(person)) == before
