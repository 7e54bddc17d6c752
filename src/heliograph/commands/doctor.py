"""`heliograph doctor`: the installation and its integrations, examined now.

The installation first: without database, migrations and key nothing else can be seen. Nothing is migrated here.
"""

from dataclasses import dataclass, field
from typing import Any

from heliograph import installation
from heliograph.channels.health import Finding, PausedError, Report, State
from heliograph.channels.instagram.doctor.public import OwnAddress
from heliograph.commands.console import CommandError
from heliograph.opening.instagram import opened_channel
from heliograph.opening.storage import open_box, open_database
from heliograph.settings import Settings
from heliograph.storage import Database, SecretBox
from heliograph.storage.database import DatabaseUnavailableError
from heliograph.storage.secrets import SecretError

_ACCOUNTS = """
select a.app_id, a.integration_id, i.settings ->> 'businessUsername' as username
from instagram_accounts a join integrations i on i.id = a.integration_id
where ($1::text is null or a.integration_id = $1) and ($2::text is null or a.app_id = $2) order by a.integration_id
"""

_UNSET = installation.unset(
    "Nobody outside this machine reaches the server, and integrations cannot be examined from here: what is shown of them is"
    " their last report."
)


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
    """Examine everything, or one integration, or those of one app. Raises CommandError for what is not connected."""
    found = Examined()
    address = await OwnAddress(settings.reachable_at).ask()
    try:
        async with open_database(settings, migrated=False) as database:
            found.installation.append(await installation.answers(database))
            found.installation.append(await installation.migrations(database))
            if found.installation[-1].state is State.BROKEN:
                return found
            box = await _key(found, settings, database)
            found.installation.append(installation.address(address) if settings.public_url else _UNSET)
            if box is not None:
                await _examine_all(found, settings, database, box, integration, app)
    except DatabaseUnavailableError as error:
        found.installation.append(installation.silent(error))
    return found


async def _examine_all(
    found: Examined, settings: Settings, database: Database, box: SecretBox, integration: str | None, app: str | None
) -> None:
    rows = await database.fetch(_ACCOUNTS, integration, app)
    if integration is not None and not rows:
        raise CommandError(f"there is no Instagram integration {integration}{f' in the app {app}' if app else ''}")
    async with opened_channel(settings, database, box) as channel:
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


async def _key(found: Examined, settings: Settings, database: Database) -> SecretBox | None:
    try:
        box = open_box(settings)
    except SecretError as error:
        found.installation.append(installation.no_key(error))
        return None
    told = await installation.key(database, box)
    found.installation.append(told)
    return box if told.is_well else None
