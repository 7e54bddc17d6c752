"""The doctor's SQL: what our tables tell of an integration, and what is written of its examination.

Locks are taken as everywhere: integrations, accounts, then the report's row.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.health import Finding, Report, State
from heliograph.channels.instagram.accounts.parting import LEAVING
from heliograph.channels.instagram.doctor.checks import departed
from heliograph.channels.instagram.doctor.treatment import Standing, Treatment
from heliograph.channels.instagram.notes import for_backfill
from heliograph.storage import Connection, Database
from heliograph.telemetry import metrics

# All that is known here of an integration. Served by primary keys and clients_owned_elsewhere.
_LOAD = f"""
select a.*, {LEAVING} as leaving, i.status, i.settings ? 'tokenError' as token_error, f.secret as app_secret,
    h.checked_at, h.acquitted_at, h.findings, (
        select count(*) from clients c where c.integration_id = a.integration_id and c.thread_owner is not null
        and coalesce(c.last_action_at, c.thread_owner_at) > $3
    ) as owned_elsewhere
from instagram_accounts a
join integrations i on i.id = a.integration_id
join facebook_apps f on f.id = a.facebook_app_id
left join integration_health h on h.integration_id = a.integration_id
where a.integration_id = $1 and a.app_id = $2
"""  # noqa: S608  the only thing put in is a constant

# What a report is made of, beside its findings.
REPORTED = "i.id, i.app_id, i.status, h.state, h.checked_at, a.last_webhook_at, a.refusal"
REPORTED_FROM = """
integrations i
left join instagram_accounts a on a.integration_id = i.id
left join integration_health h on h.integration_id = i.id
"""
# Served by primary keys.
_REPORT = f"""
select {REPORTED}, h.findings from {REPORTED_FROM} where i.id = $1 and i.app_id = $2 and i.type = 'instagram'
"""  # noqa: S608
_REPORTS = f"""
select {REPORTED}, h.findings from {REPORTED_FROM}
join unnest($1::text[], $2::text[]) as w (app_id, id) on w.id = i.id and w.app_id = i.app_id
where i.type = 'instagram'
"""  # noqa: S608

_HOLD = """
select status, settings ? 'tokenError' as token_error from integrations where id = $1 and app_id = $2
for no key update
"""
_HOLD_ACCOUNT = f"""
select a.page_token, a.refusal, a.refused_at, h.checked_at, {LEAVING} as leaving from instagram_accounts a
left join integration_health h on h.integration_id = a.integration_id
where a.integration_id = $1 for update of a
"""  # noqa: S608
_TREAT = "update integrations set status = $2 where id = $1 and status <> $2"
_TREAT_ACCOUNT = """
update instagram_accounts set refusal = $2, ailment = $3, refused_at = case when $4 then refused_at end,
    heard_since = coalesce($5, heard_since)
where integration_id = $1
"""
# Served by integration_health_pkey. What is unknown is no news: webhooks are told when it is known again.
_WRITE = """
insert into integration_health as h (integration_id, app_id, state, told, findings, checked_at, acquitted_at, due_at)
values ($1, $2, $3, case when $3 = 'unknown' then 'ok' else $3 end, $4, $5, $6, now() + $7)
on conflict (integration_id) do update set state = excluded.state,
    told = case when excluded.state = 'unknown' then h.told else excluded.state end, findings = excluded.findings,
    checked_at = excluded.checked_at, acquitted_at = coalesce(excluded.acquitted_at, h.acquitted_at),
    due_at = excluded.due_at
