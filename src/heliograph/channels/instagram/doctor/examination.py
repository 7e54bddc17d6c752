"""One examination: ask, repair, judge, write down, tell.

    [pace] ──▶ our tables ──▶ Meta, our own address ──▶ repairs ──▶ checks ──▶ status, report, event   (one transaction)

No call is made inside the transaction; it is written only where the token is still the one that was looked at, and nobody
has looked since.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.channels.health import Finding, PausedError, Report, State, carried, dated, state_of
from heliograph.channels.instagram.accounts.parting import Parting
from heliograph.channels.instagram.accounts.records import TYPE, FacebookApps, open_token
from heliograph.channels.instagram.doctor import asking, checks, records, repairs
from heliograph.channels.instagram.doctor.facts import Facts, LastRefusal, NotTold, Refused, Token
from heliograph.channels.instagram.doctor.public import OwnAddress
from heliograph.channels.instagram.doctor.treatment import again_in, treat
from heliograph.channels.instagram.doctor.webhook_checks import APP_SUBSCRIPTION
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.meta.pace import Kind, Pace
from heliograph.events import Event, publish
from heliograph.messaging.threads import OWNERSHIP
from heliograph.storage import Connection, Database, SecretBox
from heliograph.storage.secrets import KeyMissingError, SecretError
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("doctor")

EVENT = "integration:health"
# A turn in the account's line is waited for no longer than this; then it is another time's work.
_NAP_SECONDS = 1.5
# A refusal so soon after the last was lifted is not lifted at once again; a callback that was put back so lately, and is
# gone again, is not put back.
_LATELY = timedelta(hours=1)

Settle = Callable[[Connection], Awaitable[None]]


async def _nothing(_: Connection) -> None:
    pass


class InstagramDoctor:
    """Examines accounts. ``callback``: where a Facebook app's webhooks are to go. ``metas_url``: the real Meta's host."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        graph: Graph,
        apps: FacebookApps,
        pace: Pace,
        parting: Parting,
        *,
        callback: Callable[[str], str],
        address: OwnAddress,
        simulated: bool,
    ) -> None:
        self._database = database
        self._box = box
        self._graph = graph
        self._apps = apps
        self._pace = pace
        self._parting = parting
        self._callback = callback
        self.address = address
        self._simulated = simulated

    @property
    def graph_version(self) -> str:
        """The version of the Graph API that is called."""
        return self._graph.version

    async def report(self, app_id: str, integration_id: str) -> Report | None:
        """The last report; None when the app has no such integration."""
        return await records.report(self._database, app_id, integration_id)

    async def last_webhook_at(self, app_id: str, integration_id: str) -> datetime | None:
        """When Meta's last webhook about this integration's account came, to within seconds; None: none yet."""
        found = await self.report(app_id, integration_id)
        return found.last_webhook_at if found else None

    async def examine(self, app_id: str, integration_id: str, *, settle: Settle = _nothing) -> Report | None:
        """Examine now, repair, report; None when the app has no such integration. Raises :class:`PausedError`.

        One whose owner took it back, or that somebody is disconnecting, is not asked about. ``settle`` becomes part of the
        transaction that writes it down.
        """
        row = await records.load(self._database, app_id, integration_id, self._graph.now() - OWNERSHIP)
        if row is None or row["status"] == "inactive" or row["leaving"]:
            async with self._database.transaction() as connection:
                await settle(connection)
            return await self.report(app_id, integration_id)
        while (wait := await self._pace.take(row["account_id"], Kind.CONVERSATIONS)) > 0:
            if wait > _NAP_SECONDS:
                raise PausedError(wait)
            await asyncio.sleep(wait)
        facts = await self._facts(row)
        before = _findings(row)
        findings = dated(before, carried(before, checks.examine(facts)), facts.our_now)
        async with self._database.transaction() as connection:
            told = await self._write(connection, row, facts, findings)
            await settle(connection)
        if told is None and facts.repaired:
            await self._take_back(row)
        self._tell(integration_id, findings, told)
        return await self.report(app_id, integration_id)

    # Facts ----------------------------------------------------------------------------------------------------

    async def _facts(self, row: Any) -> Facts:
        public = await self.address.ask()
        our_now = datetime.now(UTC)
        refused_at, acquitted_at = row["refused_at"], row["acquitted_at"]
        refusal = None
        if refused_at is not None and row["refusal"] is not None:
            said = row["refusal"].get("underlying") or {}
            again = acquitted_at is not None and refused_at - acquitted_at < _LATELY
            refusal = LastRefusal(
                refused_at, said.get("code"), said.get("subcode"), str(said.get("message", "")), again
            )
        facts = Facts(
            now=self._graph.now(),
            our_now=our_now,
            today=our_now.date(),
            login=row["login"],
            facebook_app=row["facebook_app_id"],
            page_id=row["page_id"],
            account_id=row["account_id"],
            callback=self._callback(row["facebook_app_id"]),
            graph_version=self._graph.version,
            public=public,
            simulated=self._simulated,
            token=Token(True, expires_at=row["token_expires_at"]),
            owned_elsewhere=row["owned_elsewhere"],
            refusal=refusal,
            objection=_objection(row),
            tag_refused_at=row["tag_refused_at"],
            heard_since=row["heard_since"],
            last_webhook_at=row["last_webhook_at"],
            last_event_at=row["last_event_at"],
            latency=row["webhook_latency"],
            refresh_error=row["refresh_error"],
            token_alarm=row["token_error"],
            fought=any(
                one.check == APP_SUBSCRIPTION and one.repaired_at is not None and our_now - one.repaired_at < _LATELY
                for one in _findings(row)
            ),
        )
        try:
            app = await self._apps.reload(row["facebook_app_id"])
            token = open_token(self._box, row)
        except KeyMissingError as error:
            # Another machine may have the key: that is no fault of the connection.
            return replace(facts, token=NotTold(str(error)))
        except SecretError as error:
            unreadable = Refused(190, None, f"The stored token cannot be read: {error}")
            return replace(facts, token=Token(False, unreadable))
        if app is None:
            return replace(facts, token=NotTold("the integration's Facebook app is not known here"))
        facts = replace(await asking.ask(self._graph, app, token, facts), now=self._graph.now())
        return await repairs.repair(self._graph, app, token, facts)

    # Writing it down ------------------------------------------------------------------------------------------

    async def _write(
        self, connection: Connection, row: Any, facts: Facts, findings: tuple[Finding, ...]
    ) -> tuple[State, State] | None:
        """What webhooks were told before, and the state now; None: there was nothing to write."""
        app_id, integration_id = row["app_id"], row["integration_id"]
        standing = await records.stand(connection, app_id, integration_id, row["page_token"], facts.our_now)
        if standing is None:
            return None
        treatment = treat(standing, facts, findings)
        if treatment is not None:
            heard_since = facts.now if treatment.healed or facts.repaired else None
            await records.apply(connection, integration_id, treatment, heard_since)
        lifted = facts.refusal is not None and treatment is not None and treatment.refusal is None
        state = state_of(findings, seen=isinstance(facts.token, Token))
        told = await records.write(
            connection, app_id, integration_id, state, findings,
            checked_at=facts.our_now, acquitted_at=facts.our_now if lifted else None,
            again_in=again_in(standing, facts, findings),
        )  # fmt: skip
        if state not in (told, State.UNKNOWN):
            status = treatment.status if treatment else standing.status
            await publish(connection, [_event(app_id, integration_id, status, told, state, findings)])
        return told, state

    async def _take_back(self, row: Any) -> None:
        """What was put back while somebody disconnected the account is unsubscribed again."""
        app = await self._apps.reload(row["facebook_app_id"])
        if app is not None:
            await self._parting.unsubscribe(app, row)

    def _tell(self, integration_id: str, findings: tuple[Finding, ...], told: tuple[State, State] | None) -> None:
        """Metrics and logs, after the commit."""
        if told is None:
            return
        before, state = told
        metrics.EXAMINATIONS.labels(state).inc()
        for one in findings:
            if one.repaired:
                metrics.REPAIRS.labels(one.check).inc()
        if state is not before:
            ill = [f"{one.check}: {one.finding}" for one in findings if one.state in (State.BROKEN, State.WARNING)]
            tell = log.warning if state in (State.BROKEN, State.WARNING) else log.info
            tell("the doctor found", integration=integration_id, state=state, before=before, findings=ill)


def _objection(row: Any) -> LastRefusal | None:
    said = row["objection"]
    if said is None:
        return None
    return LastRefusal(row["objected_at"], said.get("code"), said.get("subcode"), str(said.get("message", "")))


def _findings(row: Any) -> list[Finding]:
    """Those of the last report."""
    return [Finding.of(one) for one in row["findings"] or ()]


def _event(
    app_id: str, integration_id: str, status: str, before: State, state: State, findings: tuple[Finding, ...]
) -> Event:
    payload = {
        "integration": {"id": integration_id, "type": TYPE, "status": status},
        "health": {
            "before": str(before),
            "state": str(state),
            "findings": [one.wire() for one in findings if not one.is_well],
        },
    }
    return Event(app_id, EVENT, payload, datetime.now(UTC))
