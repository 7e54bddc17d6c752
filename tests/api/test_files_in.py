"""Attachments: files in by the API, whole or not at all, through little memory."""

import http.client
import os
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import pytest
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import AttachmentsApi, MessagesApi

from heliograph.api import attachments as routes
from heliograph.api import upload
from heliograph.messaging import attachments
from heliograph.messaging.attachments import PIECE_BYTES
from tests.api.conftest import Shop
from tests.api.files import PNG, Slow, fetch, form, part, post, rows_of, uploaded
from tests.api.house import House, Key
from tests.simulator.support import eventually

MB = 1024 * 1024


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
    drop, given_up = attachments.drop, []

    async def noted(connection: Any, attachment_id: str) -> None:
        there = await connection.fetchval("select exists (select from attachments where id = $1)", attachment_id)
        await drop(connection, attachment_id)
        given_up.append(there)

    monkeypatch.setattr(attachments, "drop", noted)
    slow = Slow(house, shop, 2 * PIECE_BYTES)
    slow.send(b"x" * PIECE_BYTES)
    eventually(lambda: given_up)
    assert given_up == [True]
    assert rows_of(house, shop) == []
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
