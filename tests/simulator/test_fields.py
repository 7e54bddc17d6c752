"""The ``fields`` parameter."""

import pytest

from heliograph.simulator.errors import GraphError
from heliograph.simulator.graph.fields import ABSENT, Field, parse, select


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("id", (Field("id"),)),
        ("id, name", (Field("id"), Field("name"))),
        ("a{b,c{d}},e", (Field("a", {}, (Field("b"), Field("c", {}, (Field("d"),)))), Field("e"))),
        ("messages.limit(5){id}", (Field("messages", {"limit": "5"}, (Field("id"),)),)),
    ],
)
def test_fields_are_read(text: str, parsed: tuple[Field, ...]) -> None:
    assert parse(text) == parsed


@pytest.mark.parametrize("text", ["", "id,", "id,,name", "a{b", "a}", "a{}", "1d", "a" + "{a" * 20])
def test_bad_syntax_is_refused(text: str) -> None:
    with pytest.raises(GraphError) as refused:
        parse(text)
    assert refused.value.code == 2500


def test_an_answer_always_has_the_id_and_leaves_out_what_is_absent() -> None:
    resolvers = {"id": lambda _: "7", "name": lambda _: "n", "gone": lambda _: ABSENT}
    assert select("Page", parse("name,gone"), resolvers) == {"name": "n", "id": "7"}


def test_an_unknown_field_fails_the_whole_call() -> None:
    with pytest.raises(GraphError, match="biography") as refused:
        select("Page", parse("id,biography"), {"id": lambda _: "7"})
    assert refused.value.code == 100
