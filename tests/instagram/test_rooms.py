"""Every room of Instagram's says in its docstring what stands in it."""

import importlib
import pkgutil
import re

import pytest

import heliograph.channels.instagram as instagram

ROOMS = sorted({module.name for module in pkgutil.iter_modules(instagram.__path__) if module.ispkg} - {"sending"})


def named(text: str | None) -> set[str]:
    """Whatever stands in a docstring as a word of its own."""
    return set(re.findall(r"\w+", text or ""))


def test_every_room_has_its_line() -> None:
    rooms = {module.name for module in pkgutil.iter_modules(instagram.__path__)}
    assert len(rooms) > 10
    assert rooms - named(instagram.__doc__) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_room_has_its_line(room: str) -> None:
    package = importlib.import_module(f"{instagram.__name__}.{room}")
    assert {module.name for module in pkgutil.iter_modules(package.__path__)} - named(package.__doc__) == set()
