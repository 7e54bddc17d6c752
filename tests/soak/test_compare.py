"""The comparer itself: whatever differs between the two sides has its word."""

from typing import Any

import pytest

from tests.soak import compare
from tests.soak.book import Person, Posted
from tests.soak.compare import CHANNEL, FAILURE


def said(mid: str, text: str, source: str = "person", **more: Any) -> dict[str, Any]:
    """A message on the phone."""
    return {"mid": mid, "text": text, "from": source, "source": source, "attachments": [], "deleted": False, **more}


def ours(id_: str, text: str, mid: str | None = None, **more: Any) -> dict[str, Any]:
    """A message of our conversation."""
    source = {"type": "instagram", "originalMessageId": mid} if mid else {"type": "api:conversations"}
    return {"id": id_, "content": {"type": "text", "text": text}, "source": source, **more}


HELLO, HERE = said("m1", "hello"), ours("1", "hello", "m1")
SENT, POSTED = said("m2", "re", "api"), ours("2", "re")


@pytest.mark.parametrize(
    ("phone", "here", "word"),
    [
        ([HELLO], [HERE], ""),
        ([HELLO], [], "lost"),
        ([HELLO], [HERE, ours("3", "hello", "m1")], "doubled"),
        ([HELLO], [ours("1", "hallo", "m1")], "differs"),
        ([], [HERE], "made up"),
        ([{**HELLO, "deleted": True}], [HERE], "taken back"),
        ([{**HELLO, "deleted": True}], [{**HERE, "deleted": True}], ""),
        ([SENT], [ours("4", "re", "m2")], "own message came back as another"),
    ],
)
def test_what_came_is_here_once_as_it_stands(phone: list[Any], here: list[Any], word: str) -> None:
    found = list(compare._arrived(phone, here))
    assert [one.startswith(word) for one in found] == ([True] if word else [])


def _told(*fates: tuple[str, str]) -> compare._Told:
    events = [
        {"id": str(number), "type": kind, "payload": {"message": {"id": "2"}, "error": {"message": text}}}
        for number, (kind, text) in enumerate(fates)
    ]
    return compare._Told(events)


@pytest.mark.parametrize(
    ("phone", "here", "fates", "word"),
    [
        ([SENT], [POSTED], [(CHANNEL, "")], ""),
        ([], [POSTED], [(FAILURE, "refused")], ""),
        ([SENT], [POSTED], [(FAILURE, "it may have been sent")], ""),
        ([SENT, SENT], [POSTED], [(CHANNEL, "")], "sent 2 times"),
        ([], [POSTED], [(CHANNEL, "")], "told as sent"),
        ([SENT], [POSTED], [(FAILURE, "refused")], "told as failed"),
        ([SENT], [POSTED], [], "its end was told 0 times"),
        ([SENT], [POSTED], [(CHANNEL, ""), (FAILURE, "")], "its end was told 2 times"),
        ([SENT], [], [(CHANNEL, "")], "listed 0 times"),
        ([SENT, said("m9", "other", "api")], [POSTED], [(CHANNEL, "")], "nobody posted"),
    ],
)
def test_what_was_posted_ended_once_and_truly(
    phone: list[Any], here: list[Any], fates: list[tuple[str, str]], word: str
) -> None:
    person = Person("p", posted=[Posted("2", "re")])
    found = list(compare._posted(person, phone, here, _told(*fates)))
    assert [one.startswith(word) for one in found] == ([True] if word else [])


@pytest.mark.parametrize(
    ("heard", "word"),
    [
        (["1", "2"], ""),
        (["1"], "never told"),
        (["1", "2", "2"], "told by 2 events"),
        (["2", "1"], "told in another order"),
    ],
)
def test_the_target_heard_of_all_in_our_order(heard: list[str], word: str) -> None:
    found = list(compare._heard([HERE, POSTED], heard))
    assert any(one.startswith(word) for one in found) if word else found == []


def test_each_sides_messages_keep_their_order() -> None:
    first, second = said("m1", "a"), said("m2", "b")
    here = [ours("1", "a", "m1"), ours("2", "b", "m2")]
    assert list(compare._ordered([first, second], here)) == []
    assert [one.partition(" out of")[0] for one in compare._ordered([second, first], here)] == ["arrivals"]


def test_what_was_taken_back_may_stand_behind_what_backfill_brought_in() -> None:
    """Meta's thread does not show it, so backfill cannot wait for its webhook."""
    phone = [said("m1", "", deleted=True), said("m2", "b")]
    brought_in = ours("2", "b", "m2", metadata={"instagram.backfilled": True})
    taken_back = ours("1", "", "m1", deleted=True)
    assert list(compare._ordered(phone, [brought_in, taken_back])) == []
    assert list(compare._ordered(phone, [ours("2", "b", "m2"), taken_back])) != [], "by webhooks it keeps its place"
    older = [said("m0", "z"), *phone], ours("0", "z", "m0", metadata={"instagram.backfilled": True})
    here = [older[1], ours("2", "b", "m2"), taken_back]
    assert list(compare._ordered(older[0], here)) != [], (
        "backfill excuses what is older than what it brought, nothing else"
    )
    shown = [said("m1", "a"), said("m2", "b")]
    assert list(compare._ordered(shown, [brought_in, ours("1", "a", "m1")])) != [], "what is shown keeps its place"


class _Phone:
    """A ground of which the comparer sees one thread."""

    def __init__(self, phone: list[Any], here: list[Any]) -> None:
        self.house, self._phone, self._here = self, phone, here

    def phone(self, _: str) -> list[Any]:
        return self._phone

    def listed(self, _: str) -> list[Any]:
        return self._here

    def conversation_of(self, _: Person) -> str:
        return "c"


@pytest.mark.parametrize("disturbed", [False, True])
def test_what_meta_does_to_webhooks_excuses_arrivals_and_no_answers(disturbed: bool) -> None:
    phone = [said("m1", "a"), said("m2", "b"), said("m3", "re a", "api"), said("m4", "re b", "api")]
    here = [ours("2", "b", "m2"), ours("1", "a", "m1"), ours("4", "re b"), ours("3", "re a")]
    person = Person("p", posted=[Posted("3", "re a"), Posted("4", "re b")], disturbed=disturbed)
    told = _told()
    told.messages["c"] = ["2", "1", "4", "3"]
    told.fates = {"3": [(CHANNEL, "")], "4": [(CHANNEL, "")]}
    found = [one.partition(" out of")[0] for one in compare._of(_Phone(phone, here), person, told)]  # type: ignore[arg-type]
    assert found == (["answers"] if disturbed else ["arrivals", "answers"])


def test_only_what_meta_shows_no_more_may_be_missing() -> None:
    phone = [said("m1", "a"), said("m2", "b")]
    assert list(compare._arrived(phone, [ours("2", "b", "m2")], {"m1"})) == []
    assert [one.partition(":")[0] for one in compare._arrived(phone, [ours("1", "a", "m1")], {"m1"})] == ["lost"]
    person = Person("p", beyond={"m1"})
    assert compare.missing(_Phone(phone, [ours("2", "b", "m2")]), person) == ["m1"]  # type: ignore[arg-type]
