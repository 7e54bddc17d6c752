"""The Graph client: what it writes, and what it makes of every kind of answer. The other side is a bare socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.sending.handing import ask
from tests.support import run

TOKEN, SECRET = "EAATESTTOKEN", "test_app_secret"
ERROR = {"error": {"message": "No", "type": "OAuthException", "code": 190, "error_subcode": 460, "fbtrace_id": "A"}}

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


def says(status: int, body: Any, **headers: str) -> Talk:
    """An answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\n{more}\r\n".encode() + raw)
        await writer.drain()

    return talk


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter, __: bytes) -> None:
    await reader.read()


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
    writer.close()


async def cut_short(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    writer.close()


@asynccontextmanager
async def meta(talk: Talk, timeout: float = 5.0) -> AsyncIterator[tuple[Graph, list[bytes]]]:
    """A Graph client, and the requests that the other side gets."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in request.split(b"\r\n") if line.lower().startswith(b"content-length")), b":0"
                )
                request += await reader.readexactly(int(length.split(b":")[1]))
                asked.append(request)
                await talk(reader, writer, request)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    graph = Graph(f"http://127.0.0.1:{port}", "v25.0", timeout=timeout)
    try:
        yield graph, asked
    finally:
        await graph.close()
        server.close()


def call(talk: Talk, timeout: float = 5.0, **options: Any) -> tuple[Any, list[bytes]]:
    """What one call comes to: its answer or its exception; and what was written."""

    async def scene() -> tuple[Any, list[bytes]]:
        async with meta(talk, timeout) as (graph, asked):
            try:
                return await graph.call("GET", "/me", options.pop("token", TOKEN), **options), asked
            except Exception as error:
                return error, asked

    return run(scene(), seconds=20)


def send(talk: Talk, timeout: float = 5.0, tag: str | None = None) -> tuple[Any, bytes]:
    async def scene() -> tuple[Any, bytes]:
        async with meta(talk, timeout) as (graph, asked):
            return await ask(graph, "5846", {"text": "hi"}, tag, TOKEN, SECRET), asked[0] if asked else b""

    return run(scene(), seconds=20)


def test_the_token_travels_in_a_header_and_the_proof_is_that_of_the_reference() -> None:
    """Meta reference 4.4 has the vector."""
    _, (request,) = call(says(200, {}), secret=SECRET, params={"fields": "id"})
    target = request.split(b" ")[1].decode()
    query = parse_qs(urlsplit(target).query)
    assert urlsplit(target).path == "/v25.0/me"
    assert query == {
        "fields": ["id"],
        "appsecret_proof": ["bad6df0b858104754a0ffde2f0c05fe9731f1a5e141ee1bccf316d05f28d5135"],
    }
    assert f"authorization: bearer {TOKEN}".lower() in request.decode().lower()


def test_a_send_is_written_as_meta_documents_it() -> None:
    for tag, kind in (
        (None, {"messaging_type": "RESPONSE"}),
        ("HUMAN_AGENT", {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
    ):
        answer, request = send(says(200, {"recipient_id": "5846", "message_id": "m1"}), tag=tag)
        assert (answer.outcome, answer.mid) == (SendOutcome.SENT, "m1")
        assert request.startswith(b"POST /v25.0/me/messages?")
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        assert body == {"recipient": {"id": "5846"}, "message": {"text": "hi"}, **kind}


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_an_error_is_one_whatever_the_status(status: int) -> None:
    error, _ = call(says(status, ERROR))
    assert isinstance(error, GraphError)
    assert (error.status, error.code, error.subcode, error.transient) == (status, 190, 460, False)
    assert str(error) == "No (code 190/460)"


@pytest.mark.parametrize(
    ("told", "code", "subcode", "transient"),
    [
        ({"code": "190", "error_subcode": "460"}, 190, 460, False),
        ({"code": 4, "is_transient": True}, 4, None, True),
        ({"code": 4, "is_transient": "true"}, 4, None, False),
        ({"code": None, "message": None}, 0, None, False),
        ({}, 0, None, False),
        ({"code": [], "error_subcode": {}, "message": {"a": 1}}, 0, None, False),
    ],
)
def test_an_error_of_an_odd_shape_is_still_one(
    told: dict[str, Any], code: int, subcode: int | None, transient: bool
) -> None:
    error, _ = call(says(400, {"error": told}))
    assert isinstance(error, GraphError)
    assert (error.code, error.subcode, error.transient) == (code, subcode, transient)


def test_a_token_that_meta_quotes_is_in_no_error() -> None:
    """Invariant 7: the text of an error goes into logs, tables and events."""
    quoting = {"error": {"code": 190, "message": f"Malformed access token {TOKEN}, {SECRET}, EAAOTHER"}}
    error, _ = call(says(400, quoting), secret=SECRET, params={"input_token": "EAAOTHER"})
    assert str(error) == "Malformed access token ***, ***, *** (code 190)"
    app_error, _ = call(says(400, {"error": {"code": 190, "message": "Bad 123|s3cr3t or s3cr3t"}}), token="123|s3cr3t")
    assert "s3cr3t" not in str(app_error)


@pytest.mark.parametrize(
    ("talk", "outcome"),
    [
        (says(200, {"recipient_id": "5846"}), SendOutcome.UNKNOWN),
        (says(200, {"message_id": ""}), SendOutcome.UNKNOWN),
        (says(200, {"message_id": 7}), SendOutcome.UNKNOWN),
        (says(200, b"<html>"), SendOutcome.UNKNOWN),
        (says(200, []), SendOutcome.UNKNOWN),
        (says(200, b""), SendOutcome.UNKNOWN),
        (says(302, b"", Location="/elsewhere"), SendOutcome.UNKNOWN),
        # a gateway that gave up waiting: Meta may have acted all the same
        (says(500, b"<html>"), SendOutcome.UNKNOWN),
        (says(502, b"<html>"), SendOutcome.UNKNOWN),
        (says(504, b""), SendOutcome.UNKNOWN),
        (says(504, {"message": "Endpoint request timed out"}), SendOutcome.UNKNOWN),
        (silence, SendOutcome.UNKNOWN),
        (hang_up, SendOutcome.UNKNOWN),
        (cut_short, SendOutcome.UNKNOWN),
        # it went no further than the gateway
        (says(503, b"<html>"), SendOutcome.RETRY),
        (says(429, b"slow down"), SendOutcome.RETRY),
        (says(400, b"<html>"), SendOutcome.PERMANENT),
        (says(413, {"message": "too large"}), SendOutcome.PERMANENT),
        (says(200, ERROR), SendOutcome.RECONNECT),
        (says(500, {"error": {"code": 2, "message": "x"}}), SendOutcome.RETRY),
        (says(500, {"error": {"code": 1, "error_subcode": 1357046, "message": "x"}}), SendOutcome.UNKNOWN),
    ],
)
def test_a_send_is_unknown_whenever_meta_may_have_taken_it(talk: Talk, outcome: SendOutcome) -> None:
    answer, _ = send(talk, 0.3 if talk is silence else 10.0)
    assert answer.outcome is outcome
    assert not answer.mid


def test_where_nobody_listens_nothing_was_sent() -> None:
    async def scene() -> None:
        graph = Graph("http://127.0.0.1:1", "v25.0", timeout=2)
        try:
            with pytest.raises(NotSentError):
                await graph.call("GET", "/me", TOKEN)
            answer = await ask(graph, "5846", {"text": "hi"}, None, TOKEN, SECRET)
            assert answer.outcome is SendOutcome.RETRY
        finally:
            await graph.close()

    run(scene())


def test_a_redirect_is_not_followed_with_the_token() -> None:
    error, asked = call(says(302, b"", Location="/v25.0/elsewhere"))
    assert isinstance(error, NoAnswerError)
    assert len(asked) == 1


def test_the_clock_is_metas_when_it_differs_by_minutes() -> None:
    async def scene() -> None:
        now = datetime.now(UTC)
        for off, skewed in ((timedelta(hours=25), True), (timedelta(hours=-1), True), (timedelta(seconds=60), False)):
            async with meta(says(200, {}, Date=format_datetime((now + off).astimezone(UTC), usegmt=True))) as (
                graph,
                _,
            ):
                await graph.call("GET", "/me", TOKEN)
                expected = datetime.now(UTC) + (off if skewed else timedelta())
                assert abs(graph.now() - expected) < timedelta(seconds=5)
        for date in ("yesterday", ""):
            async with meta(says(200, {}, Date=date)) as (graph, _):
                await graph.call("GET", "/me", TOKEN)
                assert abs(graph.now() - datetime.now(UTC)) < timedelta(seconds=5)

    run(scene())
