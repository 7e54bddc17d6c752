"""Attachments: files in by the API, files out to anybody who knows the address, and their end."""

import asyncio
import http.client
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import pytest
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import AttachmentsApi, MessagesApi

from heliograph.api import attachments as routes
from heliograph.api import upload
from heliograph.api.media import Media
from heliograph.messaging import attachments
from heliograph.messaging.attachments import PIECE_BYTES
from tests.api.conftest import Shop
from tests.api.house import Answer, House, Key
from tests.api.operations import BUSINESS, TEXT
from tests.simulator.support import eventually

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
MB = 1024 * 1024


def part(content: bytes, name: str = "source", filename: str | None = "a.png", kind: str | None = None) -> bytes:
    """A part of a form, from its boundary on."""
    head = f'--xyz\r\nContent-Disposition: form-data; name="{name}"'
    head += "" if filename is None else f'; filename="{filename}"'
    head += "" if kind is None else f"\r\nContent-Type: {kind}"
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--xyz--\r\n"


def post(house: House, path: str, body: bytes, key: Key, kind: str = "multipart/form-data; boundary=xyz") -> Answer:
    return house.request("POST", path, raw=body, headers={"Content-Type": kind}, key=key)


@dataclass
class File:
    """What stands at an address."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def fetch(url: str, method: str = "GET", **headers: str) -> File:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request(method, parts.path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        response = connection.getresponse()
        return File(response.status, response.read(), {name.lower(): text for name, text in response.getheaders()})
    finally:
        connection.close()


def uploaded(house: House, shop: Shop, content: bytes = PNG, query: str = "", **of_part: Any) -> str:
    """The address of a new attachment."""
    path = f"{shop.path}/attachments?access=public{query}"
    answer = post(house, path, form(part(content, **of_part)), shop.key)
    assert answer.status == 201, answer.body
    return str(answer.body["attachment"]["mediaUrl"])


def said(house: House, shop: Shop, content: dict[str, Any], conversation: str = "") -> dict[str, Any]:
    body = {"author": BUSINESS, "content": content}
    answer = house.post((conversation or shop.conversation) + "/messages", body, key=shop.key)
    assert answer.status == 201, answer.body
    return dict(answer.body["messages"][0])


def image(url: str) -> dict[str, Any]:
    return {"type": "image", "mediaUrl": url}


def rows_of(house: House, shop: Shop) -> list[dict[str, Any]]:
    """What is kept of the shop's attachments, pieces counted."""
    return house.rows(
        "select a.id, a.size, (select count(*) from attachment_pieces p where p.attachment_id = a.id) as pieces"
        " from attachments a where app_id = $1 order by id",
        shop.app_id,
    )


# In -----------------------------------------------------------------------------------------------------------


def test_the_official_client_uploads_sends_and_removes_a_file(house: House, shop: Shop) -> None:
    with house.client(shop.key, prefix="/sc") as client:
        api = AttachmentsApi(client)
        made = api.upload_attachment(
            shop.app_id,
            "public",
            ("menu card.png", PNG),
            var_for="message",
            conversation_id=shop.person.conversation_id,
        ).attachment
        assert made.media_type == "image/png"
        assert made.media_url.startswith(f"{house.url}/sc/attachments/v2/")
        assert made.media_url.endswith("/menu%20card.png")
        assert fetch(made.media_url).body == PNG
        content = m.Content(m.ImageMessage(type="image", media_url=made.media_url))
        message = m.MessagePost(author=m.Author(type="business"), content=content)
        posted = MessagesApi(client).post_message(shop.app_id, shop.person.conversation_id, message).messages[0]
        shown = posted.content.actual_instance
        assert (shown.media_type, shown.media_size, shown.alt_text) == ("image/png", len(PNG), "menu card.png")
        nameless = api.upload_attachment(shop.app_id, "public", PNG).attachment
        assert urlsplit(nameless.media_url).path.endswith("/source")
        api.delete_attachment(shop.app_id, m.AttachmentDeleteBody(media_url=nameless.media_url))
    assert fetch(nameless.media_url).status == 404
    assert fetch(made.media_url).status == 200


