"""How fast an account is asked: Meta's limits per professional account (3.3), kept by all processes together.

Each (account, kind of call) is a line of slots, one after the other at the account's rate; its row holds the next free
slot, and the database's clock counts. Slots of the past are no credit, but for a small burst.

    take     a call that can be asked for again: go now, or come back in so many seconds
    reserve  a part that must not lose its place: so many slots, whenever they are

Invariant: within any second, no more calls have their slot than the limit. For that a burst of `b` leaves `limit - b + 1`
slots a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS, INSTAGRAM
from heliograph.storage import Connection, Database


class Kind(StrEnum):
    """A kind of call that has a limit of its own."""

    SEND = "send"
    INSTAGRAM_SEND = "instagram_send"
    MEDIA = "media"
    CONVERSATIONS = "conversations"


# The kind of a send, by the account's login.
SENDS: Mapping[str, Kind] = {FACEBOOK: Kind.SEND, INSTAGRAM: Kind.INSTAGRAM_SEND}
# Calls a second per account. 0: no limit.
LIMITS: Mapping[Kind, float] = {
    **{kind: FLAVOURS[login].sends_per_second for login, kind in SENDS.items()},
    Kind.MEDIA: 10.0,
    Kind.CONVERSATIONS: 2.0,
}
# Near one of Meta's other limits (3.3, headers) an account goes at this part of its rate.
SLOW = 0.1
# A twentieth of a second's calls may go at once.
_BURST = 0.05


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit as its line keeps it: slots a second, and how many slots of the past still count."""

    per_second: float
    burst: float

    @classmethod
    def of(cls, limit: float) -> "Rate":
        """The rate whose slots never exceed ``limit`` in any second."""
        burst = max(1.0, limit * _BURST)
        return cls(limit - burst + 1 if limit > 1 else limit, burst)


@dataclass(frozen=True, slots=True)
class Asked:
    """So many slots of a kind, of one account."""

    account_id: str
    kind: Kind
    n: int
    slow: bool


# Served by instagram_paces_pkey; locked in its order. In the line the slots of one statement follow one another.
_RESERVE = """
with asked as (
    select * from unnest($1::text[], $2::text[], $3::int[], $4::float8[], $5::float8[])
        as a (account_id, kind, n, per_second, burst)
), held as (
    select p.account_id, p.kind, p.next_at, a.n, a.per_second, a.burst
    from instagram_paces p join asked a using (account_id, kind) order by p.account_id, p.kind for update of p
)
update instagram_paces p
set next_at = greatest(h.next_at, clock_timestamp() - make_interval(secs => (h.burst - 1) / h.per_second))
    + make_interval(secs => h.n / h.per_second)
from held h where p.account_id = h.account_id and p.kind = h.kind
returning p.account_id, p.kind, extract(epoch from p.next_at - clock_timestamp())::float8 as ahead
"""

_BEGIN = """
insert into instagram_paces (account_id, kind, next_at)
select account_id, kind, '-infinity' from unnest($1::text[], $2::text[]) as a (account_id, kind)
order by account_id, kind on conflict do nothing
"""

# Served by instagram_paces_pkey. As many as fit into the burst must have their slot by now.
_TAKE = """
insert into instagram_paces as p (account_id, kind, next_at)
values ($1, $2, clock_timestamp() + make_interval(secs => ($3::float8 - $5::float8 + 1) / $4::float8))
on conflict (account_id, kind) do update
set next_at = greatest(p.next_at, clock_timestamp() - make_interval(secs => ($5 - 1) / $4)) + make_interval(secs => $3 / $4)
where greatest(p.next_at, clock_timestamp() - make_interval(secs => ($5 - 1) / $4))
    + make_interval(secs => (least($3, $5) - 1) / $4) <= clock_timestamp()
returning true
"""

_WAIT = """
select extract(epoch from next_at - clock_timestamp())::float8 + (least($3::float8, $5::float8) - 1) / $4::float8
from instagram_paces where account_id = $1 and kind = $2
"""
# A slot that was missed by less than a clock's tick is worth a wait all the same.
_LEAST_WAIT = 0.001


class Pace:
    """The lines of all accounts. ``limits`` are calls a second; 0, or no entry: any number."""

    def __init__(self, database: Database, limits: Mapping[Kind, float] = LIMITS) -> None:
        self._database = database
        self._limits = limits

    def rate(self, kind: Kind, slow: bool) -> Rate | None:
        """How fast a kind of call goes, or None when there is no limit."""
        limit = self._limits.get(kind, 0.0)
        if slow:
            limit = (limit or LIMITS[kind]) * SLOW
        return Rate.of(limit) if limit else None

    @property
    def each(self) -> float:
        """Seconds between two sends of an account at its full rate."""
        rate = self.rate(Kind.SEND, slow=False)
        return 1 / rate.per_second if rate else 0.0

    async def take(self, account_id: str, kind: Kind, n: int = 1) -> float:
        """Seconds to wait before the call may be made: then ask again. 0.0: go now, it is counted.

        Obeys the account's pauses as well (see `pauses`, beside this).
        """
        standing = await pauses.standing(self._database, account_id)
        if standing.seconds > 0:
            return standing.seconds
        rate = self.rate(kind, standing.slow)
        if rate is None:
            return 0.0
        given = account_id, kind.value, float(n), rate.per_second, rate.burst
        if await self._database.fetchval(_TAKE, *given):
            return 0.0
        return max(_LEAST_WAIT, await self._database.fetchval(_WAIT, *given) or 0.0)

    async def reserve(self, connection: Connection, asked: Sequence[Asked]) -> dict[tuple[str, Kind], list[float]]:
        """Slots for these, each kind of an account asked for once: in how many seconds each is (0 or less: now).

        Part of the caller's transaction, which holds the lines until its end.
        """
        rates = {(one.account_id, one.kind): self.rate(one.kind, one.slow) for one in asked}
        wanted = {(one.account_id, one.kind): one.n for one in asked}
        slots = {key: [0.0] * n for key, n in wanted.items() if rates[key] is None}
        limited = {key: rate for key, rate in rates.items() if rate is not None}
        if not limited:
            return slots
        rows = await self._reserve(connection, wanted, limited)
        begun = {(row["account_id"], Kind(row["kind"])) for row in rows}
        new = {key: rate for key, rate in limited.items() if key not in begun}
        if new:
            await connection.execute(_BEGIN, [key[0] for key in new], [key[1].value for key in new])
            rows += await self._reserve(connection, wanted, new)
        for row in rows:
            key = row["account_id"], Kind(row["kind"])
            slots[key] = [
                row["ahead"] - (wanted[key] - place) / limited[key].per_second for place in range(wanted[key])
            ]
        return slots

    async def _reserve(
        self, connection: Connection, wanted: Mapping[tuple[str, Kind], int], rates: Mapping[tuple[str, Kind], Rate]
    ) -> list[Any]:
        return list(
            await connection.fetch(
                _RESERVE,
                [account for account, _ in rates],
                [kind.value for _, kind in rates],
                [wanted[key] for key in rates],
                [rate.per_second for rate in rates.values()],
                [rate.burst for rate in rates.values()],
            )
        )
