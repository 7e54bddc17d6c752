"""The page that a person sees: one self-contained document without scripts, its style named in the policy by its hash."""

from typing import Any

import jinja2
from starlette.responses import HTMLResponse, Response

from heliograph.api.look import hash_of, style_of

_PACKAGE = "heliograph.api.oauth"
_STYLE = style_of(_PACKAGE)

# Browsers apply form-action to where the answer to a form leads, and on from there: hence any address, but no script.
_SECURITY = {
    "Content-Security-Policy": f"default-src 'none'; style-src '{hash_of(_STYLE)}'; img-src data:; "
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