@pytest.mark.parametrize(
    ("filename", "kind", "content", "name", "media_type"),
    [
        (None, None, PNG, "file.png", "image/png"),
        (None, None, b"\0\1\2", "file.bin", "application/octet-stream"),
        ("", "text/plain", b"Hello", "file.txt", "text/plain"),
        ("../../etc/passwd", None, b"x", "passwd", "application/octet-stream"),
        ("C:\\\\photos\\\\me.png", None, PNG, "me.png", "image/png"),
        ("...", None, b"x", "file.bin", "application/octet-stream"),
        ("Grüße 🌻.txt", None, b"x", "Grüße 🌻.txt", "text/plain"),
        ("x" * 300 + ".pdf", None, b"%PDF-1.7", "x" * 96 + ".pdf", "application/pdf"),
        ('a\\"b.txt', None, b"x", 'a"b.txt', "text/plain"),
    ],
)
def test_the_part_is_known_by_its_name_and_a_file_name_is_made_safe(
    house: House, shop: Shop, filename: str | None, kind: str | None, content: bytes, name: str, media_type: str
) -> None:
    body = form(part(content, filename=filename, kind=kind))
    shown = post(house, f"{shop.path}/attachments", body, shop.key).body["attachment"]
    assert shown["mediaUrl"].rpartition("/")[2] == quote(name)
    assert shown["mediaType"] == media_type
    assert fetch(shown["mediaUrl"]).body == content


