"""The look of the server's own pages: one set of values, one frame, one policy, and how a page gets them.

A page is one self-contained document: style and script stand in it, and its policy names both by their hashes.
``chooser`` is what any page shows from which one of several is chosen.
"""

import base64
import hashlib
from collections.abc import Sequence
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


def script_of(package: str, *names: str) -> str:
    """Scripts of a package as one text."""
    folder = resources.files(package)
    return "\n".join(folder.joinpath(name).read_text("utf-8") for name in names)


def hash_of(text: str) -> str:
    """The source of an inline style or script, as a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class Sheets:
    """Pages of a package that are one sheet each. Their templates extend ``frame.html``.

    ``form_action`` is where their forms may lead, in the policy's terms; ``headers`` go with each beside the usual ones.
    ``parts`` are styles of this room that the pages use besides; ``script`` is the only script that they run, or empty.
    """

    def __init__(
        self, package: str, *, form_action: str, parts: Sequence[str] = (), script: str = "", **headers: str
    ) -> None:
        self._style = style_of(package, "sheet.css", *parts)
        self._script = script
        scripts = f"script-src '{hash_of(script)}'; " if script else ""
        self._policy = (
            f"default-src 'none'; style-src '{hash_of(self._style)}'; {scripts}img-src {{images}}; "
            f"form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
        )
        self._headers = {
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

    def page(self, name: str, status: int = 200, *, images: str = "", **words: Any) -> Response:
        """A page from its template. ``images``: an origin that it may have pictures from, besides those in it."""
        text = self._templates.get_template(name).render(style=self._style, script=self._script, **words)
        policy = self._policy.format(images=f"data: {images}".strip())
        return HTMLResponse(text, status, {"Content-Security-Policy": policy, **self._headers})
