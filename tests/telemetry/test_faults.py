"""What logs and tables tell of an error: its kind and its place, and never the words that it quotes."""

import json
import subprocess
import sys
from collections.abc import Callable

import asyncpg
import pytest

from heliograph.storage.secrets import SecretError
from heliograph.telemetry.faults import plain, trace
from tests.support import opened, run

SECRET = "blackcurrant"


def _of_the_client() -> None:
    raise asyncpg.DataError(f"invalid input for query argument $1: '{SECRET}' (an integer is required)")


def _in_a_chain() -> None:
    try:
        _of_the_client()
    except asyncpg.DataError as error:
        raise ValueError(f"cannot write {SECRET}") from error


def _while_handling() -> None:
    try:
        _of_the_client()
    except asyncpg.DataError:
        {}[SECRET]


def _in_a_group() -> None:
    try:
        _of_the_client()
    except asyncpg.DataError as error:
        raise ExceptionGroup(SECRET, [error, ValueError(SECRET)]) from None


QUOTING = [
    _of_the_client,
    _in_a_chain,
    _while_handling,
    _in_a_group,
    lambda: int(SECRET),
    lambda: SECRET.encode("ascii", 1),
]


def caught(work: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as found:  # noqa: PT011  any
        work()
    return found.value


@pytest.mark.parametrize("work", QUOTING)
def test_no_word_that_an_error_quotes_is_told(work: Callable[[], object]) -> None:
    error = caught(work)
    assert SECRET in str(error) or SECRET in repr(error) or isinstance(error, TypeError)
    assert SECRET not in plain(error)
    assert f"'{SECRET}'" not in trace(error)
    assert type(error).__name__ in trace(error)


@pytest.mark.parametrize(
    "sql",
    ["select $1::int", "select ($1::text)::int", "insert into apps (id, display_name) values ($1, null)"],
)
def test_what_postgresql_says_of_an_argument_stays_there(database_url: str, sql: str) -> None:
    async def ask() -> Exception:
        async with opened(database_url) as database:
            with pytest.raises(asyncpg.PostgresError) as found:
                await database.execute(sql, SECRET)
            return found.value

    error = run(ask())
    assert SECRET in f"{error!r} {getattr(error, 'detail', '')}"
    told = plain(error)
    assert SECRET not in told
    assert SECRET not in trace(error)
    assert told.startswith(f"{type(error).__name__} {error.sqlstate}")
    assert "tests/telemetry/test_faults.py" in told.replace("\\", "/") or "storage" in told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SecretError("made with another key"), "SecretError: made with another key"),
        (RuntimeError("cannot digest this"), "RuntimeError: cannot digest this"),
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: [Errno 111] Connection refused"),
        (asyncpg.AdminShutdownError("the database goes down"), "AdminShutdownError 57P01: the database goes down"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_what_quotes_nothing_says_what_is_wrong(error: Exception, told: str) -> None:
    assert plain(error) == told


LOGS = """
import asyncio, asyncpg, gc, logging, sys
from heliograph.telemetry.logs import configure_logging, get_logger
configure_logging(as_json=sys.argv[1] == "json")
log = get_logger("test")
error = asyncpg.DataError("invalid input for query argument $1: 'black" + "currant'")
log.warning("given", error=error)
try:
    raise error
except asyncpg.DataError as caught:
    log.exception("raised")
    try:
        raise ValueError(str(caught))
    except ValueError:
        logging.getLogger("library").exception("of a library")

async def fail():
    raise error

async def forget():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()

asyncio.run(forget())
"""


@pytest.mark.parametrize("form", ["json", "terminal"])
def test_the_log_names_class_and_sqlstate_and_no_word(form: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOGS, form], capture_output=True, text=True, check=True)
    assert SECRET not in done.stderr + done.stdout
    assert done.stderr.count("DataError") >= 4
    assert "never retrieved" in done.stderr
    assert "22000" in done.stderr
    assert "Traceback" in done.stderr
    if form == "json":
        given = json.loads(done.stderr.splitlines()[0])
        assert (given["error"], given["sqlstate"]) == ("DataError", "22000")
