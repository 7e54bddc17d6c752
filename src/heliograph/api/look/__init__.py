"""The look of the server's own pages: one set of values, and how a page that names its style by hash gets it."""

import base64
import hashlib
from importlib import resources


def style_of(package: str) -> str:
    """A page's whole style: the values that all pages share, then the page's own ``static/page.css``."""
    own = resources.files(package).joinpath("static", "page.css")
    return "\n".join(file.read_text("utf-8") for file in (resources.files(__name__).joinpath("tokens.css"), own))


def hash_of(text: str) -> str:
    """The source of an inline style or script, as a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
