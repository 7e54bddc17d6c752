"""The docs know what there is: every metric, lane, trigger and operation, and where the code that they name stands."""

import re
from pathlib import Path

from heliograph.api.reference.tables import OPERATIONS
from heliograph.events import EXTENSIONS, TRIGGERS
from heliograph.settings import Settings
from heliograph.telemetry.metrics import REGISTRY

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "heliograph"
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")


def test_every_metric_is_told_of() -> None:
    names = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in REGISTRY.collect()
        if metric.name.startswith("heliograph_")
    }
    assert len(names) > 40
    assert {name for name in names if not re.search(rf"{name}\b", OPERATING)} == set()


def test_every_kind_of_lane_is_told_of() -> None:
    kinds = {
        kind
        for path in SOURCE.rglob("*.py")
        for kind in re.findall(r'^\w+_LANE = "(\w+)"', path.read_text("utf-8"), re.M)
    }
    assert kinds > {"inbound", "send", "webhook"}
    rows = OPERATING.partition("| kind | work |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`[,| ]", rows)) >= kinds


def test_settings_that_are_named_are_there() -> None:
    settings = {f"HELIOGRAPH_{name.upper()}" for name in Settings.model_fields}
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    settings |= set(re.findall(r'os\.environ\.get\("(HELIOGRAPH_\w+)"', tests))
    # Pages of docs/api and docs/simulator are about programs of yours, with variables of their own, too.
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "instagram").glob("*.md")]:
        named = set(re.findall(r"\bHELIOGRAPH_[A-Z_]*[A-Z]\b", page.read_text("utf-8")))
        assert named <= settings, page


def test_files_that_the_architecture_names_are_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?|(?:[a-z_]+/)+[a-z_]+\.py)`", text))
    assert len(named) > 20
    assert {name for name in named if not (SOURCE / name).exists() and not (ROOT / name).exists()} == set()


def test_every_trigger_stands_among_the_events() -> None:
    told, _, never = (ROOT / "docs" / "api" / "events.md").read_text("utf-8").partition("## Accepted, never told here")
    rows = {name: bool(ours) for ours, name in re.findall(r"^\| (\*\*\+\*\* )?`([\w:]+:\w+)` \|", told, re.M)}
    silent = set(re.findall(r"^\| `([\w:]+:\w+)` \|", never, re.M))
    assert len(silent) > 3
    assert rows.keys() | silent == TRIGGERS
    assert rows.keys() & silent == set()
    assert {name for name, ours in rows.items() if ours} == EXTENSIONS
    # Where events are made, none of these has a name.
    makers = [path.read_text("utf-8") for room in ("messaging", "channels") for path in (SOURCE / room).rglob("*.py")]
    assert {name for name in silent if any(f'"{name}"' in text for text in makers)} == set()


def test_the_api_page_counts_what_is_ours() -> None:
    text = (ROOT / "docs" / "api" / "README.md").read_text("utf-8")
    count = re.search(r"Every one of the original's (\d+) operations is here, and (\d+) of ours: ([^.]*)\.", text)
    assert count is not None
    ours = set(re.findall(r"`(\w+)`", count[3]))
    assert len(ours) == int(count[2])
    assert ours <= OPERATIONS.keys()
    assert int(count[1]) + len(ours) == len(OPERATIONS)
    assert f"| {len(ours)} more operations: " in text
    assert f"| webhooks may ask for {len(EXTENSIONS)} more triggers " in text


_NUMBER = r"\d+(?:\.\d+)?"
_CITED = re.compile(rf"(Meta|Sunshine) references? ({_NUMBER}(?:(?:,|;| and| to) {_NUMBER}\b)*)")
_GOTCHAS = re.compile(r"gotchas? (\d+)(?: and (\d+))?|Meta reference [^)]*?\b7,? #?(\d\d)\b")


def test_what_comments_cite_stands_in_the_references() -> None:
    text = (ROOT / "docs" / "references.md").read_text("utf-8")
    meta, _, sunshine = text.partition("\n## Sunshine\n")
    meta, _, gotchas = meta.partition("\n| gotcha |")
    cited: dict[str, set[str]] = {"Meta": set(), "Sunshine": set()}
    surprises: set[str] = set()
    for path in [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.sql"), *(ROOT / "tests").rglob("*.py")]:
        words = re.sub(r"\s*\n\s*(?:#|--)?\s*", " ", path.read_text("utf-8"))
        for wire, numbers in _CITED.findall(words):
            cited[wire] |= set(re.findall(_NUMBER, numbers))
        surprises |= {number for found in _GOTCHAS.findall(words) for number in found if number}
    table = (ROOT / "docs" / "instagram" / "capabilities.md").read_text("utf-8")
    cited["Meta"] |= set(re.findall(rf"\| ({_NUMBER}) \|$", table, re.M))
    assert len(cited["Meta"]) > 30
    assert len(cited["Sunshine"]) > 30
    assert len(surprises) > 5
    rows = re.compile(rf"^\| ({_NUMBER}) \|", re.M)
    chapters = {number for number in cited["Meta"] if not number.isdigit() or int(number) < 10}  # "7, 34" is a gotcha
    assert chapters - set(rows.findall(meta)) == set()
    assert cited["Sunshine"] - set(rows.findall(sunshine)) == set()
    assert surprises - set(rows.findall(gotchas)) == set()
