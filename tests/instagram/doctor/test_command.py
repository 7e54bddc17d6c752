"""`heliograph doctor`, as it is typed, against a server that runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from heliograph.cli import cli
from tests.instagram.doctor.clinic import Patient
from tests.instagram.house import SECRET_KEY, House

Command = Callable[..., Result]


@pytest.fixture
def typed(clinic: House, tmp_path: Path) -> Command:
    """Runs the command on the clinic's database, as if on the same machine."""

    def command(*words: str, **environment: str) -> Result:
        env = {
            "HELIOGRAPH_DATABASE_URL": clinic.database_url,
            "HELIOGRAPH_DATA_DIR": str(tmp_path),
            "HELIOGRAPH_SECRET_KEY": SECRET_KEY,
            "HELIOGRAPH_GRAPH_URL": clinic.graph_url,
            "HELIOGRAPH_PUBLIC_URL": clinic.url,
            **environment,
        }
        return CliRunner().invoke(cli, ["doctor", *words], env=env)

    return command


def test_a_healthy_account_is_well(typed: Command, patient: Patient) -> None:
    result = typed(patient.shop.integration_id)
    assert result.exit_code == 0, result.output
    for words in ("Installation", "✓ Database", "up to date", "opens everything", "✓ Token", "All is well."):
        assert words in result.output
    assert patient.shop.token not in result.output


def test_what_is_broken_is_told_with_its_repair_and_status_1(typed: Command, patient: Patient) -> None:
    patient.switch("messages_off")
    result = typed(patient.shop.integration_id)
    assert result.exit_code == 1
    for words in ("✗ Access to messages", "What follows:", "2. Switch on Allow access to messages.", "1 broken"):
        assert words in result.output
    assert patient.status == "error"
    patient.switch("messages_off", on=False)
    told = json.loads(typed("--app", patient.shop.app_id, "--json").output)
    assert [one["check"] for one in told["installation"]] == ["database", "migrations", "secret_key", "public_address"]
    (report,) = told["integrations"]
    assert (report["integrationId"], report["status"]) == (patient.shop.integration_id, "active")


def test_what_is_repaired_is_told(typed: Command, patient: Patient) -> None:
    patient.switch("app_unsubscribed")
    result = typed(patient.shop.integration_id)
    assert (result.exit_code, "1 repaired." in result.output) == (0, True)


def test_who_does_not_know_the_servers_address_changes_nothing(typed: Command, patient: Patient) -> None:
    patient.examined()
    before = patient.owner.app_subscription()
    result = typed(patient.shop.integration_id, HELIOGRAPH_PUBLIC_URL="")
    assert "HELIOGRAPH_PUBLIC_URL is not set" in result.output
    assert patient.owner.app_subscription() == before
    assert patient.status == "active"


def test_an_unknown_integration_and_another_apps(typed: Command, clinic: House, patient: Patient) -> None:
    for words in (("nothing",), (patient.shop.integration_id, "--app", clinic.new_app())):
        result = typed(*words)
        assert result.exit_code == 1
        assert "There is no Instagram integration" in result.stderr


def test_a_key_that_does_not_open_what_is_stored(typed: Command, patient: Patient) -> None:
    other = "b" * 43 + "="
    result = typed(patient.shop.integration_id, HELIOGRAPH_SECRET_KEY=other)
    assert result.exit_code == 1
    assert "✗ Secret key" in result.output
    assert "stored secrets cannot be read" in result.output
    assert patient.status == "active"


def test_a_database_that_does_not_answer_or_is_not_migrated(
    typed: Command, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = typed(HELIOGRAPH_DATABASE_URL=empty_database)
    assert result.exit_code == 1
    assert "migrations have not run" in result.output
    again = typed(HELIOGRAPH_DATABASE_URL=empty_database)
    assert "migrations have not run" in again.output  # it only looked
