"""Attachments: files out to anybody who knows the address."""

import http.client
import json
import os
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from heliograph.api.attachment_files import AttachmentFiles
from heliograph.messaging import attachments
from heliograph.messaging.attachments import PIECE_BYTES
from tests.api.conftest import Shop
from tests.api.files import PNG, Slow, fetch, uploaded
from tests.api.house import House
from tests.simulator.support import eventually


@pytest.fixture
def numbers(house: House, shop: Shop) -> tuple[str, bytes]:
    """The address of a file of two pieces and a bit, and what is in it."""
    content = os.urandom(2 * PIECE_BYTES + 100)
    return uploaded(house, shop, content, filename="a b.mp3", kind="audio/mpeg"), content


def test_a_file_is_served_so_that_no_browser_runs_it_and_caches_keep_it(house: House, shop: Shop) -> None:
    for content, kind, served, where in (
        (PNG, "text/html", "image/png", "inline"),
        (b"<script>alert(1)</script>", "text/html", "application/octet-stream", "attachment"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "application/octet-stream", "attachment"),
        (b"<html>", "image/png", "application/octet-stream", "attachment"),
        (b"alert(1)", "text/javascript", "application/octet-stream", "attachment"),
        (b"Hello", "text/plain", "text/plain; charset=utf-8", "attachment"),
        (b"%PDF-1.4", "application/pdf", "application/pdf", "attachment"),
    ):
        url = uploaded(house, shop, content, filename="it's a\u2028 file.x", kind=kind)
        file = fetch(url)
        assert (file.status, file.body) == (200, content)
        assert file.headers["content-type"] == served
        assert file.headers["content-disposition"] == f"{where}; filename*=UTF-8''it%27s%20a%E2%80%A8%20file.x"
        assert file.headers["x-content-type-options"] == "nosniff"
        assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert file.headers["cache-control"] == "public, max-age=31536000, s-maxage=900, immutable"
        again = fetch(url, If_None_Match=f'"other", {file.headers["etag"]}')
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", file.headers["etag"])


def test_head_tells_what_get_would(numbers: tuple[str, bytes]) -> None:
    url, content = numbers
    head, whole = fetch(url, "HEAD"), fetch(url)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(content))
    names = ("content-type", "etag", "accept-ranges", "content-disposition")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=-99999999", 0, None),
        (f"bytes={PIECE_BYTES - 1}-{PIECE_BYTES}", PIECE_BYTES - 1, PIECE_BYTES),
        (f"bytes={PIECE_BYTES}-{2 * PIECE_BYTES - 1}", PIECE_BYTES, 2 * PIECE_BYTES - 1),
        (f"bytes=5-{10**12}", 5, None),
    ],
)
def test_a_range_is_cut_out_of_the_file(numbers: tuple[str, bytes], asked: str, first: int, last: int | None) -> None:
    url, content = numbers
    file = fetch(url, Range=asked)
    expected = content[first:] if last is None else content[first : last + 1]
    assert (file.status, file.body) == (206, expected)
    start = first if first >= 0 else len(content) + first
    assert file.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/{len(content)}"
    assert fetch(url, "HEAD", Range=asked).headers["content-length"] == str(len(expected))


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=-", "bytes=0-1,3-4", "pieces=0-1", "bytes=a-b", "nonsense"])
def test_what_is_no_single_range_gets_the_whole(numbers: tuple[str, bytes], asked: str) -> None:
    url, content = numbers
    file = fetch(url, Range=asked)
    assert (file.status, len(file.body)) == (200, len(content))


def test_a_range_beyond_the_end_and_one_of_another_version(numbers: tuple[str, bytes]) -> None:
    url, content = numbers
    for asked in (f"bytes={len(content)}-", "bytes=-0"):
        beyond = fetch(url, Range=asked)
        assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(content)}")
    etag = fetch(url, "HEAD").headers["etag"]
    assert fetch(url, Range="bytes=0-1", If_Range=etag).status == 206
    assert fetch(url, Range="bytes=0-1", If_Range='"other"').status == 200


def test_an_address_that_leads_nowhere(house: House, shop: Shop) -> None:
    url = uploaded(house, shop)
    ulid = url.split("/")[-2]
    assert len(ulid) == 26
    for path in ("", ulid, ulid + "/", ulid.lower() + "/a.png", "0" * 26 + "/a.png", ulid[:-1] + "/a.png", "%00/a"):
        file = fetch(f"{house.url}/sc/attachments/v2/{path}")
        assert (file.status, json.loads(file.body)["errors"][0]["code"]) == (404, "not_found"), path
        assert file.headers["cache-control"] == "no-store"
    wrong = fetch(url, "DELETE")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD")


def test_a_file_that_is_deleted_while_it_is_sent_ends_short(
    numbers: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = attachments.read_piece

    async def first_only(connection: Any, attachment_id: str, number: int) -> bytes | None:
        return await whole(connection, attachment_id, number) if number == 0 else None

    monkeypatch.setattr(attachments, "read_piece", first_only)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        fetch(numbers[0])


def test_for_a_reader_that_has_gone_no_more_is_read(house: House, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, serve, read, ended = attachments.read_piece, AttachmentFiles._send, [], []

    async def counted(connection: Any, attachment_id: str, number: int) -> bytes | None:
        read.append(number)
        return await whole(connection, attachment_id, number)

    async def watched(*args: Any) -> None:
        await serve(*args)
        ended.append(len(read))

    pieces = 128  # 32 MB: more than sockets hold, so that sending waits for the reader
    slow = Slow(house, shop, pieces * PIECE_BYTES)
    for _ in range(pieces):
        slow.send(os.urandom(PIECE_BYTES))
    url = slow.end().body["attachment"]["mediaUrl"]
    monkeypatch.setattr(attachments, "read_piece", counted)
    monkeypatch.setattr(AttachmentFiles, "_send", watched)
    with socket.create_connection(("127.0.0.1", house.port)) as reader:
        reader.sendall(f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        eventually(lambda: read)
    eventually(lambda: ended)
    assert ended[0] < pieces
