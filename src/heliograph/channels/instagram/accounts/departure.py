"""The `departure` lanes: people who connected accounts take that back. One lane per (Facebook app, person at Facebook).

    job ──▶ whose are the accounts of unknown owner? (Meta is asked) ──▶ theirs become inactive, with the reason
            deauthorize:    ──▶ done: the account stays, and works again with a new token
            data_deletion:  ──▶ [everything: its people are forgotten, some at a time] ──▶ token, ids and names go ──▶ done

A deauthorization is about what was there when the person asked: an account that was connected again since then is left
alone, and examined. A deletion is about the person's data, whenever they came: it is done all the same.

What comes in from Meta is applied as long as the account is there, so nothing is lost by a deauthorization. Each step is
a short transaction that leaves less to do; a run that is killed starts again and goes on.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from heliograph.channels.instagram.accounts import facebook_login
from heliograph.channels.instagram.accounts.records import FacebookApps, open_token
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.notes import for_doctor
from heliograph.lanes import Job, Lane, LaneKind, NewJob, Outcome, enqueue, settle
from heliograph.messaging import forget, owner_requests
from heliograph.messaging.owner_requests import DEPARTURE_LANE
from heliograph.storage import Connection, Database, SecretBox
from heliograph.storage.secrets import SecretError
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

PEOPLE_AT_ONCE = 100
# How long until Meta is asked again who gave a token, and until it is looked again whether people are forgotten.
ASK_PAUSE_SECONDS = 30.0
LOOK_PAUSE_SECONDS = 2.0

# Served by instagram_accounts_owner. An owner is '' where Meta does not tell who gave a token: it is not asked again.
_UNKNOWN = """
select integration_id, facebook_app_id, account_id, page_token, login from instagram_accounts
where facebook_app_id = $1 and owner_id is null and login = 'facebook' order by integration_id
"""
# By Instagram Login the account is the owner, and which of its two ids Meta names is not written. Served by
# instagram_accounts_owner and instagram_accounts_routing.
_THEIRS = """
select integration_id from instagram_accounts where facebook_app_id = $1 and owner_id = $2
union select integration_id from instagram_accounts where facebook_app_id = $1 and account_id = $2 and login = 'instagram'
order by 1
"""
_KNOWN_NOW = "update instagram_accounts set owner_id = $2 where integration_id = $1 and owner_id is null"

# By their primary keys. Integrations before accounts, as everywhere.
_STOP = "update integrations set status = 'inactive' where id = any ($1::text[])"
_WHY = """
update instagram_accounts set refusal = $2, refused_at = null, ailment = null where integration_id = any ($1::text[])
"""
# Meta dates requests in whole seconds; within one second nobody knows what came first, and the request counts. An account
# of before there was a date, too. Rows are held, integrations first, so that nobody connects one anew meanwhile.
_HOLD = "select id from integrations where id = any ($1::text[]) order by id for no key update"
_SINCE = """
select integration_id from instagram_accounts
where integration_id = any ($1::text[]) and date_trunc('second', connected_at) > $2
"""

# Served by clients_external.
_PEOPLE = """
select app_id, user_id from clients where integration_id = any ($1::text[]) order by integration_id, external_id limit $2
"""
# Served by lanes_pkey: the forget lanes are few.
_BEING_FORGOTTEN = "select exists (select from lanes where kind = $1 and grp = $2)"

_DEPART = """
insert into departed_accounts (integration_id, app_id, facebook_app_id, account_id)
select integration_id, app_id, facebook_app_id, account_id from instagram_accounts where integration_id = any ($1::text[])
on conflict do nothing
"""
# The last, should there be several. Served by departed_accounts_of_app and integrations_pkey.
_WAS = """
select d.integration_id from departed_accounts d
where d.app_id = $1 and d.facebook_app_id = $2 and d.account_id = $3
  and not exists (select from integrations i where i.id = d.integration_id)
order by d.integration_id desc limit 1
"""
_NAMELESS = """
update integrations set status = 'inactive', display_name = null,
    settings = settings - '{pageId,businessId,businessName,businessUsername,tokenExpiresAt,tokenError}'::text[]
