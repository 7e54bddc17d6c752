"""The page at /reference: everything of the document, nothing from elsewhere."""

import base64
import gzip
import hashlib
import http.client
import re
from html.parser import HTMLParser

import pytest

from tests.api.documented import operations
from tests.api.house import House


def fetch(house: House, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


class Reader(HTMLParser):
    """Ids, links, and what would be loaded; and whether every element that is opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.open: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        elif tag == "link":
            self.loaded.append(given["href"])
        elif "src" in given:
            self.loaded.append(given["src"])
        if tag not in ("meta", "link", "input", "wbr", "circle", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("circle", "path"):
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(house: House) -> str:
    status, headers, body = fetch(house, "/reference")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    return body.decode()


def test_every_operation_and_event_has_its_place(house: House, page: str) -> None:
    document = house.get("/openapi.json").body
    ids = Reader(page).ids
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(document):
        assert operation["operationId"] in ids
        assert f"{operation['operationId']} {method} {path}".lower() in page
    assert {item["post"]["operationId"] for item in document["webhooks"].values()} <= set(ids)


def test_links_lead_to_what_is_there(page: str) -> None:
    reader = Reader(page)
    assert not reader.open
    inner = {link.removeprefix("#") for link in reader.links if link.startswith("#")}
    assert inner <= set(reader.ids)
    assert {link for link in reader.links if not link.startswith("#")} == {"openapi.json"}


def test_nothing_is_loaded_and_the_policy_allows_only_what_is_in_the_page(house: House, page: str) -> None:
    reader = Reader(page)
    assert all(address.startswith("data:") for address in reader.loaded)
    assert not reader.handlers
    _, headers, _ = fetch(house, "/reference")
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"


def test_it_is_the_same_under_the_prefix_and_compressed(house: House, page: str) -> None:
    assert fetch(house, "/sc/reference")[2].decode() == page
    status, headers, body = fetch(house, "/reference", **{"Accept-Encoding": "gzip, br"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(body).decode() == page
    again = fetch(house, "/reference", **{"If-None-Match": headers["etag"]})
    assert (again[0], again[2]) == (304, b"")


def test_commands_are_ready(page: str) -> None:
    assert "curl -g -X POST &#39;<span data-origin>https://chat.example.org</span>/v2/apps&#39;" in page
    assert "{appId}" not in "".join(re.findall(r"curl -g.*?</code>", page, re.DOTALL))
