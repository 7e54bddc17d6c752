"""The phone page and its files: served strictly, and written so that the policy never bites."""

import re
from pathlib import Path

import pytest

import heliograph.simulator
from tests.simulator.support import Simulator

ROOM = Path(heliograph.simulator.__file__).parent
STATIC = sorted((ROOM / "static").iterdir())
TEMPLATES = sorted((ROOM / "templates").iterdir())
SCRIPTS = [one for one in STATIC if one.suffix == ".js"]
STYLES = [one for one in STATIC if one.suffix == ".css"]


@pytest.mark.parametrize("path", ["/", "/_simulator/docs", "/faults"])
def test_a_page_is_served_with_a_strict_policy(simulator: Simulator, path: str) -> None:
    page = simulator.get(path)
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for link in re.findall(r'(?:href|src)="([^"]+)"', page.body.decode()):
        if not link.startswith("#"):
            assert simulator.get(link).status == 200, link


def test_every_file_is_served_with_its_type(simulator: Simulator) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for file in STATIC:
        answer = simulator.get(f"/_simulator/static/{file.name}")
        assert answer.headers["content-type"].startswith(kinds[file.suffix])
        assert answer.body == file.read_bytes()
    assert simulator.get("/_simulator/static/../world.py").status == 404
    assert simulator.get("/_simulator/static/nothing.js").status == 404


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda one: one.name)
def test_a_template_has_nothing_inline(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\bsrc=)", text)


@pytest.mark.parametrize("file", [*SCRIPTS, *STYLES, *TEMPLATES], ids=lambda one: one.name)
def test_nothing_comes_from_elsewhere(file: Path) -> None:
    addresses = re.findall(r"https?://[^\s\"'`)]+", file.read_text())
    assert addresses == []


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda one: one.name)
def test_a_script_never_writes_markup(file: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", file.read_text()
    )


@pytest.mark.parametrize("file", [one for one in STYLES if one.name != "tokens.css"], ids=lambda one: one.name)
def test_colours_and_sizes_of_text_are_in_one_place(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"#[0-9a-f]{3,8}\b|oklch\(|rgba?\(|hsl", text)
    assert not re.search(r"font-size:\s*[\d.]", text)


@pytest.mark.parametrize("file", STYLES, ids=lambda one: one.name)
def test_every_token_that_is_used_exists(file: Path) -> None:
    known = set(re.findall(r"(--[\w-]+):", (ROOM / "static" / "tokens.css").read_text()))
    assert set(re.findall(r"var\((--[\w-]+)", file.read_text())) <= known
