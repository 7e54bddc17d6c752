"""A headless browser for tests of pages. Without one they are skipped, unless HELIOGRAPH_TEST_BROWSER says "required"."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, NARROW = (1440, 900), (390, 844)

expect.set_options(timeout=10_000)


def executable() -> str | None:
    """The path of the browser, None when this machine has none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module: as long as it runs, no other event loop can in this thread."""
    found = executable()
    if found is None:
        words = "no Chromium on this machine: install it to test the pages"
        if os.environ.get("HELIOGRAPH_TEST_BROWSER") == "required":
            pytest.fail(words)
        pytest.skip(words)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def opened(
    browser: Browser, url: str, size: tuple[int, int] = WIDE, scheme: str = "light", **more: Any
) -> Iterator[Page]:
    """A page at a width and in a colour scheme. Errors of its scripts and of its policy fail the test that used it."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        **more,
    )
    context.set_default_timeout(10_000)
    context.set_default_navigation_timeout(30_000)  # a page with all its parts, from a browser that has just started
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None,
    )
    try:
        page.goto(url, wait_until="load")
        yield page
        assert problems == []
    finally:
        context.close()
