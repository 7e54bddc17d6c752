"""A customer with webhooks, and a worker that delivers to them."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from heliograph.delivery import schedule
from heliograph.delivery.guard import parse_networks
from heliograph.delivery.sender import Sender
from heliograph.delivery.worker import DeliveryWorker
from heliograph.events import WEBHOOK_LANE, Event, publish
from heliograph.lanes import LaneWorkers
from heliograph.storage import Database, SecretBox, new_id
from tests.support import wait_until

KEY = b"k" * 32

BOX = SecretBox([KEY])

SECRET = "the-webhooks-secret"

TRIGGER = "conversation:message"


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five attempts in a fifth of a second."""
    monkeypatch.setattr(schedule, "PAUSES", (0.02, 0.03, 0.04, 0.05))


@dataclass
class Customer:
    """An app with one webhook."""

    database: Database
    app_id: str
    webhook_id: str

    @classmethod
    async def new(cls, database: Database, url: str, **flags: bool) -> "Customer":
        app, integration, webhook = new_id(), new_id(), new_id()
        await database.execute("insert into apps (id, display_name) values ($1, 'shop')", app)
        await database.execute(
            "insert into integrations (id, app_id, type) values ($1, $2, 'custom')", integration, app
        )
        await database.execute(
            "insert into webhooks (id, app_id, integration_id, target, triggers, secret, include_full_user,"
            " include_full_source) values ($1, $2, $3, $4, $5, $6, $7, $8)",
            webhook,
            app,
            integration,
            url,
            [TRIGGER],
            BOX.seal(SECRET, f"webhook:{webhook}"),
            flags.get("full_user", False),
            flags.get("full_source", False),
        )
        return cls(database, app, webhook)

    async def publish(self, conversation: str | None, number: int = 1, *, type: str = TRIGGER) -> list[str]:
        """Events of a conversation, in one transaction; their ids."""
        events = [
            Event(
                self.app_id,
                type,
                {"conversation": {"id": conversation}, "user": {"id": "u1"}, "source": {"type": "instagram"}},
                datetime.now(UTC),
                conversation,
                user={"id": "u1", "profile": {}},
                client={"id": "c1", "type": "instagram"},
            )
            for _ in range(number)
        ]
        async with self.database.transaction() as connection:
            await publish(connection, events)
        return [event.id for event in events]

    async def attempts(self) -> list[Any]:
        return await self.database.fetch(
            "select * from delivery_attempts where webhook_id = $1 order by id", self.webhook_id
        )

    async def is_done(self) -> bool:
        return not await self.database.fetchval(
            "select count(*) from lanes where kind = $1 and key like $2 || '/%'", WEBHOOK_LANE, self.webhook_id
        )

    async def done(self, seconds: float = 10) -> None:
        await wait_until(self.is_done, seconds, what="all events delivered or failed")


@asynccontextmanager
async def delivering(
    database: Database, *, timeout: float = 30, lease_seconds: float = 45
) -> AsyncIterator[DeliveryWorker]:
    """A delivery worker as in the server."""
    async with Sender(parse_networks("127.0.0.0/8"), timeout=timeout) as sender:
        worker = DeliveryWorker(database, BOX, sender)
        kind = dataclasses.replace(worker.kind(), lease_seconds=lease_seconds, linger_seconds=0)
        workers = LaneWorkers(database, [kind], poll_seconds=0.01)
        workers.start()
        try:
            yield worker
        finally:
            await workers.stop(patience=2)
