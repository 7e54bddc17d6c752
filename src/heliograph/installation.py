"""How the installation itself stands: database, migrations, key, address, versions, work that nobody takes.

`heliograph doctor` and the dashboard's page Health tell the same, each thing as a :class:`Finding`.
"""

import platform
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from heliograph import __version__
from heliograph.channels.health import Finding, State
from heliograph.channels.instagram.accounts.records import secret_place, token_place
from heliograph.channels.instagram.doctor.facts import PublicUrl, Reached
from heliograph.messaging import keys, webhooks
from heliograph.messaging.oauth import clients
from heliograph.storage import Database, SecretBox
from heliograph.storage.migrate import newer, pending
from heliograph.storage.secrets import SecretError

_DATABASE, _MIGRATIONS, _KEY, _URL = "Database", "Migrations", "Secret key", "Public address"
_VERSIONS, _WORK = "Versions", "Waiting work"

# So many of each kind are tried: the page Health asks whenever it is opened.
_MOST_TRIED = 100
# Where sealed texts lie: what they are, by their primary keys from the newest on, and the place that each is sealed for.
_SEALED: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "Facebook apps' secrets": ("select id, secret as sealed from facebook_apps", secret_place),
    "their verify tokens": (
        "select id, verify_token as sealed from facebook_apps",
        "facebook_app:{}:verify_token".format,
    ),
    "accounts' tokens": ("select integration_id as id, page_token as sealed from instagram_accounts", token_place),
    "API keys": ("select id, secret as sealed from api_keys", keys.place),
    "webhooks' secrets": ("select id, secret as sealed from webhooks", webhooks.place),
    "OAuth clients' secrets": ("select id, secret as sealed from oauth_clients", clients.place),
}
# Lanes that were due before $1 and still are: their worker died, or there are too few. Reads lanes_due as far as it must;
# work that waits for its time is not among them.
_OVERDUE = "select kind, count(*) as lanes, min(due_at) as since from lanes where due_at < $1 group by kind order by 3"
# So long work may wait for a hand before somebody should look.
_PATIENCE = timedelta(minutes=1)


async def answers(database: Database) -> Finding:
    """The database answers."""
    return _well(_DATABASE, f"PostgreSQL {await _postgres(database)} answers.")


def silent(error: Exception) -> Finding:
    """The database does not."""
    return _broken(
        _DATABASE,
        str(error),
        "Nothing works without it.",
        "Start PostgreSQL, or check HELIOGRAPH_DATABASE_URL.",
        "Without it the embedded one is used.",
    )


async def migrations(database: Database) -> Finding:
    """The database is of this version."""
    waiting = await pending(database)
    if waiting:
        return _broken(
            _MIGRATIONS,
            f"{len(waiting)} migrations have not run: {', '.join(waiting[:5])}{'…' if len(waiting) > 5 else ''}.",
            "This version cannot work on this database yet.",
            "Run `heliograph migrate`, or start the server: it does so too.",
        )
    if await newer(database):
        return _broken(
            _MIGRATIONS,
            "A newer version has been at this database.",
            "This version may not use it.",
            "Start the newer version of Heliograph, or restore a backup.",
        )
    return _well(_MIGRATIONS, "The database is up to date.")


def no_key(error: SecretError) -> Finding:
    """There is no key that could be read."""
    step = "Set HELIOGRAPH_SECRET_KEY to the key that this installation was set up with."
    return _broken(_KEY, str(error), "No token can be read.", step)


async def key(database: Database, box: SecretBox) -> Finding:
    """The key opens what is stored: the newest :data:`_MOST_TRIED` of each kind are tried."""
    told, sick, tried = list[str](), list[str](), 0
    for what, (sql, place) in _SEALED.items():
        rows = await database.fetch(f"{sql} order by 1 desc limit $1", _MOST_TRIED)
        sick += [said for row in rows if (said := _closed(box, row["sealed"], place(row["id"])))]
        tried += len(rows)
        if rows:
            told.append(f"{what} ({'the newest ' if len(rows) == _MOST_TRIED else ''}{len(rows)})")
    if not sick:
        return _well(_KEY, f"It opens everything that was tried: {', '.join(told) or 'nothing is stored yet'}.")
    return _broken(
        _KEY,
        f"{len(sick)} of {tried} stored secrets cannot be read: {sick[0]}",
        "Accounts whose token is among them can neither send nor be read; keys let nobody in, webhooks go nowhere.",
        "Give the key that they were sealed with after the current one, separated by a comma (HELIOGRAPH_SECRET_KEY).",
        "If it is lost: give every integration a new token, and make keys and webhooks anew.",
    )


def _closed(box: SecretBox, sealed: bytes, place: str) -> str:
    """Why it does not open; empty: it does."""
    try:
        box.open(sealed, place)
    except SecretError as error:
        return str(error)
    return ""


def address(told: PublicUrl) -> Finding:
    """The public address answers, as far as this machine can tell."""
    if told.reached is Reached.WELL:
        return _well(_URL, f"{told.url} answers.")
    return _warns(
        _URL,
        f"{told.url} does not answer as it should ({told.reached.replace('_', ' ')}"
        f"{f': {told.detail}' if told.detail else ''}).",
        "If Meta sees the same, no webhook comes.",
        "Start `heliograph serve`, and check name, certificate, proxy and firewall.",
    )


def unset(consequence: str = "Nobody outside this machine reaches the server: no webhook comes.") -> Finding:
    """Nobody said what the public address is."""
    step = "Set it to the https address under which Meta reaches the server."
    return _warns(_URL, "HELIOGRAPH_PUBLIC_URL is not set.", consequence, step)


async def versions(database: Database, graph_version: str) -> Finding:
    """What runs here."""
    parts = (
        f"Heliograph {__version__}",
        f"Python {platform.python_version()}",
        f"PostgreSQL {await _postgres(database)}",
    )
    return _well(_VERSIONS, f"{', '.join(parts)}, Graph API {graph_version}.")


async def work(database: Database, now: datetime) -> Finding:
    """Nothing is due that nobody takes."""
    overdue = await database.fetch(_OVERDUE, now - _PATIENCE)
    if not overdue:
        return _well(_WORK, "All work that is due is being done.")
    told = ", ".join(f"{row['lanes']} of {row['kind']}" for row in overdue)
    minutes = (now - overdue[0]["since"]).total_seconds() / 60
    return _warns(
        _WORK,
        f"Work is due that nobody takes: {told}. The oldest has waited for {minutes:.0f} min.",
        "What it is about happens late.",
        "See in the server's log whether its workers run, and whether the database is slow.",
        "If there is simply much to do: start another process of the server.",
    )


async def _postgres(database: Database) -> str:
    return str(await database.fetchval("show server_version")).partition(" ")[0]


def _well(title: str, finding: str) -> Finding:
    return Finding(_name(title), title, State.OK, finding)


def _warns(title: str, finding: str, consequence: str, *repair: str) -> Finding:
    return Finding(_name(title), title, State.WARNING, finding, consequence, repair)


def _broken(title: str, finding: str, consequence: str, *repair: str) -> Finding:
    return Finding(_name(title), title, State.BROKEN, finding, consequence, repair)


def _name(title: str) -> str:
    return title.lower().replace(" ", "_")
