"""The rows of an account that is connected or changed. SQL; part of its caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from heliograph.channels.instagram.accounts.logins import Found
from heliograph.channels.instagram.accounts.records import TYPE
from heliograph.storage import Connection, Database


class Switch(NamedTuple):
    """The column of a wire field that can be changed, and what it is when nobody says."""

    column: str
    default: Any


SWITCHES: Mapping[str, Switch] = {
    "storyRepliesEnabled": Switch("story_replies", default=True),
    "storyMentionsEnabled": Switch("story_mentions", default=True),
    "humanAgentTag": Switch("human_agent_tag", default="afterWindow"),
    "carouselMode": Switch("carousel_mode", default="native"),
    "mediaMode": Switch("media_mode", default="proxy"),
}

# By app and account: who connects the same account at the same time waits, and sees it connected.
_ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended($1, 448378268016))"
# By the primary key.
_ACCOUNT = "select * from instagram_accounts where integration_id = $1 and app_id = $2"
# Served by instagram_accounts_once.
_TWIN = """
select integration_id, login from instagram_accounts
where app_id = $1 and account_id = $2 and (facebook_app_id = $3 or login <> $4)
"""

_INSERT = "insert into integrations (id, app_id, type, display_name, settings) values ($1, $2, $3, $4, $5)"
_INSERT_ACCOUNT = f"""
insert into instagram_accounts (
    integration_id, app_id, facebook_app_id, page_id, account_id, page_token, login, owner_id, token_expires_at, refresh_at,
    connected_at, heard_since, {", ".join(switch.column for switch in SWITCHES.values())}
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, {", ".join(f"${12 + n}" for n in range(len(SWITCHES)))})
"""  # noqa: S608  the only thing put in is a constant above

# All three by the primary key.
_CHANGE = """
update integrations set settings = settings - case when $3 then 'tokenError' else '' end || $2::jsonb,
    status = case when $3 then 'active' else status end
where id = $1 returning id
"""
_SWITCH = f"""
update instagram_accounts
set {", ".join(f"{one.column} = coalesce(${n}, {one.column})" for n, one in enumerate(SWITCHES.values(), 2))}
where integration_id = $1
"""  # noqa: S608
_RENEW = """
update instagram_accounts set page_token = $2, page_id = $3, token_expires_at = $4, refresh_at = $5, owner_id = $6,
    connected_at = $7, heard_since = $7, refresh_error = null, refusal = null, refused_at = null, ailment = null,
    objection = null, objected_at = null, leaving_at = null
where integration_id = $1
"""


def given(request: Mapping[str, Any]) -> dict[str, Any]:
    """The switches that a body of the wire names."""
    return {name: request[name] for name in SWITCHES if request.get(name) is not None}


def all_given(request: Mapping[str, Any]) -> dict[str, Any]:
    """Every switch: as a body of the wire names it, or as it is when nobody says."""
    return {name: switch.default for name, switch in SWITCHES.items()} | given(request)


async def one_by_one(connection: Connection, app_id: str, account_id: str) -> None:
    """Wait for whoever connects the same account in the same app."""
    await connection.execute(_ONE_BY_ONE, f"{app_id}/{account_id}")


async def account(database: Database, app_id: str, integration_id: str) -> Any:
    """The row of an app's connected account, or None."""
    return await database.fetchrow(_ACCOUNT, integration_id, app_id)


async def twin(reader: Database | Connection, app_id: str, facebook_app_id: str, found: Found) -> Any:
    """The same account, where it is connected in the app already: by this Facebook app, or by the other login."""
    return await reader.fetchrow(_TWIN, app_id, found.account_id, facebook_app_id, found.login)


async def insert(
    connection: Connection,
    integration_id: str,
    app_id: str,
    facebook_app_id: str,
    found: Found,
    sealed: bytes,
    now: datetime,
    *,
    display_name: str | None,
    switches: Mapping[str, Any],
) -> None:
    """An account comes. ``sealed`` is its token, ``now`` is by Meta's clock; ``switches`` are all of them."""
    settings = {"appId": facebook_app_id, **found.shown, **switches}
    await connection.execute(_INSERT, integration_id, app_id, TYPE, display_name, settings)
    await connection.execute(
        _INSERT_ACCOUNT,
        integration_id,
        app_id,
        facebook_app_id,
        found.page_id,
        found.account_id,
        sealed,
        found.login,
        found.owner_id,
        found.expires_at,
        found.refresh_at,
        now,
        *(switches[name] for name in SWITCHES),
    )


async def change(connection: Connection, integration_id: str, switches: Mapping[str, Any], found: Found | None) -> bool:
    """Change switches, and with a new token what the integration tells of its account; whether it is there still."""
    settings = {**switches, **(found.shown if found else {})}
    there = await connection.fetchval(_CHANGE, integration_id, settings, found is not None)
    await connection.execute(_SWITCH, integration_id, *(switches.get(name) for name in SWITCHES))
    return there is not None


async def renew(connection: Connection, integration_id: str, found: Found, sealed: bytes, now: datetime) -> None:
    """The account has a new token: what was wrong by the former one is over. ``now`` is by Meta's clock."""
    await connection.execute(
        _RENEW, integration_id, sealed, found.page_id, found.expires_at, found.refresh_at, found.owner_id, now
    )
