"""The two sides, message by message: what is lost, doubled, out of order, or was never told.

the phone (the simulator's thread)  ↔  the conversation (our API)  ↔  what the webhook target was told
"""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

from tests.soak.book import Person
from tests.soak.ground import Ground

CHANNEL, FAILURE = "conversation:message:delivery:channel", "conversation:message:delivery:failure"
# Told when nobody can know any more: such a message may be on the phone or not.
_IN_DOUBT = "may have been sent"

Message = dict[str, Any]


def differences(ground: Ground) -> list[str]:
    """Everything in which the two sides differ, in words; empty when they are equal."""
    told = _Told(ground.house.target.events)
    return [difference for person in ground.book.people for difference in _of(ground, person, told)]


class _Told:
    """What the target heard, each event once."""

    def __init__(self, events: list[Message]) -> None:
        self.messages: dict[str, list[str]] = {}  # by conversation, in the order of the first hearing
        self.fates: dict[str, list[tuple[str, str]]] = {}  # by message: (kind, the error's text)
        heard: set[str] = set()
        for event in list(events):
            if event["id"] in heard:
                continue
            heard.add(event["id"])
            payload = event["payload"]
            if event["type"] == "conversation:message":
                self.messages.setdefault(payload["conversation"]["id"], []).append(payload["message"]["id"])
            elif event["type"] in (CHANNEL, FAILURE):
                error = payload.get("error", {}).get("message", "")
                self.fates.setdefault(payload["message"]["id"], []).append((event["type"], error))


def _of(ground: Ground, person: Person, told: _Told) -> Iterator[str]:
    phone = ground.house.phone(person.igsid)
    conversation = ground.conversation_of(person)
    ours = ground.listed(conversation) if conversation else []
    yield from _arrived(phone, ours, person.beyond)
    yield from _posted(person, phone, ours, told)
    yield from _heard(ours, told.messages.get(conversation, []))
    yield from _ordered(phone, ours, _SIDES if not person.disturbed else _SIDES[1:])


def missing(ground: Ground, person: Person) -> list[str]:
    """What was written at the phone and is not with us, as mids."""
    conversation = ground.conversation_of(person)
    here = {_mid(message) for message in ground.listed(conversation)} if conversation else set()
    return [
        said["mid"] for said in ground.house.phone(person.igsid) if said["source"] != "api" and said["mid"] not in here
    ]


def _arrived(phone: list[Message], ours: list[Message], beyond: Container[str] = ()) -> Iterator[str]:
    """What was written at the phone or in the owner's app is with us: all of it, once, as it stands now."""
    ours_by_mid: dict[str, list[Message]] = {}
    for message in ours:
        if "originalMessageId" in message["source"]:
            ours_by_mid.setdefault(message["source"]["originalMessageId"], []).append(message)
    for said in phone:
        found = ours_by_mid.pop(said["mid"], [])
        if said["source"] == "api":
            if found:
                yield f"own message came back as another: {said['text']!r}"
            continue
        shown = [message for message in found if not message.get("deleted")]
        if said["deleted"]:
            if shown:
                yield f"taken back, but still shown: {said['text']!r}"
            continue
        expected = max(1, len(said["attachments"]))
        if not found and said["mid"] in beyond:
            continue
        if len(shown) < expected:
            yield f"lost: {said['from']} wrote {said['text']!r}"
        elif len(shown) > expected:
            yield f"doubled: {said['from']} wrote {said['text']!r}, {len(shown)} messages"
        elif shown[0]["content"].get("text") != said["text"]:
            yield f"differs: {said['text']!r} on the phone, {shown[0]['content'].get('text')!r} here"
    for messages in ours_by_mid.values():
        yield f"made up: {messages[0]['content']!r}"


def _posted(person: Person, phone: list[Message], ours: list[Message], told: _Told) -> Iterator[str]:
    """What the business posted is on the phone at most once, and its end was told, once and truly."""
    on_phone = Counter(said["text"] for said in phone if said["source"] == "api")
    listed = Counter(message["id"] for message in ours)
    for message in person.posted:
        times = on_phone.pop(message.text, 0)
        fates = told.fates.get(message.id, [])
        if listed[message.id] != 1:
            yield f"listed {listed[message.id]} times: {message.text!r}"
        if times > 1:
            yield f"sent {times} times: {message.text!r}"
        if len(fates) != 1:
            yield f"its end was told {len(fates)} times: {message.text!r} {fates}"
        elif fates[0][0] == CHANNEL and not times:
            yield f"told as sent, but not on the phone: {message.text!r}"
        elif fates[0][0] == FAILURE and times and _IN_DOUBT not in fates[0][1]:
            yield f"told as failed, but on the phone: {message.text!r} {fates[0][1]}"
    for text in on_phone:
        yield f"nobody posted {text!r}"


def _heard(ours: list[Message], heard: list[str]) -> Iterator[str]:
    """The target was told of every message, of each once, in our order."""
    known = {message["id"]: message for message in ours}
    for message_id, times in Counter(heard).items():
        if times > 1:
            yield f"told by {times} events: {known.get(message_id, message_id)}"
    for message_id in known.keys() - set(heard):
        yield f"never told: {known[message_id]['content']}"
    if [one for one in known if one in set(heard)] != [one for one in heard if one in known]:
        yield "told in another order than listed"


def _mid(message: Message) -> Any:
    return message["source"].get("originalMessageId")


# What each side wrote: its name there, and here. Webhooks may be lost and shuffled; answers have no such excuse.
_SIDES: tuple[tuple[str, Callable[[Message], str | None], Callable[[Message], Any]], ...] = (
    ("arrivals", lambda said: said["mid"] if said["source"] != "api" else None, _mid),
    ("answers", lambda said: said["text"] if said["source"] == "api" else None, lambda one: one["content"].get("text")),
)


def _ordered(phone: list[Message], ours: list[Message], sides: Sequence[Any] = _SIDES) -> Iterator[str]:
    """What each side wrote stands in the same order here and there.

    But for what was taken back before its webhook came: Meta's thread does not show it, so backfill cannot wait for it
    when it brings in what was written after it.
    """
    overtaken = set(_overtaken(phone, ours))
    for what, there, name in sides:
        theirs = [key for said in phone if (key := there(said)) is not None and key not in overtaken]
        wanted = set(theirs)
        here = list(dict.fromkeys(key for message in ours if (key := name(message)) in wanted))
        if here != [key for key in theirs if key in set(here)]:
            yield (
                f"{what} out of order: {[_shown(one) for one in ours if name(one) in wanted]} here,"
                f" {[said['text'] for said in phone if there(said) is not None]} on the phone"
            )


def _overtaken(phone: list[Message], ours: list[Message]) -> Iterator[str]:
    """What was taken back, and stands behind something younger that backfill brought in."""
    place = {said["mid"]: number for number, said in enumerate(phone)}
    youngest = -1
    for one in ours:
        number = place.get(_mid(one), len(phone))
        if one.get("deleted") and number < youngest:
            yield _mid(one)
        if _backfilled(one):
            youngest = max(youngest, number)


def _backfilled(message: Message) -> bool:
    return bool((message.get("metadata") or {}).get("instagram.backfilled"))


def _shown(message: Message) -> str:
    """A message of ours in a line: what it says, how it came, and when."""
    marks = [name for name in ("deleted",) if message.get(name)]
    marks += ["backfilled"] if _backfilled(message) else []
    at = message["source"].get("originalMessageTimestamp", "")
    return " ".join([str(message["content"].get("text")), *marks, f"said {at}, received {message.get('received', '')}"])
