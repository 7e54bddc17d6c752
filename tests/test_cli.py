"""What all commands share: trouble is told as a sentence, a bug is not, and standard output is the command's alone."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from heliograph import __version__
from heliograph.cli import cli
from heliograph.cli.base import guarded
from heliograph.commands.console import CommandError
from heliograph.storage.database import DatabaseUnavailableError
from heliograph.storage.secrets import SecretError

PORT = "Is another program using the port? --port chooses another."


def told(error: BaseException, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What a person is told of it, by line."""

    def work() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        guarded(work)
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (CommandError("there is no app 17"), ["There is no app 17."]),
        (CommandError("give [/bad] two, or none."), ["Give [/bad] two, or none."]),
        (DatabaseUnavailableError("no PostgreSQL answered"), ["No PostgreSQL answered."]),
        (SecretError("HELIOGRAPH_SECRET_KEY: key 1 is not base64"), ["HELIOGRAPH_SECRET_KEY: key 1 is not base64."]),
        (OSError(errno.EADDRINUSE, "Address already in use"), ["Address already in use.", PORT]),
        (
            PermissionError(errno.EACCES, "Permission denied", "/data/secret.key"),
            ["Permission denied: /data/secret.key."],
        ),
        (PermissionError(errno.EACCES, "Permission denied", b"/data/lock"), ["Permission denied: /data/lock."]),
        (OSError(errno.ENOSPC, "No space left on device"), ["No space left on device."]),
    ],
)
def test_known_trouble_is_a_sentence(error: Exception, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert told(error, capsys) == lines


@pytest.mark.parametrize("error", [KeyError("x"), IndexError("list index out of range"), ValueError("x")])
def test_a_bug_is_not_taken_for_trouble(error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)):
        guarded(work)


def test_what_is_logged_does_not_stand_in_the_output(empty_database: str, tmp_path: Path) -> None:
    """A fresh database is migrated first, and that is logged."""
    done = subprocess.run(
        [sys.executable, "-m", "heliograph", "keys", "create", "--json"],
        env=os.environ | {"HELIOGRAPH_DATABASE_URL": empty_database, "HELIOGRAPH_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert set(json.loads(done.stdout)) >= {"id", "secret"}


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"{__version__}\n")
