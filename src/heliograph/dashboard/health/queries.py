"""What the pages of Health read, and what open ones follow. Every query is bound to apps that the reader may see."""

from collections.abc import Mapping
from dataclasses import dataclass

from heliograph.channels.health import Report
from heliograph.channels.instagram.doctor import records
from heliograph.dashboard.health.condition import Condition, condition
from heliograph.dashboard.live import Feed
from heliograph.storage import Connection, Database

# A page lists so many of an app, those that need somebody first.
MOST_LISTED = 200

# One statement for all open pages: integrations_of_app, and the primary keys of what is joined. Only what is not well is
# taken out of a report, and whether Meta was asked: the rest is of no use in a list.
_LISTED = f"""
select l.*, jsonb_path_query_array(coalesce(l.all_findings, '[]'),
    '$[*] ? (@.state == "broken" || @.state == "warning" || @.repaired == true || @.check == "token_valid")') as findings
from (
    select {records.REPORTED}, h.findings as all_findings, i.display_name,
        i.settings ->> 'businessUsername' as username, count(*) over (partition by i.app_id) as of_all,
        row_number() over (partition by i.app_id order by
            case when i.status <> 'active' or h.state = 'broken' then 0 when h.state = 'warning' then 1
                when h.state = 'ok' then 3 else 2 end,
            lower(coalesce(i.display_name, i.settings ->> 'businessUsername', '')), i.id) as place
    from {records.REPORTED_FROM}
    where i.app_id = any ($1::text[]) and i.type = 'instagram'
) l where l.place <= $2 order by l.app_id, l.place
"""  # noqa: S608
# By integrations_pkey.
_NAME = """
select display_name, settings ->> 'businessUsername' as username from integrations
where id = $1 and app_id = $2 and type = 'instagram'
"""


@dataclass(frozen=True, slots=True)
class Line:
    """An account in the list. ``report`` has only the findings that somebody should read."""

    name: str
    handle: str
    report: Report
    condition: Condition


@dataclass(frozen=True, slots=True)
class Listed:
    """The accounts of an app, and how many there are of them."""

    lines: tuple[Line, ...] = ()
    of_all: int = 0


async def listed(reader: Database | Connection, app_ids: frozenset[str]) -> dict[str, Listed]:
    """The accounts of these apps, for each of them."""
    found: dict[str, list[Line]] = {app_id: [] for app_id in app_ids}
    counts = dict.fromkeys(app_ids, 0)
    for row in await reader.fetch(_LISTED, sorted(app_ids), MOST_LISTED):
        report = records.report_of(row)
        name, handle = _names(row["display_name"], row["username"])
        found[report.app_id].append(Line(name, handle, report, condition(report)))
        counts[report.app_id] = row["of_all"]
    return {app_id: Listed(tuple(lines), counts[app_id]) for app_id, lines in found.items()}


async def name_of(reader: Database | Connection, app_id: str, integration_id: str) -> tuple[str, str] | None:
    """An account's name and ``@username``; None when the app has no such account."""
    row = await reader.fetchrow(_NAME, integration_id, app_id)
    return None if row is None else _names(row["display_name"], row["username"])


def _names(display_name: str | None, username: str | None) -> tuple[str, str]:
    handle = f"@{username}" if username else ""
    return display_name or handle or "Instagram account", handle


# Feeds ----------------------------------------------------------------------------------------------------------------


async def _reports(database: Database, keys: frozenset[str]) -> Mapping[str, Report]:
    wanted = [(app_id, one) for app_id, _, one in (key.partition("/") for key in sorted(keys))]
    return {key_of(one.app_id, one.integration_id): one for one in await records.reports(database, wanted)}


def key_of(app_id: str, integration_id: str) -> str:
    """What :data:`REPORTS` knows an account by."""
    return f"{app_id}/{integration_id}"


ACCOUNTS = Feed("health of apps", listed)
REPORTS = Feed("health of an account", _reports, every=1.0)
