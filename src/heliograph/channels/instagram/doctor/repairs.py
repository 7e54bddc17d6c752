"""What the doctor puts right by itself: subscriptions that were lost.

One Facebook app, and one Page, may serve several integrations, and other products too: what is subscribed beside ours
stays so, as a new list replaces the former one (Meta reference 1.1). A callback that was put back and is gone again within
the hour is somebody's who wants it as well: that is told, not fought over.
"""

from collections.abc import Awaitable
from dataclasses import replace

from heliograph.channels.base import ConnectError
from heliograph.channels.instagram.accounts import facebook_login, instagram_login
from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.doctor.facts import AppSubscription, Facts, Fields, Linked
from heliograph.channels.instagram.doctor.webhook_checks import (
    APP_SUBSCRIPTION,
    PAGE_SUBSCRIPTION,
    app_lost,
    subscription_lost,
)
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Graph, GraphError, Token
from heliograph.telemetry.logs import get_logger

log = get_logger("doctor")

_FOUGHT = "it was put back within the last hour and is gone again, so another system uses this app"
# Meta takes https only, and would verify in vain.
_NOT_HTTPS = "the public address is not https (HELIOGRAPH_PUBLIC_URL)"


async def repair(graph: Graph, app: FacebookApp, token: Token, facts: Facts) -> Facts:
    """``facts``, with what was put back and what could not be. Raises nothing of Meta's."""
    if app_lost(facts) is not None:
        facts = await _repair_app(graph, app, facts)
    if subscription_lost(facts) is not None:
        facts = await _note(facts, PAGE_SUBSCRIPTION, _subscribe(graph, app, token, facts))
    return facts


async def _repair_app(graph: Graph, app: FacebookApp, facts: Facts) -> Facts:
    objection = _FOUGHT if facts.fought else None if facts.simulated or facts.public.secure else _NOT_HTTPS
    if objection is not None:
        return replace(facts, unrepaired={**facts.unrepaired, APP_SUBSCRIPTION: objection})
    told = facts.app_subscription
    also = told.fields if isinstance(told, AppSubscription) else ()
    return await _note(facts, APP_SUBSCRIPTION, facebook_login.subscribe_app(graph, app, facts.callback, also))


def _subscribe(graph: Graph, app: FacebookApp, token: Token, facts: Facts) -> Awaitable[None]:
    told = facts.subscription
    also = (told.names if isinstance(told, Fields) else None) or frozenset()
    if facts.login != FACEBOOK:
        return instagram_login.subscribe(graph, token, also)
    name = facts.linked.name if isinstance(facts.linked, Linked) else ""
    return facebook_login.subscribe_page(graph, app, facts.page_id, name, token, also)


async def _note(facts: Facts, check: str, repairing: Awaitable[None]) -> Facts:
    try:
        await repairing
    except (ConnectError, GraphError) as error:
        log.warning("not repaired", check=check, account=facts.account_id, error=str(error))
        return replace(facts, unrepaired={**facts.unrepaired, check: str(error)})
    log.info("repaired", check=check, account=facts.account_id)
    return replace(facts, repaired=facts.repaired | {check})
