"""Where the simulator's memory survives a restart: one SQLite file of JSON records.

The records live in memory; the store only hears that one changed. Changes gather for a tenth of a second and are
written together by a thread, so that a request never waits for a disk. A crash loses at most that tenth.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

_GATHER_SECONDS = 0.1
# Whether all is to go first, records, media files.
_Batch = tuple[bool, list[tuple[str, str, bytes | None]], list[tuple[str, bytes]]]
_SCHEMA = """
create table if not exists record (kind text not null, id text not null, body blob not null, primary key (kind, id));
create table if not exists blob (id text primary key, body blob not null);
"""


class Store:
    """Keeps records on disk when it has a path, and does nothing when it has none."""

    def __init__(self, path: Path | None) -> None:
        self._database = _open(path) if path else None
        self._changed: dict[tuple[str, str], Any] = {}
        self._blobs: dict[str, bytes] = {}
        self._wipe = False
        self._wake = asyncio.Event()
        # A cancelled writer may leave its thread at work, or not yet begun: whoever holds the lock writes what there is, in
        # order.
        self._batches: deque[_Batch] = deque()
        self._writing = threading.Lock()

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every stored record with its kind, in the order of creation."""
        if self._database:
            for kind, body in self._database.execute("select kind, body from record order by rowid"):
                yield kind, orjson.loads(body)

    def blobs(self) -> Iterator[tuple[str, bytes]]:
        """Every stored media file."""
        if self._database:
            yield from self._database.execute("select id, body from blob")

    def put(self, kind: str, key: str, record: object) -> None:
        """Remember that a record is new or changed. It is read when it is written, not now."""
        if self._database:
            self._changed[kind, key] = record
            self._wake.set()

    def delete(self, kind: str, key: str) -> None:
        """Forget a record."""
        self.put(kind, key, None)

    def put_blob(self, key: str, body: bytes) -> None:
        """Remember a media file."""
        if self._database:
            self._blobs[key] = body
            self._wake.set()

    def clear(self) -> None:
        """Forget everything."""
        self._changed.clear()
        self._blobs.clear()
        self._wipe = True
        self._wake.set()

    async def run(self) -> None:
        """Write changes in batches until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._wake.clear()
            self._batches.append(self._take())
            await asyncio.to_thread(self._write)

    def close(self) -> None:
        """Write what is left and close the file."""
        if self._database:
            self._batches.append(self._take())
            self._write()
            self._database.close()
            self._database = None

    def _take(self) -> _Batch:
        wipe, self._wipe = self._wipe, False
        records = [
            (kind, key, None if record is None else orjson.dumps(record))
            for (kind, key), record in self._changed.items()
        ]
        self._changed.clear()
        blobs = list(self._blobs.items())
        self._blobs.clear()
        return wipe, records, blobs

    def _write(self) -> None:
        with self._writing:
            while self._batches and self._database is not None:
                with contextlib.closing(self._database.cursor()) as cursor:
                    _write(cursor, *self._batches.popleft())


def _write(
    cursor: sqlite3.Cursor, wipe: bool, records: list[tuple[str, str, bytes | None]], blobs: list[tuple[str, bytes]]
) -> None:
    cursor.execute("begin")
    if wipe:
        cursor.execute("delete from record")
        cursor.execute("delete from blob")
    cursor.executemany(
        # An update keeps its rowid, and with it the order of creation.
        "insert into record (kind, id, body) values (?, ?, ?) on conflict (kind, id) do update set body = excluded.body",
        [row for row in records if row[2] is not None],
    )
    cursor.executemany("delete from record where kind = ? and id = ?", [row[:2] for row in records if row[2] is None])
    cursor.executemany("insert or replace into blob (id, body) values (?, ?)", blobs)
    cursor.execute("commit")


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One writer at a time: the loop's thread while nothing runs, the batch's thread otherwise.
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = normal")
    database.executescript(_SCHEMA)
    return database
