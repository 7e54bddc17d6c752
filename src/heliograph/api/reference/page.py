"""The reference page: rendered once from the document, served with nothing from elsewhere."""

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from heliograph.api.reference.view import view
from heliograph.look import hash_of, style_of

_PACKAGE = "heliograph.api.reference"


class Page:
    """The page of a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        style = style_of(_PACKAGE)
        script = resources.files(_PACKAGE).joinpath("static", "page.js").read_text("utf-8")
        loader = jinja2.PackageLoader(_PACKAGE, "static")
        templates = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
        html = templates.get_template("page.html").render(**view(document), style=style, script=script).encode()
        self._bodies = {"": html, "gzip": gzip.compress(html, 6, mtime=0)}
        self._tag = f'"{hashlib.sha256(html).hexdigest()[:24]}"'
        self._policy = (
            f"default-src 'none'; style-src '{hash_of(style)}'; script-src '{hash_of(script)}'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def answer(self, request: Request) -> Response:
        """The page; 304 when the browser has it."""
        coding = "gzip" if "gzip" in request.headers.get("accept-encoding", "") else ""
        headers = {
            "Content-Security-Policy": self._policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
            "ETag": self._tag,
        }
        if request.headers.get("if-none-match") == self._tag:
            return Response(status_code=304, headers=headers)
        if coding:
            headers["Content-Encoding"] = coding
        return Response(self._bodies[coding], headers=headers, media_type="text/html")


def page_of(document: Callable[[], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
    """A route's endpoint; the page is rendered when it is first asked for."""
    made: list[Page] = []

    async def show(request: Request) -> Response:
        if not made:
            made.append(Page(document()))
        return made[0].answer(request)

    return show
