"""How often somebody may try to sign in: token buckets in the database, shared by all processes.

An attempt counts for its address, for the email, and for both together. A browser in which a member signed in before is
counted apart from them: whoever guesses at somebody's password from elsewhere does not keep that person out. Nothing is
ever locked; there is only a wait.
"""

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime

from heliograph.storage import Connection


@dataclass(frozen=True, slots=True)
class Kind:
    """A bucket: so many attempts at once, and then one in so many seconds."""

    burst: int
    every: float


PAIR = Kind(10, 30)
EMAIL = Kind(50, 20)
ADDRESS = Kind(100, 3)
KNOWN = Kind(20, 30)

# By sign_in_attempts_pkey. What is left grows with time up to the burst ($3), by one every $4 seconds; one is taken when
# there is one. Answers what is left before.
_TAKE = """
insert into sign_in_attempts as a (name, left_over, at) values ($1, $3 - 1, $2)
on conflict (name) do update set
    left_over = least($3, a.left_over + greatest(0, extract(epoch from $2::timestamptz - a.at)) / $4) - 1,
    at = $2
where least($3, a.left_over + greatest(0, extract(epoch from $2::timestamptz - a.at)) / $4) >= 1
returning true
"""
_LEFT = """
select least($3, left_over + greatest(0, extract(epoch from $2::timestamptz - at)) / $4)
from sign_in_attempts where name = $1
"""
_GIVE_BACK = "update sign_in_attempts set left_over = least($2, left_over + 1) where name = $1"


def buckets(address: str, email: str, known: str | None) -> list[tuple[bytes, Kind]]:
    """What an attempt counts for. ``known``: a mark that this member's browser brought, already checked."""
    if known:
        return [(_name("known", known), KNOWN)]
    place, whose = _place(address), email.casefold()
    # In this order everywhere, so that two attempts never wait for each other.
    return [
        (_name("pair", f"{place} {whose}"), PAIR),
        (_name("email", whose), EMAIL),
        (_name("address", place), ADDRESS),
    ]


async def take(connection: Connection, counted: list[tuple[bytes, Kind]], now: datetime) -> int:
    """Count an attempt and answer 0; or the seconds to wait, when there are none left. In a transaction of its own."""
    for name, kind in counted:
        if not await connection.fetchval(_TAKE, name, now, float(kind.burst), kind.every):
            left = await connection.fetchval(_LEFT, name, now, float(kind.burst), kind.every)
            return max(1, math.ceil((1 - float(left or 0)) * kind.every))
    return 0


async def give_back(connection: Connection, counted: list[tuple[bytes, Kind]]) -> None:
    """It was the right password: this attempt does not count."""
    for name, kind in counted:
        await connection.execute(_GIVE_BACK, name, float(kind.burst))


def _place(address: str) -> str:
    """An address; of IPv6 the /64, since who has one has all of them."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ip) if ip.version == 4 else f"{int(ip) >> 64:x}"


def _name(kind: str, text: str) -> bytes:
    return hashlib.sha256(f"{kind}\0{text}".encode()).digest()
