"""What the pages of Integrations read. Every query is bound to the app that the caller may see."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heliograph.channels.health import Finding
from heliograph.dashboard.integrations.standing import LIVE, Standing, handle_of, name_of, stand, title_of
from heliograph.storage import Connection

# A page lists so many; who has more searches.
MOST_LISTED = 200

# One statement for the page: integrations_of_app, and the primary keys of what is joined. What needs somebody comes first.
# OAuth clients' integrations are left out: they stand under Settings.
_LIST = """
select i.id, i.type, i.status, i.display_name, i.settings, i.created_at, a.last_webhook_at, h.state, h.findings,
    count(*) over () as of_all
from integrations i
left join instagram_accounts a on a.integration_id = i.id
left join integration_health h on h.integration_id = i.id
where i.app_id = $1 and i.type !~ '^[0-9a-f]{24}$'
    and ($2 = '' or position($2 in lower(concat_ws(' ', i.display_name, i.settings ->> 'businessUsername',
        i.settings ->> 'businessName', i.type))) > 0)
order by i.type = 'instagram' and (i.status <> 'active' or h.state is not distinct from 'broken') desc,
    i.type = 'instagram' desc, lower(coalesce(i.display_name, i.settings ->> 'businessUsername', i.type)), i.id
limit $3
"""
# By primary keys.
_ONE = """
select i.id, i.type, i.status, i.display_name, i.settings, i.created_at, a.account_id, a.page_id, a.login,
    a.facebook_app_id, a.token_expires_at, a.last_webhook_at, f.name as facebook_app_name
from integrations i
left join instagram_accounts a on a.integration_id = i.id
left join facebook_apps f on f.id = a.facebook_app_id
where i.app_id = $1 and i.id = $2
"""
# Who wrote last and waits for an answer: commitments_of_integration, messages_of_conversation.
_ARRIVALS = """
select a.integration_id, a.last_webhook_at, m.received, m.body -> 'author' ->> 'displayName' as who,
    m.body -> 'content' ->> 'type' as kind
from instagram_accounts a
left join lateral (
    select conversation_id from commitments where integration_id = a.integration_id order by since desc limit 1
) c on true
left join lateral (
    select received, body from messages
    where conversation_id = c.conversation_id and author_type = 'user' order by seq desc limit 1
) m on true
where (a.app_id, a.integration_id) in (select * from unnest($1::text[], $2::text[]))
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list."""

    id: str
    kind: str
    title: str
    name: str
    handle: str
    standing: Standing
    created_at: datetime
    last_webhook_at: datetime | None


@dataclass(frozen=True, slots=True)
class One:
    """One integration. What is about an account is None or empty for other types, and for an account that is gone."""

    id: str
    kind: str
    status: str
    display_name: str | None
    settings: dict[str, Any] = field(repr=False)
    created_at: datetime
    account_id: str | None
    page_id: str | None
    login: str | None
    facebook_app_id: str | None
    token_expires_at: datetime | None
    last_webhook_at: datetime | None
    facebook_app_name: str | None

    @property
    def is_account(self) -> bool:
        """Whether an Instagram account hangs on it."""
        return self.account_id is not None

    @property
    def is_live(self) -> bool:
        """Whether it is of Instagram, with an account or without."""
        return self.kind == LIVE

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self.display_name, self.settings, self.kind)

    @property
    def handle(self) -> str:
        """``@username``, or nothing."""
        return handle_of(self.settings)

    @property
    def title(self) -> str:
        """The name of its type."""
        return title_of(self.kind)


@dataclass(frozen=True, slots=True)
class Arrived:
    """The last that came of an account: when, from whom and what kind, as far as that is known."""

    at: datetime | None
    written_at: datetime | None = None
    who: str = ""
    kind: str = ""


async def listed(connection: Connection, app_id: str, wanted: str) -> tuple[list[Listed], int]:
    """The integrations of an app in which ``wanted`` occurs, and how many there are."""
    rows = await connection.fetch(_LIST, app_id, wanted.lower(), MOST_LISTED)
    return [_line(row) for row in rows], rows[0]["of_all"] if rows else 0


async def one(connection: Connection, app_id: str, integration_id: str) -> One | None:
    """One of them, or None."""
    row = await connection.fetchrow(_ONE, app_id, integration_id)
    return None if row is None else One(**{"kind" if name == "type" else name: value for name, value in row.items()})


async def arrivals(connection: Connection, wanted: Sequence[tuple[str, str]]) -> dict[str, Arrived]:
    """What came last of these, by integration. ``wanted``: pairs of app and integration."""
    app_ids, integration_ids = zip(*wanted, strict=True) if wanted else ((), ())
    rows = await connection.fetch(_ARRIVALS, list(app_ids), list(integration_ids))
    return {
        row["integration_id"]: Arrived(row["last_webhook_at"], row["received"], row["who"] or "", row["kind"] or "")
        for row in rows
    }


def _line(row: Any) -> Listed:
    findings = [Finding.of(one) for one in row["findings"] or ()]
    kind, settings = row["type"], row["settings"]
    return Listed(
        row["id"],
        kind,
        title_of(kind),
        name_of(row["display_name"], settings, kind),
        handle_of(settings),
        stand(kind, row["status"], row["state"], findings),
        row["created_at"],
        row["last_webhook_at"],
    )
