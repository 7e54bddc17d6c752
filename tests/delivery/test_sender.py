"""One POST and its verdict: any 2xx in time is delivered, everything else is an answer that says why not."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from heliograph.delivery.guard import parse_networks
from heliograph.delivery.sender import Answer, Sender
from tests.delivery.target import Post, Target
from tests.support import run

LOOPBACK = parse_networks("127.0.0.0/8")


def outcome(script: Callable[[Post], object], *, timeout: float = 20) -> tuple[Answer, Target]:
    """Post once to a target that answers by ``script``."""

    async def scene() -> tuple[Answer, Target]:
        async with Target(script) as target, Sender(LOOPBACK, timeout=timeout) as sender:
            return await sender.post(target.url, b'{"n": 1}', "s3cret"), target

    return run(scene())


@asynccontextmanager
async def serving(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server whose connections are all gone at the end."""
    gone: list[asyncio.Future[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone.append(asyncio.get_running_loop().create_future())
        number = len(gone) - 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        gone[number].set_result(None)

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    await asyncio.wait_for(asyncio.gather(*gone), 10)


@asynccontextmanager
async def raw_server(answer: bytes, *, then_hang: bool = False) -> AsyncIterator[str]:
    """A server that reads a request, writes these bytes, and closes (or keeps silent)."""
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if then_hang:
            await done.wait()

    async with serving(talk) as url:
        yield url
        done.set()


def raw_outcome(answer: bytes, *, then_hang: bool = False) -> Answer:
    # What hangs is waited for to the end.
    timeout = 2 if then_hang else 20

    async def scene() -> Answer:
        async with raw_server(answer, then_hang=then_hang) as url, Sender(LOOPBACK, timeout=timeout) as sender:
            return await sender.post(url, b"{}", "s3cret")

    return run(scene())


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    """Sunshine reference 3.1."""
    answer, _ = outcome(lambda _: status)
    assert answer.delivered
    assert (answer.status, answer.error) == (status, None)
    assert 0 < answer.seconds < 20


@pytest.mark.parametrize("status", [300, 304, 400, 404, 410, 429, 500, 503])
def test_any_other_status_is_not(status: int) -> None:
    """It is kept, for the schedule to judge and the log to show."""
    answer, _ = outcome(lambda _: status)
    assert not answer.delivered
    assert (answer.status, answer.error) == (status, f"HTTP {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    """A redirect could lead where the customer's URL may not."""
    answer, target = outcome(lambda post: web.Response(status=status, headers={"Location": "/elsewhere"}))
    assert answer.status == status
    assert not answer.delivered
    assert [post.path for post in target.posts] == ["/hook"]


def test_the_request_carries_secret_and_json() -> None:
    """X-API-Key is the webhook's secret, plain, as the original sends it."""
    _, target = outcome(lambda _: 200)
    (post,) = target.posts
    assert post.headers["X-API-Key"] == "s3cret"
    assert post.headers["Content-Type"] == "application/json"
    assert post.payload == b'{"n": 1}'


def test_cookies_of_one_customer_are_not_sent_to_anybody() -> None:
    """Each POST stands alone."""

    async def scene() -> None:
        def sets_cookie(_: Post) -> web.Response:
            answer = web.Response()
            answer.set_cookie("session", "1")
            return answer

        async with Target(sets_cookie) as target, Sender(LOOPBACK) as sender:
            for _ in range(2):
                await sender.post(target.url, b"{}", "s")
            assert all("Cookie" not in post.headers for post in target.posts)

    run(scene())


def test_no_answer_in_time_is_a_failure() -> None:
    """The outcome at the customer's is unknown; it is tried again."""

    async def scene() -> None:
        hang = asyncio.Event()

        async def hangs(_: Post) -> int:
            await hang.wait()
            return 200

        async with Target(hangs) as target, Sender(LOOPBACK, timeout=1) as sender:
            answer = await sender.post(target.url, b"{}", "s")
            hang.set()
            assert not answer.delivered
            assert (answer.status, answer.error) == (None, "no answer in time")
            assert len(target.posts) == 1

    run(scene())


@pytest.mark.parametrize(
    ("answer", "hangs"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    ],
)
def test_a_2xx_counts_whatever_becomes_of_its_body(answer: bytes, hangs: bool) -> None:
    """The customer's server said yes; posting again for a broken body would only make a duplicate."""
    got = raw_outcome(answer, then_hang=hangs)
    assert got.delivered
    assert got.error is None


def test_a_final_status_counts_whatever_becomes_of_its_body() -> None:
    """Nor is a no for good asked again."""
    got = raw_outcome(b"HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\ncut", then_hang=False)
    assert (got.status, got.error) == (404, "HTTP 404")


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 banana\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000]
)
def test_what_is_not_http_is_a_failure_and_no_exception(answer: bytes) -> None:
    """Whatever listens there."""
    got = raw_outcome(answer)
    assert not got.delivered
    assert got.status is None
    assert got.error


def test_an_endless_answer_is_not_swallowed() -> None:
    """Bodies are capped: a status is enough."""

    async def scene() -> None:
        sent = 0

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                sent += 65536

        async with serving(talk) as url, Sender(LOOPBACK, timeout=10) as sender:
            assert (await sender.post(url, b"{}", "s")).delivered
        assert sent < 20_000_000

    run(scene())


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "nonsense",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://no.such.host.invalid/",
        "http://[::1/",
    ],
)
def test_a_url_that_leads_nowhere_is_a_failure_and_no_exception(url: str) -> None:
    """However it came into the database."""

    async def scene() -> None:
        async with Sender(LOOPBACK, timeout=5) as sender:
            answer = await sender.post(url, b"{}", "s")
            assert answer.status is None
            assert answer.error

    run(scene())


def test_a_refused_connection_is_named() -> None:
    """What the customer reads in the log of attempts."""

    async def scene() -> None:
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))  # nobody listens on it, and nobody else can
            async with Sender(LOOPBACK, timeout=20) as sender:
                answer = await sender.post(f"http://127.0.0.1:{deaf.getsockname()[1]}/", b"{}", "s3cret")
            assert "no connection" in (answer.error or "")
            assert "s3cret" not in (answer.error or "")

    run(scene())


def test_a_secret_that_no_header_can_carry_is_a_failure_that_does_not_show_it() -> None:
    """A line break in a secret would split the request; the error must not quote it."""

    async def scene() -> None:
        async with Target() as target, Sender(LOOPBACK) as sender:
            answer = await sender.post(target.url, b"{}", "s3cret\r\nX-Evil: 1")
            assert answer.status is None
            assert "s3cret" not in (answer.error or "")
            assert target.posts == []

    run(scene())