where id = any ($1::text[])
"""
# Uploads at Meta, how far the account's threads are known, and the answers that nobody can give by it any more. Served by
# primary keys, backfill_runs_of and commitments_of_integration.
_FORGET_ACCOUNTS = (
    "delete from commitments where integration_id = any ($1::text[])",
    "delete from instagram_uploads where integration_id = any ($1::text[])",
    "delete from backfill_runs where integration_id = any ($1::text[])",
    """delete from backfill_accounts b using instagram_accounts a where a.integration_id = any ($1::text[])
       and b.app_id = a.app_id and b.facebook_app_id = a.facebook_app_id and b.account_id = a.account_id""",
    "delete from integration_health where integration_id = any ($1::text[])",
    "delete from instagram_accounts where integration_id = any ($1::text[])",
)


class _LaterError(Exception):
    """Not yet: the job is looked at again in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class DepartureWorker:
    """Handles the ``departure`` lanes: the payload of a job is the number of a request."""

    def __init__(self, database: Database, graph: Graph, apps: FacebookApps, box: SecretBox) -> None:
        self._database = database
        self._graph = graph
        self._apps = apps
        self._box = box

    def kind(self) -> LaneKind:
        """How the lane workers should run this."""
        return LaneKind(
            DEPARTURE_LANE, self.handle, self.on_dead, lanes_per_batch=1, jobs_per_lane=1, most_batches=2, most_lanes=8
        )

    async def handle(self, lanes: list[Lane]) -> None:
        """Do what the first job of each lane asks."""
        for lane in lanes:
            if not lane.jobs:
                continue
            try:
                await self._do(lane, lane.jobs[0])
            except _LaterError as later:
                async with self._database.transaction() as connection:
                    await settle(connection, [Outcome(lane, retry_after=later.seconds)])
            lane.settled = True

    async def on_dead(self, connection: Connection, lane: Lane, job: Job, error: str) -> None:
        """There is no giving up: the job begins anew."""
        log.error("a departure failed again and again, it goes on", request=job.payload, error=error)
        await enqueue(connection, [NewJob(lane.kind, lane.key, job.payload)])

    async def _do(self, lane: Lane, job: Job) -> None:
        async with self._database.pool.acquire() as connection:
            request = await owner_requests.get(connection, int(job.payload))
        if request is not None and request["owner_id"] is not None:
            await self._find_owners(request["facebook_app_id"])
            theirs = await self._stop(request)
            if request["kind"] == "data_deletion":
                await self._delete(request, theirs)
        async with self._database.transaction() as connection:
            await owner_requests.done(connection, int(job.payload))
            await settle(connection, [Outcome(lane, [job.id])])
        log.info("a departure is done", request=job.payload)

    # Whose accounts -------------------------------------------------------------------------------------------

    async def _find_owners(self, facebook_app: str) -> None:
        """Ask Meta who gave the tokens of accounts that were connected before that was kept."""
        unknown = await self._database.fetch(_UNKNOWN, facebook_app)
        app = await self._apps.reload(facebook_app) if unknown else None
        if app is None:
            return
        for row in unknown:
            try:
                token = open_token(self._box, row)
            except SecretError as error:
                log.warning(
                    "whose account this is cannot be asked", integration=row["integration_id"], error=str(error)
                )
                continue
            try:
                owner = await facebook_login.owner_of(self._graph, app.id, app.secret, token)
            except facebook_login.NotAskedError as error:
                raise _LaterError(ASK_PAUSE_SECONDS) from error
            if owner is not None:
                await self._database.execute(_KNOWN_NOW, row["integration_id"], owner)

    async def _stop(self, request: Any) -> Sequence[str]:
        """Nothing is sent for them any more; returns their integrations."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_THEIRS, request["facebook_app_id"], request["owner_id"])
            theirs = [row["integration_id"] for row in rows]
            await connection.execute(_HOLD, theirs)
            if request["kind"] == "deauthorize" and request["issued_at"] is not None:
                since = {row["integration_id"] for row in await connection.fetch(_SINCE, theirs, request["issued_at"])}
                await for_doctor.want(connection, since, at_once=True)
                theirs = [one for one in theirs if one not in since]
            await connection.execute(_STOP, theirs)
            await connection.execute(_WHY, theirs, refusal(request["requested_at"]))
        if request["step"] == "received":
            metrics.DISCONNECTED.labels(request["kind"]).inc(len(theirs))
            for integration_id in theirs:
                log.warning("consent taken back at Meta", kind=request["kind"], integration=integration_id)
        return theirs

    # Deletion -------------------------------------------------------------------------------------------------

    async def _delete(self, request: Any, theirs: Sequence[str]) -> None:
        if request["scope"] == "everything":
            await self._reached(request, "conversations")
            await self._forget_people(request, theirs)
        await self._reached(request, "connection")
        async with self._database.transaction() as connection:
            await connection.execute(_NAMELESS, theirs)
            await connection.execute(_DEPART, theirs)
            for sql in _FORGET_ACCOUNTS:
                await connection.execute(sql, theirs)
        if request["scope"] == "everything":  # whoever came in just then
            await self._forget_people(request, theirs)

    async def _forget_people(self, request: Any, theirs: Sequence[str]) -> None:
        group = f"owner_request:{request['id']}"
        while True:
            async with self._database.transaction() as connection:
                people = {
                    (row["app_id"], row["user_id"]) for row in await connection.fetch(_PEOPLE, theirs, PEOPLE_AT_ONCE)
                }
                for app_id, user_id in sorted(people):
                    await forget.take_user(connection, app_id, user_id, group=group)
            if not people:
                break
        if await self._database.fetchval(_BEING_FORGOTTEN, forget.FORGET_LANE, group):
            raise _LaterError(LOOK_PAUSE_SECONDS)

    async def _reached(self, request: Any, step: str) -> None:
        async with self._database.transaction() as connection:
            await owner_requests.reached(connection, request["id"], step)


def refusal(at: datetime) -> dict[str, Any]:
    """What messages of such an integration are told, as the ``error`` of their failure."""
    return {
        "code": "unauthorized",
        "message": f"The person who connected this account removed the app's access at Meta on {at:%-d %B %Y}. Update the"
        " integration with a new pageAccessToken.",
        "underlying": None,
    }


async def remember(connection: Connection, integration_ids: Sequence[str]) -> None:
    """Keep the ids of accounts that are about to go: with them their people are found in the journal."""
    await connection.execute(_DEPART, list(integration_ids))


async def former(connection: Connection, app_id: str, facebook_app_id: str, account_id: str) -> str | None:
    """The id of the integration that this account had in an app, when it was deleted: it gets that again."""
    found: str | None = await connection.fetchval(_WAS, app_id, facebook_app_id, account_id)
    return found
