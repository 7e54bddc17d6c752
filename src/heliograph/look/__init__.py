"""The look of the server's own pages: one set of values, one frame, one policy, and how a page gets them.

A page is one self-contained document: no scripts but what its policy names, and its style named there by its hash.
"""

import base64
import hashlib
from importlib import resources
from typing import Any

import jinja2
from starlette.responses import HTMLResponse, Response


def style_of(package: str, *shared: str) -> str:
    """A page's whole style: the values that all pages share, what some ``shared``, its own ``static/page.css``."""
    look = resources.files(__name__)
    files = [look.joinpath(name) for name in ("tokens.css", *shared)]
    files.append(resources.files(package).joinpath("static", "page.css"))
    return "\n".join(file.read_text("utf-8") for file in files)


def hash_of(text: str) -> str:
    """The source of an inline style or script, as a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class Sheets:
    """Pages of a package that are one sheet each, without scripts. Their templates extend ``frame.html``.

    ``form_action`` is where their forms may lead, in the policy's terms; ``headers`` go with each beside the usual ones.
    """

    def __init__(self, package: str, *, form_action: str, **headers: str) -> None:
        self._style = style_of(package, "sheet.css")
        self._headers = {
            "Content-Security-Policy": f"default-src 'none'; style-src '{hash_of(self._style)}'; img-src data:; "
            f"form-action {form_action}; base-uri 'none'; frame-ancestors 'none'",
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            **headers,
        }
        loaders = [jinja2.PackageLoader(name, "templates") for name in (package, __name__)]
        self._templates = jinja2.Environment(
            loader=jinja2.ChoiceLoader(loaders), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )

    def page(self, name: str, status: int = 200, **words: Any) -> Response:
        """A page from its template."""
        text = self._templates.get_template(name).render(style=self._style, **words)
        return HTMLResponse(text, status, dict(self._headers))
