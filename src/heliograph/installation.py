"""How the installation itself stands: database, migrations, key, address, versions, work that nobody takes.

`heliograph doctor` and the dashboard's page Health tell the same, each thing as a :class:`Finding`.
"""

import platform
from datetime import datetime, timedelta

from heliograph import __version__
from heliograph.channels.health import Finding, State
from heliograph.channels.instagram.accounts.records import secret_place, token_place
from heliograph.channels.instagram.doctor.facts import PublicUrl, Reached
from heliograph.storage import Database, SecretBox
from heliograph.storage.migrate import newer, pending
from heliograph.storage.secrets import SecretError

_DATABASE, _MIGRATIONS, _KEY, _URL = "Database", "Migrations", "Secret key", "Public address"
_VERSIONS, _WORK = "Versions", "Waiting work"

# Few rows, and asked by hand.
_SEALED = """
select 'app' as what, id, secret as sealed from facebook_apps
union all select 'account', integration_id, page_token from instagram_accounts
"""
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
    """The key opens all that is stored."""
    places = {"app": secret_place, "account": token_place}
    rows, sick = await database.fetch(_SEALED), []
    for row in rows:
        try:
            box.open(row["sealed"], places[row["what"]](row["id"]))
        except SecretError as error:
            sick.append(str(error))
    if not sick:
        return _well(_KEY, f"It opens everything that is stored ({len(rows)} secrets).")
    return _broken(
        _KEY,
        f"{len(sick)} of {len(rows)} stored secrets cannot be read: {sick[0]}",
        "Their accounts can neither send nor be read.",
        "Give the key that they were sealed with after the current one, separated by a comma (HELIOGRAPH_SECRET_KEY).",
        "If it is lost: give every integration a new token.",
    )


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
