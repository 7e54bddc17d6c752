"""Meta's calls to an app: deauthorize and data deletion. Source: Meta reference 4.5."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from heliograph.simulator import Meta, signed_request
from heliograph.simulator.client.told import App
from tests.simulator.scripted import meta_of, refused
from tests.simulator.support import Loop, Seeded, eventually, free_port


@dataclass
class Product:
    """An app's own server. ``answer`` is (status, body) of the next calls."""

    url: str = ""
    answer: tuple[int, str] = (200, "")
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-www-form-urlencoded"
        self.asked.append(parse_qs(await request.text())["signed_request"][0])
        status, body = self.answer
        return web.Response(status=status, text=body)


@pytest.fixture
def product(loop: Loop) -> Iterator[Product]:
    made = Product()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.handle)
    runner, port = web.AppRunner(app), free_port()

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    loop.run(start())
    made.url = f"http://127.0.0.1:{port}"
    yield made
    loop.run(runner.cleanup())


@pytest.fixture
def meta(seeded: Seeded, product: Product) -> Meta:
    made = meta_of(seeded)
    addresses = {"deauthorize_url": f"{product.url}/gone", "data_deletion_url": f"{product.url}/delete"}
    made.set_callbacks(made.apps()[0], **addresses)
    return made


def opened(app: App, text: str) -> dict[str, Any]:
    """The payload of a signed_request whose signature is right, read as Meta's own sample code does."""
    signature, payload = text.split(".")
    assert "=" not in text
    expected = hmac.digest(app.secret.encode(), payload.encode(), hashlib.sha256)
    assert base64.urlsafe_b64decode(signature + "==") == expected
    return json.loads(base64.urlsafe_b64decode(payload + "=="))


def test_the_vector_of_the_reference() -> None:
    assert signed_request.sign("test_app_secret", "218471", 1291836800) == (
        "MgChNJTM9CJ75wlk7iDsf-5_LH4rMfst5fvUhiJRiqg."
        "eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImV4cGlyZXMiOjEyOTE4NDA0MDAsImlzc3VlZF9hdCI6MTI5MTgzNjgwMCwidXNlcl9pZCI6IjIxODQ3MSJ9"
    )


def test_deauthorizing_kills_the_tokens_and_tells_the_app(seeded: Seeded, meta: Meta, product: Product) -> None:
    app, owner = meta.apps()[0], meta.account(seeded.account).owner_user_id
    called = meta.deauthorize(app, owner)
    assert called
    assert (called.kind, called.status, called.problems) == ("deauthorize", 200, [])
    told = opened(app, product.asked[0])
    assert told == {
        "algorithm": "HMAC-SHA256",
        "user_id": owner,
        "issued_at": told["issued_at"],
        "expires": told["expires"],
    }
    assert abs(told["issued_at"] - meta.now() // 1000) < 60
    assert seeded.graph("GET", "/me").error == (401, 190, 458)
    assert meta.connection(seeded.account)["app_removed"] is True


def test_a_page_can_be_named(seeded: Seeded, meta: Meta, product: Product) -> None:
    app, page = meta.apps()[0], seeded.facts["page_id"]
    meta.ask("POST", f"/apps/{app.id}/deauthorize", {"page_id": page})
    assert opened(app, product.asked[0])["profile_id"] == page


def test_removing_the_permissions_through_the_api_tells_the_app_too(
    seeded: Seeded, meta: Meta, product: Product
) -> None:
    assert seeded.graph("DELETE", "/me/permissions").json == {"success": True}
    eventually(lambda: product.asked)
    (called,) = eventually(lambda: meta.callbacks()[0].status and meta.callbacks())
    assert called.user_id == meta.account(seeded.account).owner_user_id


def test_an_app_without_the_address_is_not_told(seeded: Seeded) -> None:
    meta = meta_of(seeded)
    assert meta.deauthorize(meta.apps()[0]) is None
    assert seeded.graph("GET", "/me").error == (401, 190, 458)
    with refused(409, "data_deletion_url"):
        meta.ask_deletion(meta.apps()[0])


def test_a_request_to_delete_is_answered_with_an_address_and_a_code(
    seeded: Seeded, meta: Meta, product: Product
) -> None:
    product.answer = (200, '{"url": "https://example.org/deletion?id=abc123", "confirmation_code": "abc123"}')
    called = meta.ask_deletion(meta.apps()[0])
    assert (called.status_url, called.confirmation_code) == ("https://example.org/deletion?id=abc123", "abc123")
    assert called.problems == []
    assert opened(meta.apps()[0], product.asked[0])["user_id"] == called.user_id
    assert meta.callbacks() == [called]
    assert seeded.graph("GET", "/me").status == 200
    (entry,) = [one for one in seeded.simulator.read("/wire")["entries"] if one["kind"] == "callback"]
    assert (entry["direction"], entry["summary"], entry["status"]) == ("out", "data deletion", 200)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((500, ""), "status 500 instead of 200"),
        ((200, "done"), "the body is not JSON"),
        ((200, "[]"), "the body is not a JSON object"),
        ((200, '{"confirmation_code": "a"}'), "url is not an absolute http or https address"),
        ((200, '{"url": "/deletion", "confirmation_code": "a"}'), "url is not an absolute http or https address"),
        ((200, '{"url": "https://e.org/"}'), "confirmation_code is not an alphanumeric text"),
        ((200, '{"url": "https://e.org/", "confirmation_code": 7}'), "confirmation_code is not an alphanumeric text"),
    ],
)
def test_an_answer_that_meta_would_not_take_is_told(
    meta: Meta, product: Product, answer: tuple[int, str], problem: str
) -> None:
    product.answer = answer
    assert problem in meta.ask_deletion(meta.apps()[0]).problems


def test_an_app_that_does_not_answer_is_told(meta: Meta) -> None:
    app = meta.apps()[0]
    meta.set_callbacks(app, deauthorize_url=f"http://127.0.0.1:{free_port()}/")
    called = meta.deauthorize(app)
    assert called
    assert (called.status, called.problems[0][:9]) == (None, "no answer")


def test_addresses_are_shown_changed_and_taken_away(meta: Meta, product: Product) -> None:
    app = meta.apps()[0]
    assert app.deauthorize_url == f"{product.url}/gone"
    meta.ask_as_is("PATCH", f"/apps/{app.id}", {"deauthorize_url": None})
    assert (meta.apps()[0].deauthorize_url, meta.apps()[0].data_deletion_url) == (None, f"{product.url}/delete")
    with refused(422, "deauthorize_url"):
        meta.set_callbacks(app, deauthorize_url="ftp://x")
    with refused(404, "user_id"):
        meta.deauthorize(app, "1")
