"""`heliograph oauth`, as it is typed; and the settings of the limits."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from heliograph.cli import cli
from tests.support import opened, run

Command = Callable[..., Result]

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
CREATE = ("oauth", "create", "--name", "Café Bot", "--redirect-uri", "https://partner.example/back")


@pytest.fixture
def typed(database_url: str, tmp_path: Path) -> Command:
    """Runs a command on the module's database."""

    def command(*words: str, **environment: str) -> Result:
        env = {"HELIOGRAPH_DATABASE_URL": database_url, "HELIOGRAPH_DATA_DIR": str(tmp_path), **environment}
        return CliRunner().invoke(cli, list(words), env=env)

    return command


def test_a_client_is_registered_listed_and_deleted(typed: Command, tmp_path: Path) -> None:
    icon = tmp_path / "icon.png"
    icon.write_bytes(PNG)
    more = (
        "--redirect-uri",
        "http://localhost:9/",
        "--remove-url",
        "https://partner.example/gone",
        "--icon",
        str(icon),
    )
    made = typed(*CREATE, *more, "--json")
    assert made.exit_code == 0, made.output
    client = json.loads(made.stdout)
    assert set(client) == {"client_id", "client_secret"}
    (row,) = [row for row in json.loads(typed("oauth", "list", "--json").stdout) if row["id"] == client["client_id"]]
    assert (row["display_name"], row["icon"], row["apps"]) == ("Café Bot", True, [])
    assert row["redirect_uris"] == ["https://partner.example/back", "http://localhost:9/"]
    assert client["client_secret"] not in typed("oauth", "list", "--json").stdout
    assert f"{client['client_id']}  in 0 app(s)  Café Bot" in typed("oauth", "list").stdout
    assert typed("oauth", "delete", client["client_id"]).exit_code == 0
    again = typed("oauth", "delete", client["client_id"])
    assert (again.exit_code, "heliograph oauth list" in again.stderr) == (1, True)


def test_without_json_a_person_is_told_what_comes_next(typed: Command) -> None:
    made = typed(*CREATE, HELIOGRAPH_PUBLIC_URL="https://chat.example.org")
    assert made.exit_code == 0
    assert "client secret" in made.stdout
    assert "https://chat.example.org/oauth/authorize?response_type=code&client_id=" in made.stdout


def test_a_name_is_not_taken_for_markup(typed: Command) -> None:
    made = typed("oauth", "create", "--name", "[bold]Bot[/bad]", *CREATE[4:])
    assert made.exit_code == 0, made.output
    assert "[bold]Bot[/bad]" in typed("oauth", "list").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--name", ""),
        ("--name", "x" * 101),
        ("--name", "a\nb"),
        ("--redirect-uri", "partner.example/back"),
        ("--redirect-uri", "javascript:alert(1)"),
        ("--redirect-uri", "https://partner.example/#here"),
        ("--redirect-uri", "https://partner.example/#"),
        ("--redirect-uri", "https://user@partner.example/"),
        ("--redirect-uri", "https://partner.example:99999/"),
        ("--redirect-uri", "https://[/"),
        ("--redirect-uri", "https://partner.example/a b"),
        ("--remove-url", "ftp://partner.example/"),
        ("--icon", "/nonexistent.png"),
    ],
)
def test_what_cannot_be_right_is_refused(typed: Command, words: tuple[str, str]) -> None:
    refused = typed(*CREATE, *words)
    assert refused.exit_code in (1, 2), refused.output
    assert refused.stderr
    assert "Traceback" not in refused.output


@pytest.mark.parametrize("picture", [b"GIF89a", b"", b"<html>", PNG + b"\0" * 65536])
def test_an_icon_is_a_small_picture(typed: Command, tmp_path: Path, picture: bytes) -> None:
    icon = tmp_path / "icon"
    icon.write_bytes(picture)
    refused = typed(*CREATE, "--icon", str(icon))
    assert (refused.exit_code, "icon" in refused.stderr) == (1, True)


def test_the_limits_are_settings(typed: Command) -> None:
    rows = {row["variable"]: row for row in json.loads(typed("settings", "--json", HELIOGRAPH_API_RATE="0").stdout)}
    assert (rows["HELIOGRAPH_API_RATE"]["value"], rows["HELIOGRAPH_API_RATE"]["set"]) == ("0.0", True)
    assert rows["HELIOGRAPH_API_BURST"]["value"] == "400"
    for value in ("-1", "nan", "inf", "many"):
        assert "HELIOGRAPH_API_RATE" in typed("settings", HELIOGRAPH_API_RATE=value).stderr


def test_secrets_are_sealed(typed: Command, database_url: str) -> None:
    secret = json.loads(typed(*CREATE, "--json").stdout)["client_secret"]

    async def stored() -> str:
        async with opened(database_url) as database:
            return repr([dict(row) for row in await database.fetch("select * from oauth_clients")])

    text = run(stored())
    assert secret not in text
    assert base64.b64encode(secret.encode()).decode() not in text
