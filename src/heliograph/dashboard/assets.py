"""Styles and scripts: joined when the process starts, named by their content, kept by browsers for good.

All styles are one file: the look's values and parts, the dashboard's own, then each section's ``static/*.css``. So are our
scripts.
htmx and its extension for server-sent events are files of their own; the build puts them there (setup.py).
"""

import gzip
import hashlib
from collections.abc import Iterable
from importlib import resources

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

PATH = "/dashboard/static/"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_LIBRARIES = ("htmx.js", "htmx-sse.js")


class Assets:
    """The files of one process. ``packages``: whose ``static`` folders are joined, in this order."""

    def __init__(self, packages: Iterable[str]) -> None:
        look = resources.files("heliograph.look")
        styles = [(look / name).read_text("utf-8") for name in ("tokens.css", "chooser.css")]
        scripts = [(look / "chooser.js").read_text("utf-8")]
        files = {name: (look / "static" / name) for name in _LIBRARIES}
        if not all(file.is_file() for file in files.values()):
            raise RuntimeError(
                "htmx is missing beside Heliograph's pages: install the package again (pip install .), which puts it there"
            )
        for package in packages:
            folder = resources.files(package) / "static"
            for file in sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else ():
                if file.name.endswith(".css"):
                    styles.append(file.read_text("utf-8"))
                elif file.name.endswith(".js"):
                    scripts.append(file.read_text("utf-8"))
                elif file.name.endswith(".svg"):
                    files[file.name] = file
        contents = {name: file.read_bytes() for name, file in files.items()}
        contents["dashboard.css"] = "\n".join(styles).encode()
        contents["dashboard.js"] = "\n".join(scripts).encode()
        self._contents = contents
        self._packed = {name: gzip.compress(content, mtime=0) for name, content in contents.items()}
        self._hash = hashlib.sha256(b"\0".join(contents[name] for name in sorted(contents))).hexdigest()[:16]

    def url(self, name: str) -> str:
        """Where a file is, as long as it does not change."""
        if name not in self._contents:
            raise LookupError(f"there is no file {name}")
        return f"{PATH}{self._hash}/{name}"

    async def serve(self, request: Request) -> Response:
        """A file. One of another version's address is served as it is now, and not kept."""
        name = request.path_params["name"]
        content = self._contents.get(name)
        if content is None:
            raise HTTPException(404)
        current = request.path_params["hash"] == self._hash
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if current else "no-store",
            "Vary": "Accept-Encoding",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["Content-Encoding"] = self._packed[name], "gzip"
        return Response(content, headers=headers, media_type=_TYPES[name.rpartition(".")[2]])