@pytest.mark.parametrize("size", [1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 17])
def test_a_file_comes_out_as_it_went_in(house: House, shop: Shop, size: int) -> None:
    content = os.urandom(size)
    url = uploaded(house, shop, content)
    assert fetch(url).body == content
    assert rows_of(house, shop)[-1] | {"id": ""} == {"id": "", "size": size, "pieces": -(-size // PIECE_BYTES)}


MULTIPART = "multipart/form-data; boundary=xyz"
BAD_FORMS: list[tuple[bytes, str, int, str]] = [
    (form(part(PNG)), "application/json", 415, "content type must be multipart/form-data"),
    (form(part(PNG)), "multipart/mixed; boundary=xyz", 415, "content type must be multipart/form-data"),
    (form(part(PNG)), "", 415, "content type must be multipart/form-data"),
    (form(part(PNG)), "multipart/form-data", 400, "must name its boundary"),
    (form(part(PNG)), "multipart/form-data; boundary=" + "x" * 300, 400, "boundary is not valid"),
    (form(part(PNG)), "multipart/form-data; boundary=abc", 400, "not valid multipart/form-data"),
    (form(part(PNG, name="file")), MULTIPART, 400, "one part, named source; it has one named 'file'"),
    (form(part(PNG), part(PNG)), MULTIPART, 400, "one part only, named source"),
    (form(part(PNG), part(b"public", name="access")), MULTIPART, 400, "one part only, named source"),
    (form(part(b"")), MULTIPART, 400, "source must not be empty"),
    (form(), MULTIPART, 400, "no part named source"),
    (b"", MULTIPART, 400, "not complete"),
    (part(PNG), MULTIPART, 400, "not complete: its last boundary is missing"),
    (form(part(PNG))[:40], MULTIPART, 400, "not complete"),
    (b"--xyz\r\n\r\nx\r\n--xyz--\r\n", MULTIPART, 400, "named source"),
    (b"--xyz\r\nContent-Disposition: attachment; name=source\r\n\r\nx\r\n--xyz--\r\n", MULTIPART, 400, "named source"),
    (b"--xyz\r\n" + b"X: y\r\n" * 5000 + b"\r\nx\r\n--xyz--\r\n", MULTIPART, 400, "not valid"),
    (b"--xyz\r\nX: " + b"y" * 100_000 + b"\r\n\r\nx\r\n--xyz--\r\n", MULTIPART, 400, "not valid"),
    (os.urandom(70_000), MULTIPART, 400, "not valid"),
]


@pytest.mark.parametrize(("body", "kind", "status", "title"), BAD_FORMS, ids=range(len(BAD_FORMS)))
def test_a_bad_form_is_told_and_leaves_nothing(
    house: House, shop: Shop, body: bytes, kind: str, status: int, title: str
) -> None:
    answer = post(house, f"{shop.path}/attachments", body, shop.key, kind)
    assert answer.status == status, answer.body
    assert title in answer.error["title"]
    assert rows_of(house, shop) == []


@pytest.mark.parametrize(
    ("query", "status", "title"),
    [
        ("access=private", 400, "access must be one of public"),
        ("access=", 400, "access must be one of public"),
        ("for=user", 400, "for must be one of message"),
        ("access=public&access=public", 400, "access must be given once"),
        ("conversationId=" + "0" * 24, 404, "Conversation not found"),
        ("conversationId=", 404, "Conversation not found"),
        ("size=1", 400, "Unknown query parameter: size"),
    ],
)
def test_a_bad_query_is_told(house: House, shop: Shop, query: str, status: int, title: str) -> None:
    answer = post(house, f"{shop.path}/attachments?{query}", form(part(PNG)), shop.key)
    assert (answer.status, answer.error["title"]) == (status, title)
    assert rows_of(house, shop) == []


def test_anothers_conversation_is_not_found(house: House, shop: Shop) -> None:
    app_id, key = house.app()
    path = f"/v2/apps/{app_id}/attachments?conversationId={shop.person.conversation_id}"
    answer = post(house, path, form(part(PNG)), key)
    assert (answer.status, answer.error["code"]) == (404, "conversation_not_found")


class Slow:
    """A form that is sent bit by bit by hand."""

    def __init__(self, house: House, shop: Shop, size: int, key: Key | None = None) -> None:
        self._house = house
        self._size = size
        self.socket = socket.create_connection(("127.0.0.1", house.port), 20)
        self._head, self._tail = part(b"", filename="film.mp4")[:-2], b"\r\n--xyz--\r\n"
        length = len(self._head) + size + len(self._tail)
        self.socket.sendall(
            f"POST {shop.path}/attachments?for=message HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
            f"Authorization: {(key or shop.key).header}\r\n"
            "Content-Type: multipart/form-data; boundary=xyz\r\n\r\n".encode()
            + self._head
        )

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def end(self) -> Answer:
        self.send(self._tail)
        return self.answer()

    def answer(self) -> Answer:
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        try:
            return Answer(response.status, json.loads(response.read()))
        finally:
            self.socket.close()


def test_50_mb_pass_through_little_memory_and_one_byte_more_does_not_pass(house: House, shop: Shop) -> None:
    size = upload.LARGEST_FILE
    assert size == 50 * MB
    block = os.urandom(MB)
    house.get(shop.path)
    process = psutil.Process()
    before = peak = process.memory_info().rss
    slow = Slow(house, shop, size)
    for _ in range(50):
        slow.send(block)
        peak = max(peak, process.memory_info().rss)
    url = slow.end().body["attachment"]["mediaUrl"]
    reader = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    reader.request("GET", urlsplit(url).path)
    response = reader.getresponse()
    for _ in range(50):
        assert response.read(MB) == block
        peak = max(peak, process.memory_info().rss)
    assert response.read() == b""
    reader.close()
    assert peak - before < 25 * MB
    too_much = Slow(house, shop, size + 1)
    for _ in range(50):
        too_much.send(block)
    too_much.send(b"x")
    answer = too_much.end()
    assert (answer.status, answer.error["code"]) == (413, "payload_too_large")
    assert [row["size"] for row in rows_of(house, shop)] == [size]


def test_a_client_that_goes_away_midway_leaves_nothing(house: House, shop: Shop) -> None:
    slow = Slow(house, shop, 8 * PIECE_BYTES)
    slow.send(b"x" * 3 * PIECE_BYTES)
    eventually(lambda: rows_of(house, shop) and rows_of(house, shop)[0]["pieces"] >= 2)
    (row,) = rows_of(house, shop)
    assert fetch(f"{house.url}/sc/attachments/v2/{row['id']}/film.mp4").status == 404
    slow.socket.close()
    eventually(lambda: rows_of(house, shop) == [])


def test_slow_clients_hold_no_connection_of_the_database(house: House, shop: Shop) -> None:
    """There are eight."""
    clients = [Slow(house, shop, PIECE_BYTES) for _ in range(20)]
    for slow in clients:
        slow.send(b"x")
    assert house.get(shop.path).status == 200
    for slow in clients:
        slow.send(b"x" * (PIECE_BYTES - 1))
    assert {slow.end().status for slow in clients} == {201}


def test_an_upload_that_takes_too_long_is_given_up(house: House, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "LONGEST_UPLOAD", 0.2)
    monkeypatch.setattr("heliograph.api.body._DRAINED", 0)
    slow = Slow(house, shop, 2 * PIECE_BYTES)
    slow.send(b"x" * PIECE_BYTES)
    eventually(lambda: rows_of(house, shop))
    eventually(lambda: rows_of(house, shop) == [])
    slow.send(b"x")
    answer = slow.answer()
    assert (answer.status, answer.error["code"]) == (408, "request_timeout")


def test_what_a_process_that_died_left_is_dropped_by_a_later_upload(house: House, shop: Shop) -> None:
    async def left() -> str:
        async with house.database.transaction() as connection:
            id_ = await attachments.begin(connection, shop.app_id, None, False)
            await attachments.add_piece(connection, id_, 0, b"x")
            return id_

    old, young = house.run(left()), house.run(left())
    ago = attachments.LEFT_AFTER_SECONDS + 1
    house.rows("update attachments set created_at = now() - make_interval(secs => $2) where id = $1", old, ago)
    uploaded(house, shop)
    ids = [row["id"] for row in rows_of(house, shop)]
    assert young in ids
    assert old not in ids
    assert routes.LONGEST_UPLOAD < attachments.LEFT_AFTER_SECONDS


def test_whoever_may_not_upload_is_told_before_the_file_is_read(house: House, shop: Shop) -> None:
    for key, status in ((Key("app_" + "0" * 24, "x"), 401), (house.app()[1], 404)):
        slow = Slow(house, shop, PIECE_BYTES, key)
        slow.send(b"x" * PIECE_BYTES)
        assert slow.end().status == status
    assert rows_of(house, shop) == []


def test_the_limits_of_other_bodies_stay(house: House, shop: Shop) -> None:
    answer = house.request("POST", f"{shop.path}/attachments/remove", raw=b" " * 110_000, key=shop.key)
    assert (answer.status, answer.error["code"]) == (413, "payload_too_large")


# Out ----------------------------------------------------------------------------------------------------------


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
    whole, serve, read, ended = attachments.read_piece, Media._send, [], []

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
    monkeypatch.setattr(Media, "_send", watched)
    with socket.create_connection(("127.0.0.1", house.port)) as reader:
        reader.sendall(f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        eventually(lambda: read)
    eventually(lambda: ended)
    assert ended[0] < pieces


# Gone ---------------------------------------------------------------------------------------------------------


def removal(house: House, shop: Shop, url: str, key: Key | None = None) -> Answer:
    return house.post(f"{shop.path}/attachments/remove", {"mediaUrl": url}, key=key or shop.key)


def test_removing_tells_what_is_not_ours_and_what_is_not_there(house: House, shop: Shop) -> None:
    url = uploaded(house, shop)
    path = urlsplit(url).path
    for other in (
        "https://badhost.com/image.png",
        "https://badhost.com" + path,
        house.url + "/v2/apps",
        path,
        "x",
        "//[",
    ):
        answer = removal(house, shop, other)
        assert (answer.status, answer.error["code"]) == (400, "bad_request"), other
        assert answer.error["title"] == f"Unsupported media URL for attachment deletion: {other}"
    app_id, key = house.app()
    answer = house.post(f"/v2/apps/{app_id}/attachments/remove", {"mediaUrl": url}, key=key)
    assert (answer.status, answer.error) == (404, {"code": "not_found", "title": "Attachment not found"})
    assert removal(house, shop, url).body == {}
    assert removal(house, shop, url).status == 404
    assert (
        house.post(f"{shop.path}/attachments/remove", {}).error["title"] == "should have required property 'mediaUrl'"
    )
    assert rows_of(house, shop) == []


def test_a_file_for_messages_goes_with_the_last_message_that_shows_it(house: House, shop: Shop) -> None:
    url, kept = uploaded(house, shop, query="&for=message"), uploaded(house, shop)
    card = {"title": "T", "mediaUrl": url, "actions": [{"type": "link", "text": "L", "uri": "https://a.example"}]}
    first = said(house, shop, image(url))
    second = said(house, shop, {"type": "carousel", "items": [card, card]})
    third = said(house, shop, {"type": "file", "mediaUrl": kept})
    assert second["content"]["items"][0]["mediaType"] == "image/png"
    assert "mediaSize" not in second["content"]["items"][0]
    for message, status in ((first, 200), (third, 200), (second, 404)):
        assert house.delete(f"{shop.conversation}/messages/{message['id']}").status == 200
        assert fetch(url).status == status
    assert fetch(kept).status == 200


def test_deleting_all_messages_takes_their_files_and_leaves_those_for_later(house: House, shop: Shop) -> None:
    here = f"&for=message&conversationId={shop.person.conversation_id}"
    shown, later = uploaded(house, shop, query=here), uploaded(house, shop, query=here)
    said(house, shop, image(shown))
    said(house, shop, image(shown))
    assert house.delete(shop.conversation + "/messages").status == 200
    assert (fetch(shown).status, fetch(later).status) == (404, 200)

    async def delete_conversation() -> None:
        async with house.database.transaction() as connection:
            await attachments.let_go_of_conversations(connection, [shop.person.conversation_id])

    unbound = uploaded(house, shop, query=here.removeprefix("&for=message"))
    house.run(delete_conversation())
    assert (fetch(later).status, fetch(unbound).status) == (404, 200)


def test_a_conversation_takes_a_file_only_when_no_other_shows_it(house: House, shop: Shop) -> None:
    other = house.person(shop.app_id, shop.integration_id)
    url = uploaded(house, shop, query="&for=message")
    said(house, shop, image(url))
    said(house, shop, image(url), f"{shop.path}/conversations/{other.conversation_id}")
    for conversation_id, status in ((shop.person.conversation_id, 200), (other.conversation_id, 404)):
        house.delete(f"{shop.path}/conversations/{conversation_id}/messages")
        assert fetch(url).status == status


def test_of_two_messages_that_go_at_once_the_second_takes_the_file(house: House, shop: Shop) -> None:
    url = uploaded(house, shop, query="&for=message")
    first, second = (said(house, shop, image(url))["id"] for _ in range(2))

    async def delete(message_id: str, seen: asyncio.Event, go: asyncio.Event) -> None:
        async with house.database.transaction() as connection:
            await connection.fetchval("select 1")
            seen.set()
            await attachments.let_go_of_messages(connection, [message_id])
            await go.wait()

    async def both() -> None:
        gates = [asyncio.Event() for _ in range(4)]
        one = asyncio.create_task(delete(first, gates[0], gates[1]))
        await gates[0].wait()
        other = asyncio.create_task(delete(second, gates[2], gates[3]))
        await gates[2].wait()
        while not await house.database.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for gate in gates:
            gate.set()
        await asyncio.gather(one, other)

    house.run(both())
    assert fetch(url).status == 404


def test_a_file_of_another_app_or_of_nobody_is_shown_but_not_bound(house: House, shop: Shop) -> None:
    url = uploaded(house, shop, query="&for=message")
    app_id, key = house.app()
    integration_id = house.connected(app_id)
    stranger = Shop(app_id, key, integration_id, house.person(app_id, integration_id))
    for address in (url, f"{house.url}/sc/attachments/v2/{'0' * 26}/a.png", "https://cdn.example/a.png"):
        message = said(house, stranger, image(address))
        assert "mediaSize" not in message["content"]
    house.delete(stranger.conversation + "/messages")
    assert fetch(url).status == 200


def test_a_repeat_with_the_same_idempotency_key_binds_once_and_not_to_what_is_deleted(house: House, shop: Shop) -> None:
    url = uploaded(house, shop, query="&for=message")
    body, headers = {"author": BUSINESS, "content": image(url)}, {"Idempotency-Key": "k"}
    path = shop.conversation + "/messages"
    ids = {house.post(path, body, headers=headers).body["messages"][0]["id"] for _ in range(2)}
    assert len(ids) == 1
    kept = said(house, shop, image(url))
    house.delete(f"{path}/{ids.pop()}")
    assert house.post(path, body, headers=headers).status == 201
    house.delete(f"{path}/{kept['id']}")
    assert fetch(url).status == 404


def test_a_message_without_a_file_of_ours_costs_no_statement(house: House, shop: Shop, monkeypatch: Any) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(attachments, "describe", never)
    monkeypatch.setattr(attachments, "link", never)
    assert house.post(shop.conversation + "/messages", TEXT).status == 201
    said(house, shop, image("https://cdn.example/a.png"))


def test_a_deleted_app_serves_nothing_and_is_erased_with_its_files(house: House, shop: Shop) -> None:
    urls = [uploaded(house, shop, bytes([n]) * 10) for n in range(9)]
    said(house, shop, image(uploaded(house, shop, query="&for=message")))
    slow = Slow(house, shop, 2 * PIECE_BYTES)
    slow.send(b"x" * PIECE_BYTES)
    eventually(lambda: len(rows_of(house, shop)) == 11)
    assert house.delete(shop.path).status == 200
    assert {fetch(url).status for url in urls} == {404}
    house.erased()
    slow.send(b"x" * PIECE_BYTES)
    assert slow.end().status == 404
    assert rows_of(house, shop) == []
    assert house.rows("select 1 from attachment_uses where conversation_id = $1", shop.person.conversation_id) == []
