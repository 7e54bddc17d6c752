"""Backfill as tests drive it: runs that are asked for and waited for, and Meta's list of threads, played."""

from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.instagram.backfill import runs
from heliograph.channels.instagram.backfill.runs import Request
from tests.instagram.house import DEADLINE, House, Shop
from tests.instagram.meta import PlayedMeta, Told, in_thread
from tests.simulator.support import eventually


def ago(**how: float) -> datetime:
    """A time that has passed."""
    return datetime.now(UTC) - timedelta(**how)


def ask(shop: Shop, since: datetime | None = None, reason: str = "asked") -> int:
    """Have a run made; its number."""
    return shop.house.loop.run(_ask(shop, since, reason))[shop.integration_id]


async def _ask(shop: Shop, since: datetime | None, reason: str) -> dict[str, int]:
    async with shop.house.database.transaction() as connection:
        return await runs.request(connection, [Request(shop.integration_id, reason, since)])


def run_row(house: House, number: int) -> dict[str, Any]:
    """A run as it stands."""
    (row,) = house.rows("select * from backfill_runs where id = $1", number)
    return row


def ended(shop: Shop, number: int, seconds: float = DEADLINE) -> dict[str, Any]:
    """Wait until a run has ended and what it found is applied; its row."""
    try:
        eventually(lambda: run_row(shop.house, number)["ended_at"] is not None, seconds)
    except AssertionError:
        raise AssertionError(run_row(shop.house, number)) from None
    shop.received(seconds)
    return run_row(shop.house, number)


def backfill(shop: Shop, since: datetime | None = None, seconds: float = DEADLINE) -> dict[str, Any]:
    """Run backfill to its end; the run's row."""
    return ended(shop, ask(shop, since), seconds)


def runs_of(shop: Shop) -> list[dict[str, Any]]:
    """All runs of a shop, in order."""
    return shop.house.rows("select * from backfill_runs where integration_id = $1 order by id", shop.integration_id)


def lost(town: House, owner: Any, count: int = 1) -> None:
    """The next webhooks of an account do not come."""
    owner.simulator.control("/webhook-faults", kind="drop", count=count, account_id=owner.account)


class Threads:
    """Threads of a shop at the played Meta: answers of the list, and of each thread."""

    def __init__(self, meta: PlayedMeta, shop: Shop) -> None:
        self._meta = meta
        self._shop = shop
        self._messages: dict[str, list[dict[str, Any]]] = {}
        self.list_edge = ("GET", f"{shop.page}/conversations")
        self._show()

    def edge(self, person: str) -> tuple[str, str]:
        """The call that reads a person's thread."""
        return ("GET", f"t{person}")

    def says(self, person: str, mid: str, text: str = "hello", *, by_business: bool = False, **how: Any) -> None:
        """A message in a thread, newer than those before."""
        by = self._shop.account if by_business else person
        self._messages.setdefault(person, []).insert(0, in_thread(mid, text, by=by, **how))
        self._show()

    def refuses(self, told: Told) -> None:
        """The list is answered so from now on."""
        self._meta.answers[self.list_edge] = told

    def answers_again(self) -> None:
        """All is well again."""
        self._show()

    def calls(self) -> int:
        """How often the list was asked for."""
        return self._meta.others.count(self.list_edge)

    def _show(self) -> None:
        rows = []
        for person, messages in self._messages.items():
            names = [{"id": one["id"], "created_time": one["created_time"]} for one in messages[:21]]
            sides = {"data": [{"id": self._shop.account}, {"id": person}]}
            rows.append(
                {
                    "id": f"t{person}",
                    "updated_time": messages[0]["created_time"],
                    "participants": sides,
                    "messages": {"data": names},
                }
            )
            self._meta.answers[self.edge(person)] = (200, {"id": f"t{person}", "messages": {"data": messages[:20]}})
        rows.sort(key=lambda row: row["updated_time"], reverse=True)
        self._meta.answers[self.list_edge] = (200, {"data": rows})
