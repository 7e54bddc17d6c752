"""The test calls: Meta wants a successful call for each permission, made at most 30 days before the submission.

    connected account ──its token──▶ one harmless read for each permission ──▶ succeeded: written down, with Meta's time
                                                                          └──▶ refused: told, not written down

What the server does anyway counts, too: connecting an account (written down there), and a look for missed messages, which
reads the account's conversations (its run is the record).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.accounts.records import FacebookApp, open_token
from heliograph.channels.instagram.meta.errors import meaning
from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError, Token
from heliograph.channels.instagram.notes import for_review
from heliograph.channels.instagram.review.permission import Counted, Permission
from heliograph.channels.instagram.review.permissions import of_login
from heliograph.storage import Database, SecretBox
from heliograph.storage.secrets import SecretError
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

LASTS = timedelta(days=30)
"""How long a call counts (Meta reference 6)."""
# So many accounts are tried, those that work first: one good token is enough.
_ACCOUNTS_TRIED = 3

_THREADS_READ = {FACEBOOK: "instagram_manage_messages", INSTAGRAM: "instagram_business_manage_messages"}

# Served by instagram_accounts_owner and integrations_pkey.
_ACCOUNTS = """
select a.integration_id, a.facebook_app_id, a.account_id, a.page_id, a.page_token, a.login
from instagram_accounts a join integrations i on i.id = a.integration_id
where a.facebook_app_id = $1 order by (i.status = 'active') desc, a.integration_id desc limit $2
"""
# Served by review_calls_pkey.
_NOTED = "select permission, made_at from review_calls where facebook_app_id = $1"
# A run that has begun has read the account's conversations, at that time of Meta's. Served by instagram_accounts_owner and
# backfill_runs_of.
_THREADS_READ_AT = """
select max(r.began) from backfill_runs r join instagram_accounts a using (integration_id) where a.facebook_app_id = $1
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one test call. ``said`` tells why it did not succeed and what to do; ``lapses``: it counts until."""

    permission: str
    succeeded: bool
    at: datetime
    said: str = ""

    @property
    def lapses(self) -> datetime:
        """When it counts no more, if it succeeded."""
        return self.at + LASTS


async def noted(database: Database, app: FacebookApp) -> dict[str, datetime]:
    """The last successful call of each permission."""
    found = {row["permission"]: row["made_at"] for row in await database.fetch(_NOTED, app.id)}
    read_at = await database.fetchval(_THREADS_READ_AT, app.id)
    if read_at is not None:
        name = _THREADS_READ[app.login]
        found[name] = max(read_at, found.get(name, read_at))
    return found


async def make(database: Database, box: SecretBox, graph: Graph, app: FacebookApp) -> list[Made]:
    """Make the test calls of an app with what is connected by it; one result for each permission that has a read.

    With nothing connected the list is empty. Refusals are told of the account that had the best prospects.
    """
    rows = await database.fetch(_ACCOUNTS, app.id, _ACCOUNTS_TRIED)
    results: dict[str, Made] = {}
    for row in rows:
        left = [one for one in _readable(app.login) if not (one.name in results and results[one.name].succeeded)]
        for made in await _with_account(box, graph, app, row, left):
            if made.succeeded or made.permission not in results:
                results[made.permission] = made
    succeeded = [made for made in results.values() if made.succeeded]
    if succeeded:
        await for_review.succeeded(
            database, app.id, [made.permission for made in succeeded], max(made.at for made in succeeded)
        )
    log.info("test calls made", facebook_app=app.id, succeeded=len(succeeded), refused=len(results) - len(succeeded))
    return list(results.values())


def _readable(login: str) -> list[Permission]:
    return [one for one in of_login(login) if one.counted is Counted.READ]


async def _with_account(
    box: SecretBox, graph: Graph, app: FacebookApp, row: Any, wanted: Sequence[Permission]
) -> list[Made]:
    try:
        token = open_token(box, row)
    except SecretError:
        said = "The stored token cannot be read. Connect the account again."
        return [Made(one.name, False, graph.now(), said) for one in wanted]
    return await asyncio.gather(*(_call(graph, app, row, token, one) for one in wanted))


async def _call(graph: Graph, app: FacebookApp, row: Any, token: Token, one: Permission) -> Made:
    assert one.read is not None
    path = one.read.path.format(page_id=row["page_id"], account_id=row["account_id"])
    try:
        await graph.call("GET", path, token, secret=app.secret, params=one.read.params, name="review")
    except GraphError as error:
        return Made(one.name, False, graph.now(), _refused(one, error))
    except (NotSentError, NoAnswerError) as error:
        return Made(one.name, False, graph.now(), f"Meta could not be asked: {error}. Try again.")
    return Made(one.name, True, graph.now())


def _refused(one: Permission, error: GraphError) -> str:
    """Why, and what to do. The channel's own table knows what a code means; its words for messages do not fit a read."""
    meant = meaning(error.code, error.subcode, transient=error.transient, status=error.status)
    if meant.outcome in (SendOutcome.RETRY, SendOutcome.RATE_LIMITED):
        todo = "Meta does not answer it just now. Try again later."
    elif meant.outcome is SendOutcome.RECONNECT:
        todo = "The account's token is not valid any more. Log in again and connect the account anew."
    elif meant.outcome is SendOutcome.CONFIGURATION and error.subcode:
        todo = meant.advice
    else:
        todo = f"The token does not allow it. Log in again and grant {one.name}, for this Page and account."
    return f"{todo} Meta said: {error}"
