"""What becomes of Meta's answers: a fact, or that nobody knows. Meta's own is played, one answer other than usual."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.doctor import asking
from heliograph.channels.instagram.doctor.facts import Facts, Linked, NotTold, Refused, Token
from heliograph.channels.instagram.meta import graph as metas
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Graph, GraphError
from tests.instagram.doctor.test_checks import FACTS, INSTAGRAM_FACTS, SCOPES

APP = FacebookApp("1", "s3cret-of-the-app", "verify")
INSPECTED = {"is_valid": True, "type": "PAGE", "scopes": sorted(SCOPES)}
BY_FACEBOOK: Mapping[str, Any] = {
    "/debug_token": {"data": INSPECTED},
    "/me": {"id": "100", "name": "Lamps", "instagram_business_account": {"id": "17841", "username": "lamps"}},
    "/100/subscribed_apps": {"data": [{"id": "1", "subscribed_fields": ["messages"]}]},
    "/100/conversations": {"data": [{"updated_time": "2026-11-23T11:00:00+0000"}]},
    "/1/subscriptions": {"data": []},
}
BY_INSTAGRAM: Mapping[str, Any] = {
    "/me": {"user_id": "17841", "username": "lamps"},
    "/me/subscribed_apps": {"data": []},
    "/me/conversations": {"data": []},
}


class Played:
    """A Graph API whose answers are written beforehand."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    async def call(self, method: str, path: str, token: str, **_: Any) -> dict[str, Any]:
        answer = self._answers[path]
        if isinstance(answer, Exception):
            raise answer
        return cast(dict[str, Any], answer)


def error(code: int, subcode: int | None = None, status: int = 400, *, transient: bool = False) -> GraphError:
    return GraphError(status, code, subcode, "Error", transient)


def asked(facts: Facts, **other: Any) -> Facts:
    """``facts`` with what Meta tells, these answers being other than usual: by the path's last word."""
    usual = BY_FACEBOOK if facts.login == FACEBOOK else BY_INSTAGRAM
    answers = {path: other.get(path.rsplit("/", 1)[-1], answer) for path, answer in usual.items()}
    graph = cast(Graph, Played(answers))
    return asyncio.run(asking.ask(graph, APP, metas.Token("t", facts.login), facts))


def test_what_meta_usually_tells_is_known() -> None:
    facts = asked(FACTS)
    assert facts.token == Token(True, None, "PAGE", scopes=SCOPES)
    assert facts.linked == Linked("17841", "Lamps", "lamps")
    facts = asked(INSTAGRAM_FACTS)
    assert isinstance(facts.token, Token)
    assert facts.token.valid
    assert facts.linked == Linked("17841", username="lamps")


# A limit or a bad hour tells nothing, by whatever code it comes (Meta reference 3.2).
@pytest.mark.parametrize(
    "said",
    [
        error(0, status=502), error(1, status=500), error(1, 1357046), error(2, status=503), error(1200),
        error(9999, status=500), error(9999, transient=True), error(4), error(4, 2018022, 403), error(17), error(32),
        error(341), error(613), error(613, 2534040, 429), error(80001), error(80002),
    ],
    ids=str,
)  # fmt: skip
def test_a_limit_or_a_bad_hour_says_nothing_of_token_or_secret(said: GraphError) -> None:
    assert isinstance(asked(FACTS, debug_token=said).token, NotTold)
    assert isinstance(asked(INSTAGRAM_FACTS, me=said).token, NotTold)
    assert isinstance(asked(FACTS, conversations=said).threads, NotTold)


@pytest.mark.parametrize("said", [error(190), error(101), error(100), error(368), error(10)], ids=str)
def test_what_meta_refuses_for_a_reason_is_kept(said: GraphError) -> None:
    assert asked(FACTS, debug_token=said).token == Refused(said.code, None, "Error")


# None of these says that a token is dead, or a Page without an account.
@pytest.mark.parametrize("odd", [{}, {"data": {}}, {"data": []}, {"data": "x"}, {"data": {"is_valid": "yes"}}], ids=str)
def test_an_answer_about_the_token_that_cannot_be_read_tells_nothing(odd: dict[str, Any]) -> None:
    assert isinstance(asked(FACTS, debug_token=odd).token, NotTold)


@pytest.mark.parametrize("odd", [{}, {"data": []}, {"name": "Lamps"}], ids=str)
def test_an_answer_about_page_or_account_that_cannot_be_read_tells_nothing(odd: dict[str, Any]) -> None:
    assert isinstance(asked(FACTS, me=odd).linked, NotTold)
    facts = asked(INSTAGRAM_FACTS, me=odd)
    assert isinstance(facts.linked, NotTold)
    assert isinstance(facts.token, NotTold)


def test_a_page_without_an_account_is_told_as_such() -> None:
    assert asked(FACTS, me={"id": "100", "name": "Lamps"}).linked == Linked(None, "Lamps")


def test_a_dead_token_is_one_that_meta_calls_so() -> None:
    told = {"data": {"is_valid": False, "error": {"code": 190, "subcode": 467, "message": "Error"}}}
    token = asked(FACTS, debug_token=told).token
    assert isinstance(token, Token)
    assert (token.valid, token.error) == (False, Refused(190, 467, "Error"))
    assert asked(INSTAGRAM_FACTS, me=error(190, 463)).token == Token(False, Refused(190, 463, "Error"))
    assert asked(replace(FACTS, tasks=None), debug_token=told).threads == NotTold("the token is not valid")