"""
_TOLD = "select told from integration_health where integration_id = $1 for update"
_LATER = "update integration_health set due_at = now() + $2 where integration_id = $1"

# Reads all reports; few, and asked when somebody looks at the metrics.
_COUNT = """
select case when i.status = 'inactive' then 'inactive' else h.state end as state, count(*) as n
from integration_health h join integrations i on i.id = h.integration_id group by 1
"""
_COUNT_FINDINGS = """
select f ->> 'check' as name, f ->> 'state' as state, count(*) as n
from integration_health h cross join jsonb_array_elements(h.findings) f
where f ->> 'state' in ('warning', 'broken') group by 1, 2
"""


async def load(database: Database, app_id: str, integration_id: str, owned_since: datetime) -> Any:
    """What our tables tell of a connected account, or None. ``owned_since``: threads of older owners do not count."""
    return await database.fetchrow(_LOAD, integration_id, app_id, owned_since)


async def report(reader: Database | Connection, app_id: str, integration_id: str) -> Report | None:
    """The last report; None when the app has no such integration."""
    row = await reader.fetchrow(_REPORT, integration_id, app_id)
    return None if row is None else report_of(row)


async def reports(reader: Database | Connection, wanted: Sequence[tuple[str, str]]) -> list[Report]:
    """The last reports of several integrations: pairs of app and integration. Those that there are not are left out."""
    rows = await reader.fetch(_REPORTS, [app_id for app_id, _ in wanted], [one for _, one in wanted])
    return [report_of(row) for row in rows]


def report_of(row: Mapping[str, Any]) -> Report:
    """A report of the columns of :data:`REPORTED`; ``findings`` may be some of them."""
    findings = tuple(Finding.of(one) for one in row["findings"] or ())
    state = State(row["state"] or State.UNKNOWN)
    if row["status"] == "inactive":
        findings, state = (departed((row["refusal"] or {}).get("message", "")),), State.BROKEN
    return Report(row["id"], row["app_id"], row["status"], state, row["checked_at"], row["last_webhook_at"], findings)


async def stand(
    connection: Connection, app_id: str, integration_id: str, page_token: bytes, looked_at: datetime
) -> Standing | None:
    """How the integration stands, its rows locked; None when nothing may be written of what was found.

    That is when it is gone or going, has another token by now, or was examined by somebody who began after ``looked_at``.
    """
    integration = await connection.fetchrow(_HOLD, integration_id, app_id)
    account = await connection.fetchrow(_HOLD_ACCOUNT, integration_id)
    if integration is None or account is None or account["page_token"] != page_token:
        return None
    if account["leaving"]:
        return None
    if account["checked_at"] is not None and account["checked_at"] > looked_at:
        return None
    return Standing(integration["status"], integration["token_error"], account["refusal"], account["refused_at"])


async def apply(
    connection: Connection, integration_id: str, treatment: Treatment, heard_since: datetime | None
) -> None:
    """Write what follows; the caller holds the rows. ``heard_since``: webhooks were away until then."""
    await connection.execute(_TREAT, integration_id, treatment.status)
    await connection.execute(
        _TREAT_ACCOUNT, integration_id, treatment.refusal, treatment.ailment, treatment.by_meta, heard_since
    )
    if heard_since is not None:
        # What was written meanwhile is there to be read.
        await for_backfill.reconnected(connection, integration_id)


async def write(
    connection: Connection,
    app_id: str,
    integration_id: str,
    state: State,
    findings: Sequence[Finding],
    *,
    checked_at: datetime,
    acquitted_at: datetime | None,
    again_in: timedelta,
) -> State:
    """Keep a report; the state that webhooks were told before."""
    told = await connection.fetchval(_TOLD, integration_id)
    kept = [one.kept() for one in findings]
    await connection.execute(_WRITE, integration_id, app_id, state, kept, checked_at, acquitted_at, again_in)
    return State(told or State.OK)


async def later(connection: Connection, integration_id: str, pause: timedelta) -> None:
    """Nothing could be asked: it is due again then."""
    await connection.execute(_LATER, integration_id, pause)


async def count(database: Database) -> None:
    """Count integrations by state, and findings, for the metrics."""
    states: Mapping[str, int] = {row["state"]: row["n"] for row in await database.fetch(_COUNT)}
    for state in ("ok", "warning", "broken", "unknown", "inactive"):
        metrics.INTEGRATIONS.labels(state).set(states.get(state, 0))
    rows = await database.fetch(_COUNT_FINDINGS)
    metrics.FINDINGS.clear()
    for row in rows:
        metrics.FINDINGS.labels(row["name"], row["state"]).set(row["n"])
