"""`heliograph doctor`: the installation and its integrations, examined now.

The installation first: without database, migrations and key nothing else can be seen. Nothing is migrated here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from heliograph.app import open_box, open_database
from heliograph.channels.health import Finding, PausedError, Report, State
from heliograph.channels.instagram import InstagramChannel
from heliograph.channels.instagram.accounts.records import secret_place, token_place
from heliograph.channels.instagram.doctor.facts import PublicUrl, Reached
from heliograph.channels.instagram.doctor.public import OwnAddress
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.settings import Settings
from heliograph.storage import Database, SecretBox
from heliograph.storage.database import DatabaseUnavailableError
from heliograph.storage.migrate import newer, pending
from heliograph.storage.secrets import SecretError

_DATABASE, _MIGRATIONS, _KEY, _URL = "Database", "Migrations", "Secret key", "Public address"

# Few rows, and asked by hand.
_SEALED = """
select 'app' as what, id, secret as sealed from facebook_apps
union all select 'account', integration_id, page_token from instagram_accounts
"""
_ACCOUNTS = """
select a.app_id, a.integration_id, i.settings ->> 'businessUsername' as username
from instagram_accounts a join integrations i on i.id = a.integration_id
where ($1::text is null or a.integration_id = $1) and ($2::text is null or a.app_id = $2) order by a.integration_id
"""


@dataclass(slots=True)
class Examined:
    """What was found. ``paused``: integrations that Meta wants left alone, and for how many seconds."""

    installation: list[Finding] = field(default_factory=list)
    integrations: list[tuple[str, Report]] = field(default_factory=list)
    paused: dict[str, float] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether nothing is broken."""
        reports = (one for _, report in self.integrations for one in report.findings)
        return not any(one.state is State.BROKEN for one in (*self.installation, *reports))

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "installation": [one.wire() for one in self.installation],
            "integrations": [
                {**report.wire(), "username": name, "appId": report.app_id} for name, report in self.integrations
            ],
            "paused": self.paused,
        }


async def examine(settings: Settings, integration: str | None, app: str | None) -> Examined:
    """Examine everything, or one integration, or those of one app. Raises LookupError for what is not connected."""
    found = Examined()
    address = await OwnAddress(settings.reachable_at).ask()
    try:
        async with open_database(settings, migrated=False) as database:
            found.installation.append(_well(_DATABASE, f"PostgreSQL {await _version(database)} answers."))
            found.installation.append(await _migrations(database))
            if found.installation[-1].state is State.BROKEN:
                return found
            box = await _key(found, settings, database)
            found.installation.append(_address(settings, address))
            if box is not None:
                await _examine_all(found, settings, database, box, integration, app)
    except DatabaseUnavailableError as error:
        repair = "Start PostgreSQL, or check HELIOGRAPH_DATABASE_URL.", "Without it the embedded one is used."
        found.installation.append(_broken(_DATABASE, str(error), "Nothing works without it.", repair))
    return found


async def _examine_all(
    found: Examined, settings: Settings, database: Database, box: SecretBox, integration: str | None, app: str | None
) -> None:
    rows = await database.fetch(_ACCOUNTS, integration, app)
    if integration is not None and not rows:
        raise LookupError(f"there is no Instagram integration {integration}{f' in the app {app}' if app else ''}")
    graph = Graph(
        settings.graph_url,
        settings.graph_version,
        timeout=settings.graph_timeout,
        instagram_url=settings.instagram_graph,
    )
    channel = InstagramChannel(
        database, box, graph, public_url=settings.reachable_at, unknown_grace=settings.unknown_grace
    )
    try:
        for row in rows:
            name = row["username"] or row["integration_id"]
            if not settings.public_url:
                # The server's address is not known here: what is well would be taken for wrong, and put "right".
                last = await channel.doctor.report(row["app_id"], row["integration_id"])
                found.integrations += [(name, last)] if last is not None else []
                continue
            try:
                report = await channel.doctor.examine(row["app_id"], row["integration_id"])
            except PausedError as paused:
                found.paused[row["integration_id"]] = round(paused.seconds, 1)
                report = await channel.doctor.report(row["app_id"], row["integration_id"])
            if report is not None:
                found.integrations.append((name, report))
    finally:
        await channel.close()
        await graph.close()


# The installation ---------------------------------------------------------------------------------------------------


async def _version(database: Database) -> str:
    return str(await database.fetchval("show server_version")).partition(" ")[0]


async def _migrations(database: Database) -> Finding:
    waiting = await pending(database)
    repair: tuple[str, ...]
    if waiting:
        told = f"{len(waiting)} migrations have not run: {', '.join(waiting[:5])}{'…' if len(waiting) > 5 else ''}."
        repair = ("Run `heliograph migrate`, or start the server: it does so too.",)
        return _broken(_MIGRATIONS, told, "This version cannot work on this database yet.", repair)
    if await newer(database):
        repair = ("Start the newer version of Heliograph, or restore a backup.",)
        return _broken(
            _MIGRATIONS, "A newer version has been at this database.", "This version may not use it.", repair
        )
    return _well(_MIGRATIONS, "The database is up to date.")


async def _key(found: Examined, settings: Settings, database: Database) -> SecretBox | None:
    try:
        box = open_box(settings)
    except SecretError as error:
        repair = ("Set HELIOGRAPH_SECRET_KEY to the key that this installation was set up with.",)
        found.installation.append(_broken(_KEY, str(error), "No token can be read.", repair))
        return None
    places = {"app": secret_place, "account": token_place}
    rows, sick = await database.fetch(_SEALED), []
    for row in rows:
        try:
            box.open(row["sealed"], places[row["what"]](row["id"]))
        except SecretError as error:
            sick.append(str(error))
    if sick:
        steps = (
            "Give the key that they were sealed with after the current one, separated by a comma (HELIOGRAPH_SECRET_KEY).",
            "If it is lost: give every integration a new token.",
        )
        told = f"{len(sick)} of {len(rows)} stored secrets cannot be read: {sick[0]}"
        found.installation.append(_broken(_KEY, told, "Their accounts can neither send nor be read.", steps))
        return None
    found.installation.append(_well(_KEY, f"It opens everything that is stored ({len(rows)} secrets)."))
    return box


def _address(settings: Settings, address: PublicUrl) -> Finding:
    if not settings.public_url:
        return Finding(
            "public_address", _URL, State.WARNING, "HELIOGRAPH_PUBLIC_URL is not set.",
            "Nobody outside this machine reaches the server, and integrations cannot be examined from here: what is shown of"
            " them is their last report.",
            ("Set it to the https address under which Meta reaches the server.",),
        )  # fmt: skip
    if address.reached is Reached.WELL:
        return _well(_URL, f"{address.url} answers.")
    return Finding(
        "public_address", _URL, State.WARNING,
        f"{address.url} does not answer as it should ({address.reached.replace('_', ' ')}"
        f"{f': {address.detail}' if address.detail else ''}).",
        "If Meta sees the same, no webhook comes.",
        ("Start `heliograph serve`, and check name, certificate, proxy and firewall.",),
    )  # fmt: skip


def _well(title: str, finding: str) -> Finding:
    return Finding(_name(title), title, State.OK, finding)


def _broken(title: str, finding: str, consequence: str, repair: Sequence[str]) -> Finding:
    return Finding(_name(title), title, State.BROKEN, finding, consequence, tuple(repair))


def _name(title: str) -> str:
    return title.lower().replace(" ", "_")
