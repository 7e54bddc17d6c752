"""*Send yourself a message*: a card that waits for the account's first webhook, and turns green when it comes."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.channels.instagram.accounts.remedies import REMEDIES
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.integrations import dialog, queries, words
from heliograph.dashboard.integrations.queries import Arrived, One
from heliograph.dashboard.live import Feed, stream
from heliograph.storage import Database


async def _read(database: Database, keys: frozenset[str]) -> Mapping[str, Arrived]:
    """``keys`` are app and integration, with a slash between them."""
    wanted = {key: tuple(key.split("/", 1)) for key in keys}
    async with database.pool.acquire() as connection:
        found = await queries.arrivals(connection, [(app_id, one) for app_id, one in wanted.values()])
    return {key: found[one] for key, (_, one) in wanted.items() if one in found}


_FEED = Feed("arrivals", _read, every=1.0)


async def follow(visit: Visit) -> Response:
    """The stream of the card."""
    found = await _account(visit)
    since = since_of(visit.request.query_params.get("since", ""))

    def render(came: Arrived) -> Mapping[str, str]:
        heard = visit.rendered("integrations/heard.html", at=came.at)
        return {"arrival": _rendered(visit, found, came, since), "heard": heard}

    return stream(visit, _FEED, f"{visit.app.id}/{found.id}", render)


async def card(visit: Visit, integration_id: str, since: datetime | None) -> str:
    """The card as it is now."""
    found = await _account(visit, integration_id)
    async with visit.services.database.pool.acquire() as connection:
        came = (await queries.arrivals(connection, [(visit.app.id, found.id)])).get(found.id, Arrived(None))
    return _rendered(visit, found, came, since)


async def _account(visit: Visit, integration_id: str = "") -> One:
    wanted = integration_id or visit.request.path_params["integrationId"]
    async with visit.services.database.pool.acquire() as connection:
        found = await queries.one(connection, visit.app.id, wanted)
    if found is None or not found.is_account:
        raise HTTPException(404)
    return found


def _rendered(visit: Visit, found: One, came: Arrived, since: datetime | None) -> str:
    arrived = came.at is not None and (since is None or came.at >= since)
    return visit.rendered(
        "integrations/arrival.html",
        one=found,
        came=came if arrived else None,
        what=_what(visit, came, since) if arrived else "",
        stand_in=dialog.channel(visit).stand_in,
        help=[REMEDIES["allow_messages"], REMEDIES["role_on_app"]],
    )


def _what(visit: Visit, came: Arrived, since: datetime | None) -> str:
    """From whom and what kind, when the webhook was a message. Messages are dated by Meta's clock, the rest by ours."""
    ahead = visit.services.channel_clock() - visit.now
    if came.written_at is None or (since is not None and came.written_at < since + ahead):
        return ""
    kind = words.CAME.get(came.kind, "A message")
    return f"{kind} from {came.who}" if came.who else f"{kind} from somebody"


def since_of(text: str) -> datetime | None:
    """The time from which on a webhook counts, from a page's address; what is no time is none."""
    try:
        return datetime.fromtimestamp(int(text[:12]), UTC) if text.isascii() and text.isdigit() else None
    except (ValueError, OverflowError, OSError):
        return None
