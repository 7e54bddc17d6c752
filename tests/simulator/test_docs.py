"""The guides: the example runs as it stands, and the lists are those of the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from heliograph.simulator import Meta
from heliograph.simulator.connections import SWITCHES
from heliograph.simulator.scenarios import SCENARIOS

DOCS = Path(__file__).parents[2] / "docs" / "simulator"
GUIDE, FAULTS = ((DOCS / name).read_text() for name in ("in-your-tests.md", "faults.md"))


def test_the_example_runs_as_it_stands(tmp_path: Path) -> None:
    (example,) = re.findall(r'```python\n("""test_bot.*?)```', GUIDE, re.S)
    (tmp_path / "test_bot.py").write_text(example)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_bot.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "4 passed" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("text", [GUIDE, FAULTS])
def test_every_method_that_is_named_exists(text: str) -> None:
    for name in re.findall(r"\bmeta\.(\w+)\(", text):
        assert hasattr(Meta, name), name


def test_every_method_is_in_the_guide() -> None:
    told = set(re.findall(r"`(\w+)`", GUIDE)) | set(re.findall(r"\bmeta\.(\w+)\(", GUIDE + FAULTS))
    public = {name for name in dir(Meta) if not name.startswith("_")}
    assert public - told == {"account", "ask_as_is", "graph"}


def test_every_scenario_and_switch_is_told() -> None:
    for name, one in SCENARIOS.items():
        assert f"| `{name}` | {one.fault.get('status', '')} | {one.meaning} | {one.action} |" in FAULTS
    for name, switch in SWITCHES.items():
        assert f"| `{name}` | {switch.meaning} | {switch.symptom} |" in FAULTS
