"""The page that a person sees: one self-contained document without scripts, its style named in the policy by its hash."""

import base64
import hashlib
from importlib import resources
from typing import Any

import jinja2
from starlette.responses import HTMLResponse, Response

_PACKAGE = "heliograph.api.oauth"
_STYLE = resources.files(_PACKAGE).joinpath("static", "page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# Browsers apply form-action to where the answer to a form leads, and on from there: hence any address, but no script.
_SECURITY = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "form-action 'self' https: http:; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader(_PACKAGE, "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def page(name: str, status: int = 200, **words: Any) -> Response:
    """A page from its template."""
    text = _templates.get_template(name).render(style=_STYLE, **words)
    return HTMLResponse(text, status, dict(_SECURITY))


def dead_end(problem: str, status: int = 400) -> Response:
    """The page for when there is nowhere to go from here."""
    return page("dead_end.html", status, problem=problem)


def redirect(address: str) -> Response:
    """302, and nothing of where the person was goes along."""
    return Response(
        status_code=302,
        headers={"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )
