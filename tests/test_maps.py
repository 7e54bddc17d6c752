"""The docstring of each package is its map: what stands in the package, and nothing that does not."""

import ast
import re
from pathlib import Path

import pytest

import heliograph

SOURCE = Path(heliograph.__file__).parent
PACKAGES = sorted(str(path.parent.relative_to(SOURCE)) for path in SOURCE.rglob("__init__.py"))

# A row is a name, two blanks or more, and what it is; a second one may stand beside it.
_GAP = re.compile(r" {2,}")
_NAME = re.compile(r"[a-z]\w*")
# In a sentence a name has backquotes, or is no word of English.
_SAID = re.compile(r"`(\w+)`|\b([a-z]+(?:_[a-z]+)+)\b")


def parts(package: str) -> set[str]:
    """The modules and packages in a package."""
    modules = {path.stem for path in (SOURCE / package).glob("*.py")}
    packages = {path.parent.name for path in (SOURCE / package).glob("*/__init__.py")}
    return modules.union(packages) - {"__init__", "__main__"}


def map_of(package: str) -> str:
    return ast.get_docstring(ast.parse((SOURCE / package / "__init__.py").read_text("utf-8"))) or ""


def rows_of(text: str) -> set[str]:
    """The names of a map's rows. What is indented is a drawing."""
    found: set[str] = set()
    for line in text.splitlines():
        cells = _GAP.split(line)
        if len(cells) % 2 == 0 and all(map(_NAME.fullmatch, cells[::2])):
            found.update(cells[::2])
    return found


def named(text: str) -> set[str]:
    """Whatever a map names, in rows and in sentences."""
    between = {cell for line in text.splitlines() for cell in _GAP.split(line) if _NAME.fullmatch(cell)}
    return between.union(*_SAID.findall(text))


def test_there_are_packages() -> None:
    assert {".", "messaging", "channels/instagram/meta", "simulator/graph"} < set(PACKAGES)
    assert parts("messaging") > {"intake", "switchboard"}


def test_a_map_is_read_by_its_rows() -> None:
    text = "The map of `all`, with its two_words:\n\nqueue  the SQL: enqueue   worker  runs it\n    begin  and  end"
    assert rows_of(text) == {"queue", "worker"}
    assert named(text) >= {"all", "two_words", "queue", "worker"}
    assert named(text).isdisjoint({"map", "SQL", "enqueue", "runs"})


@pytest.mark.parametrize("package", PACKAGES)
def test_every_part_of_a_package_stands_in_its_map(package: str) -> None:
    assert parts(package) - named(map_of(package)) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_map_names_what_is_there(package: str) -> None:
    assert rows_of(map_of(package)) - parts(package) == set()
