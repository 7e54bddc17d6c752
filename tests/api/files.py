"""Files as tests upload, fetch and show them."""

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.api.conftest import Shop
from tests.api.house import Answer, House, Key

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


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


def rows_of(house: House, shop: Shop) -> list[dict[str, Any]]:
    """What is kept of the shop's attachments, pieces counted."""
    return house.rows(
        "select a.id, a.size, (select count(*) from attachment_pieces p where p.attachment_id = a.id) as pieces"
        " from attachments a where app_id = $1 order by id",
        shop.app_id,
    )


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
