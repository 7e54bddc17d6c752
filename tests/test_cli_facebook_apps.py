"""`heliograph facebook-apps`, as it is typed, with the simulated Meta."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from heliograph.cli import cli
from tests.conftest import Server
from tests.simulator.support import Loop, Simulator


@pytest.fixture(scope="module")
def meta() -> Iterator[Simulator]:
    """Meta, simulated."""
    loop = Loop()
    running = Simulator(loop).start()
    yield running
    running.stop()
    loop.close()


@pytest.fixture
def typed(embedded_server: Server, tmp_path: Path, meta: Simulator) -> Iterator[Any]:
    """Runs a command, on a database of this test's own."""

    with embedded_server.database(migrated=True) as url:

        def command(*words: str, given: str | None = None) -> Any:
            env = {
                "HELIOGRAPH_DATABASE_URL": url,
                "HELIOGRAPH_DATA_DIR": str(tmp_path),
                "HELIOGRAPH_GRAPH_URL": f"http://127.0.0.1:{meta.port}",
                "HELIOGRAPH_PUBLIC_URL": "https://messages.example",
            }
            return CliRunner().invoke(cli, ["facebook-apps", *words], env=env, input=given)

        yield command


def test_an_app_is_added_listed_and_removed(typed: Any, meta: Simulator) -> None:
    assert "facebook-apps add" in typed("list").output
    made = meta.control("/apps")
    added = typed("add", made["id"], "--name", "Ours", "--default", given=made["secret"] + "\n")
    assert added.exit_code == 0, added.output
    assert "https://messages.example/connect/callback" in added.output.replace("\n", "")
    assert made["secret"] not in added.output
    (row,) = json.loads(typed("list", "--json").stdout)
    assert (row["id"], row["name"], row["shared"], row["default"], row["accounts"]) == (
        made["id"],
        "Ours",
        True,
        True,
        0,
    )
    assert made["secret"] not in typed("list", "--json").output
    assert "Ours" in typed("list").output
    assert typed("remove", made["id"]).exit_code == 0
    again = typed("remove", made["id"])
    assert again.exit_code == 1
    assert "no Facebook app" in again.stderr


def test_what_meta_refuses_is_said(typed: Any, meta: Simulator) -> None:
    made = meta.control("/apps")
    refused = typed("add", made["id"], "--secret", "not-the-secret-00")
    assert refused.exit_code == 1
    assert "does not accept" in refused.stderr
    assert made["id"] not in typed("list", "--json").stdout


def test_an_app_that_is_not_there(typed: Any, meta: Simulator) -> None:
    made = meta.control("/apps")
    refused = typed("add", made["id"], "--secret", made["secret"], "--app", "nobody")
    assert refused.exit_code == 1
    assert "no app nobody" in refused.stderr


def test_an_app_is_changed_and_keeps_what_is_not_given(typed: Any, meta: Simulator) -> None:
    made = meta.control("/apps")
    assert typed("add", made["id"], "--secret", made["secret"], "--name", "Ours", "--config-id", "12345").exit_code == 0
    again = typed("add", made["id"], "--secret", made["secret"])
    assert "heliograph facebook-apps change" in again.stderr
    changed = typed("change", made["id"], "--name", "Theirs", "--default", "--json")
    assert changed.exit_code == 0, changed.output
    told = json.loads(changed.stdout)
    assert (told["name"], told["config_id"], told["default"]) == ("Theirs", "12345", True)
    assert typed("change", made["id"], "--config-id", "").exit_code == 0
    (row,) = json.loads(typed("list", "--json").stdout)
    assert (row["name"], row["config_id"], row["default"]) == ("Theirs", None, True)


def test_a_new_secret_is_asked_for_and_tried_first(typed: Any, meta: Simulator) -> None:
    made = meta.control("/apps")
    assert typed("add", made["id"], "--secret", made["secret"]).exit_code == 0
    refused = typed("change", made["id"], "--secret", "-", given="not-the-secret-00\n")
    assert (refused.exit_code, "does not accept" in refused.stderr) == (1, True)
    changed = typed("change", made["id"], "--secret", "-", given=made["secret"] + "\n")
    assert changed.exit_code == 0, changed.output
    assert "secret" in changed.output
    assert made["secret"] not in changed.output


def test_a_change_of_nothing_or_of_nobody_says_so(typed: Any, meta: Simulator) -> None:
    made = meta.control("/apps")
    unknown = typed("change", made["id"], "--name", "Ours")
    assert (unknown.exit_code, "no Facebook app" in unknown.stderr) == (1, True)
    nothing = typed("change", made["id"])
    assert (nothing.exit_code, "--secret" in nothing.stderr) == (1, True)
