"""Looking: the list, one webhook with its attempts, and both as they change."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.dashboard.frame import ROOT, Visit
from heliograph.dashboard.live import Feed, stream
from heliograph.dashboard.webhooks import queries, triggers, verdicts, verify
from heliograph.dashboard.webhooks.queries import Webhook
from heliograph.messaging.webhooks import MOST_WEBHOOKS
from heliograph.storage import Database

TITLE = "Webhooks"


async def show_all(visit: Visit) -> Response:
    """The list."""
    async with visit.services.database.pool.acquire() as connection:
        listed = (await queries.of_apps(connection, [visit.app.id]))[visit.app.id]
    return visit.page("webhooks/list.html", title=TITLE, most=MOST_WEBHOOKS, **_words(visit), webhooks=listed)


async def live_all(visit: Visit) -> Response:
    """The list, whenever something of it changes."""

    def render(listed: Any) -> Mapping[str, str]:
        return {"webhooks": visit.rendered("webhooks/listed.html", **_words(visit), webhooks=listed)}

    return stream(visit, _OF_APP, visit.app.id, render)


async def show(visit: Visit) -> Response:
    """One webhook, with a page of its attempts."""
    return await page(visit)


async def page(visit: Visit, status: int = 200, secret: str | None = None) -> Response:
    """The page of one webhook; with its secret, where it was asked for."""
    before = _before(visit)
    async with visit.services.database.pool.acquire() as connection:
        webhook = await find(visit, connection)
        made = (await queries.attempts(connection, [visit.app.id], [webhook.id], before))[webhook.id]
    shown = _shown(visit, webhook, made)
    names = {one.name: one.when for group in triggers.groups() for one in group.triggers}
    first = before == queries.NEWEST
    return visit.page(
        "webhooks/one.html",
        title=webhook.name or "Webhook",
        status=status,
        secret=secret,
        first=first,
        sentences=names,
        header=verify.HEADER,
        snippet=verify.SNIPPET,
        **shown,
    )


async def live(visit: Visit) -> Response:
    """One webhook, whenever something of it changes."""
    async with visit.services.database.pool.acquire() as connection:
        webhook = await find(visit, connection)

    def render(value: Any) -> Mapping[str, str]:
        if value is None:  # removed meanwhile
            return {"end": ""}
        shown = _shown(visit, *value)
        return {
            "standing": visit.rendered("webhooks/standing.html", **shown),
            "attempts": visit.rendered("webhooks/attempts.html", first=True, **shown),
        }

    return stream(visit, _ATTEMPTS, f"{visit.app.id}/{webhook.id}", render)


async def find(visit: Visit, connection: Any) -> Webhook:
    """The webhook that the path names. Raises a 404 when the app has none of this id."""
    webhook_id = visit.request.path_params["webhookId"]
    found = (await queries.some(connection, [visit.app.id], [webhook_id])).get(webhook_id)
    if found is None:
        raise HTTPException(404)
    return found


def base(visit: Visit) -> str:
    """Where the section's addresses begin."""
    return f"{ROOT}/apps/{visit.app.id}/webhooks"


def _words(visit: Visit) -> dict[str, Any]:
    return {"base": base(visit), "standing": verdicts.standing}


def _shown(visit: Visit, webhook: Webhook, made: Any) -> dict[str, Any]:
    return {
        **_words(visit),
        "webhook": webhook,
        "attempts": made[: queries.PAGE],
        "older": made[queries.PAGE - 1].id if len(made) > queries.PAGE else None,
        "word": verdicts.word,
        "next_try": verdicts.next_try,
        "advice": verdicts.advice,
        "ending": verdicts.ending,
    }


def _before(visit: Visit) -> int:
    given = visit.request.query_params.get("before", "")
    return (
        min(int(given), queries.NEWEST) if given.isascii() and given.isdigit() and len(given) < 20 else queries.NEWEST
    )


async def _read_apps(database: Database, app_ids: frozenset[str]) -> Mapping[str, Any]:
    async with database.pool.acquire() as connection:
        return await queries.of_apps(connection, app_ids)


async def _read_attempts(database: Database, keys: frozenset[str]) -> Mapping[str, Any]:
    """By app and webhook: None when it is gone."""
    pairs = [key.split("/") for key in keys]
    apps, ids = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    async with database.pool.acquire() as connection:
        webhooks = await queries.some(connection, apps, ids)
        made = await queries.attempts(connection, apps, ids)
    return {key: (webhooks[id_], made[id_]) if id_ in webhooks else None for key, id_ in zip(keys, ids, strict=True)}


_OF_APP = Feed("webhooks", _read_apps)
_ATTEMPTS = Feed("attempts", _read_attempts)
