"""The samples between a Meta and a Heliograph that answer oddly: the person is told, and nothing secret is in an address."""

import json

import pytest
from aiohttp import web

from tests.examples.conftest import SAMPLES
from tests.examples.guest import GOOD, PAGE, SECRETS, Answer, Played, guest
from tests.support import run


def raw(body: bytes, status: int = 200, kind: str = "application/json") -> Answer:
    return lambda: web.Response(body=body, status=status, content_type=kind)


ODD = {
    "a proxy's page": raw(b"<html>Bad gateway</html>", 502, "text/html"),
    "nothing": raw(b""),
    "no text": raw(b"\xff\xfe\x00"),
    "a list": raw(b"[]"),
    "null": raw(b"null"),
    "nothing of what was asked for": raw(b"{}"),
    "rows that are none": raw(b'{"data": ["x"], "access_token": "USER-TOKEN"}'),
    "an error of another form": raw(b'{"error": "x"}', 400),
    "a way elsewhere": lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}),
}
CALLS = ("oauth/access_token", "me/accounts", "me/permissions")
# That is an answer to this one.
FITS = {("oauth/access_token", "rows that are none")}


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("call", CALLS)
def test_what_meta_should_not_answer_is_told(sample: str, call: str) -> None:
    async def work() -> dict[str, tuple[int, str]]:
        played, told = Played(), {}
        async with guest(sample, played) as visitor:
            for name, odd in ODD.items():
                played.odd = {call: odd}
                answer = await visitor.logs_in()
                told[name] = answer.status, await answer.text()
        return told

    for name, (status, words) in run(work()).items():
        if (call, name) not in FITS:
            assert (status, "Meta" in words) == (400, True), (name, words)
            assert not sample.endswith("sdk") or json.loads(words)["problem"]


def test_what_heliograph_should_not_answer_is_told(sample: str) -> None:
    async def work() -> dict[str, tuple[int, str]]:
        played, told = Played(), {}
        async with guest(sample, played) as visitor:
            await visitor.logs_in()
            for name, odd in ODD.items():
                played.odd = {"integrations": odd}
                answer = await visitor.connects()
                told[name] = answer.status, await answer.text()
        async with guest(sample, played, heliograph_is_there=False) as visitor:
            await visitor.logs_in()
            answer = await visitor.connects()
            told["no connection"] = answer.status, await answer.text()
        return told

    for name, (status, words) in run(work()).items():
        assert (status, "Harbour Tea could not be connected" in words) == (400, True), (name, words)
        assert "Heliograph" in words


def test_no_token_or_code_stands_in_an_address(sample: str) -> None:
    async def work() -> list[str]:
        played = Played()
        async with guest(sample, played) as visitor:
            await visitor.logs_in()
            assert (await visitor.connects()).status == 200
        return played.addresses

    addresses = run(work())
    assert {name for name in GOOD if any(name in one for one in addresses)} == set(GOOD)
    assert [one for one in addresses if any(word in one for word in SECRETS)] == []
    (pages,) = [one for one in addresses if "me/accounts" in one]
    assert all(f"{name}=" in pages for name in ("client_id", "client_secret", "limit"))
    assert "limit=500" in pages


TASKS = [
    (["MESSAGING", "MODERATE"], True),
    (["MODERATE"], True),  # older Pages
    (["PROFILE_PLUS_FULL_CONTROL"], True),
    (["PROFILE_PLUS_MESSAGING", "PROFILE_PLUS_MODERATE"], True),
    (None, True),  # Meta did not tell
    (["MESSAGING"], False),
    (["PROFILE_PLUS_MESSAGING"], False),
    (["ANALYZE"], False),
    ([], False),
]


def test_who_may_answer_messages_may_connect(sample: str) -> None:
    page = GOOD["me/accounts"]["data"][0]

    async def work() -> list[tuple[list[str] | None, bool]]:
        played, told = Played(), []
        async with guest(sample, played) as visitor:
            for tasks, _ in TASKS:
                listed = {name: value for name, value in {**page, "tasks": tasks}.items() if value is not None}
                played.odd = {"me/accounts": raw(json.dumps({"data": [listed]}).encode())}
                await visitor.logs_in()
                words = await visitor.pages()
                assert PAGE["name"] in words
                told.append((tasks, "may not answer messages" not in words))
        return told

    assert run(work()) == TASKS
