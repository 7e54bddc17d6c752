"""Backfill as operators meet it: processes that die in the middle, and the command line."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import Server
from tests.e2e.stack import Stack, stack, wait_for
from tests.support import open_directory, opened


@contextmanager
def _house(server: Server) -> Iterator[Stack]:
    with (
        server.database(migrated=True) as url,
        open_directory() as directory,
        stack(url, directory, backfill_every="0") as made,
    ):
        # The first look of a new connection is over before anything is missed.
        wait_for(lambda: _sql(made, "select true from backfill_runs where ended_at is not null"), what="first look")
        yield made


@pytest.fixture
def each_house(each_server: Server) -> Iterator[Stack]:
    with _house(each_server) as made:
        yield made


@pytest.fixture
def house(embedded_server: Server) -> Iterator[Stack]:
    with _house(embedded_server) as made:
        yield made


def _sql(house: Stack, sql: str) -> list[Any]:
    async def ask() -> list[Any]:
        async with opened(house.environment["HELIOGRAPH_DATABASE_URL"], largest=1) as database:
            return list(await database.fetch(sql))

    return asyncio.run(ask())


def _missed(house: Stack, count: int) -> list[str]:
    """So many people write, and no webhook tells of it. What they wrote."""
    house.control("POST", "webhook-faults", {"kind": "drop", "count": count, "account_id": house.who()["account_id"]})
    texts = [f"missed number {number}" for number in range(count)]
    for text in texts:
        person = house.control("POST", "people", {})["id"]
        house.customer_says(text, person, age_seconds=45)
    return texts


def _command(house: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "heliograph", "backfill", *arguments],
        env=house.environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_process_that_is_killed_in_the_middle_loses_and_doubles_nothing(each_house: Stack) -> None:
    house = each_house
    house.server.kill()
    texts = _missed(house, 10)
    _sql(house, "update backfill_heartbeat set at = now() - interval '10 min'")
    _sql(
        house,
        "update backfill_accounts set complete_to = now() - interval '5 min', not_before = now() - interval '1 h'",
    )
    house.server.start()
    # Each thread is a call, at Meta's two calls a second: some are in, some are not.
    wait_for(lambda: _sql(house, "select true from backfill_runs where found between 1 and 9"), 30, "the middle")
    house.server.kill()
    (run,) = _sql(house, "select ended_at, reason from backfill_runs order by id desc limit 1")
    assert (run["ended_at"], run["reason"]) == (None, "downtime")
    house.server.start()
    wait_for(lambda: set(house.target.texts()) == set(texts), 60, "all that was missed")
    wait_for(lambda: not _sql(house, "select from backfill_runs where ended_at is null"), 30, "the run ends")
    # A delivery that was not noted before the kill is made again; the messages are there once.
    stored = _sql(house, "select body -> 'content' ->> 'text' as text from messages")
    assert sorted(row["text"] for row in stored) == texts
    (run,) = _sql(house, "select added, state from backfill_runs order by id desc limit 1")
    assert (run["added"], run["state"]) == (len(texts), "done")


def test_the_command_brings_in_what_was_missed_with_or_without_a_server(house: Stack) -> None:
    assert house.server.process is not None
    (text,) = _missed(house, 1)
    done = _command(house, house.integration["id"], "--since", "1h", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["integrationId"], row["state"], row["added"], row["unreadable"]) == (
        house.integration["id"],
        "done",
        1,
        0,
    )
    wait_for(lambda: house.target.texts() == [text], what="the webhook tells of it")
    house.server.terminate()
    _missed(house, 2)
    done = _command(house, "--since", "1h")
    assert done.returncode == 0, done.stderr
    assert "2 brought in" in done.stdout
    assert "0 brought in" in _command(house, "--since", "1h").stdout


def test_the_command_says_what_is_wrong_and_what_to_do(house: Stack) -> None:
    unknown = _command(house, "000000000000000000000000")
    assert unknown.returncode == 1
    assert "There is no Instagram integration" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    assert "--since soon is no time" in _command(house, "--since", "soon").stderr
    house.control("PATCH", f"accounts/{house.who()['account_id']}", {"allow_messages": False})
    refused = _command(house)
    assert refused.returncode == 1
    assert "Allow access to messages" in refused.stdout
    assert "heliograph backfill" in refused.stderr
