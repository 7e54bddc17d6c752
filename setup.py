"""Puts htmx and its extension for server-sent events beside our own pages, out of the package that carries them.

What pip needs for that stands under ``build-system`` in pyproject.toml; it is not needed to run. All else that setuptools
has to know stands there, too.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent / "src" / "heliograph" / "look" / "static"
FILES = {"htmx.js": "htmx-2.min.js", "htmx-sse.js": "ext/hx-sse-2.min.js"}


def put_scripts() -> None:
    """Copy them, if the package is at hand: without a build, what an earlier one put there stays."""
    carrier = find_spec("django_htmx")
    if carrier is None or carrier.origin is None:
        return
    HERE.mkdir(exist_ok=True)
    for name, file in FILES.items():
        shutil.copyfile(Path(carrier.origin).parent / "static" / "django_htmx" / file, HERE / name)


put_scripts()
setup()
