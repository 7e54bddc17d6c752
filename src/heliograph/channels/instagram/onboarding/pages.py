"""What Meta shows of a person's Pages and accounts (Meta reference 4.2, 4.3), read with the person's token.

    /me/accounts, 500 at a time, or as many as Meta tells ──▶ + Pages that the grant names and the list leaves out ──▶ Seen
    debug_token ──▶ Grant

Page tokens come with the list. They stay in :class:`Seen`, on the server, and are asked for anew at every reading.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heliograph.channels.instagram.accounts.facebook_login import app_token
from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError, Token
from heliograph.channels.instagram.onboarding.choosing import Grant, Seen

FIELDS = (
    "id,name,access_token,tasks,instagram_business_account{id,username,name,profile_picture_url},"
    "connected_instagram_account{id}"
)
# Without what some versions or apps do not know: one name that Meta does not know refuses the whole call.
FIELDS_AT_LEAST = "id,name,access_token,tasks,instagram_business_account{id,username,name,profile_picture_url}"
AT_ONCE = 500
# Fewer are not asked for: then it is not the amount that Meta minds.
FEWEST = 10
# Nobody finds theirs among more; who has so many is told, and searches by connecting with a Page token instead.
MOST = 5000
# Pages that the list leaves out are read one by one.
MOST_OMITTED = 50
_TOGETHER = 8
_WRONG_PARAMETER = 100
_TOO_MUCH = 1
_DEAD = (190, 102)
_ME = "user_id,username,name,profile_picture_url,account_type"


@dataclass(frozen=True, slots=True)
class Shown:
    """All that Meta shows: who logged in, what they granted, their Pages. ``cut``: there are more than :data:`MOST`."""

    user_name: str
    grant: Grant
    pages: tuple[Seen, ...]
    cut: bool = False


async def shown(graph: Graph, app: FacebookApp, token: str, scopes: frozenset[str] | None) -> Shown:
    """Read all of it. ``scopes``: as the exchange told them. Raises what the Graph client raises."""
    if app.login != FACEBOOK:
        return await _account(graph, token, scopes)
    user = Token(token, FACEBOOK)
    grant, name, (pages, cut) = await asyncio.gather(
        _grant(graph, app, user), _name(graph, app, user), _listed(graph, app, user)
    )
    listed = {page.page_id for page in pages}
    named = {id_ for scope, ids in grant.targets.items() if scope.startswith("pages_") for id_ in ids}
    omitted = [] if cut else sorted(named - listed)
    more = await _one_by_one(graph, app, user, omitted[:MOST_OMITTED])
    return Shown(name, grant, (*pages, *more), cut or len(omitted) > MOST_OMITTED)


async def revoke(graph: Graph, app: FacebookApp, token: str) -> None:
    """Take back all that the person granted to the app (4.3). Raises what the Graph client raises."""
    await graph.call("DELETE", "/me/permissions", Token(token, app.login), secret=app.secret, name="login")


async def _grant(graph: Graph, app: FacebookApp, user: Token) -> Grant:
    answer = await graph.call(
        "GET",
        "/debug_token",
        app_token(app.id, app.secret),
        secret=app.secret,
        params={"input_token": user},
        name="login",
    )
    return grant_of(answer.get("data"))


def grant_of(inspected: Any) -> Grant:
    """What a ``debug_token`` answer tells of the grant. An entry without ids covers all assets, present and future. Pure."""
    data = inspected if isinstance(inspected, dict) else {}
    targets = {}
    for one in _list(data, "granular_scopes"):
        ids = one.get("target_ids") if isinstance(one, dict) else None
        if isinstance(ids, list):
            targets[str(one.get("scope"))] = frozenset(map(str, ids))
    scopes = data.get("scopes")
    return Grant(frozenset(map(str, scopes)) if isinstance(scopes, list) else None, targets)


async def _name(graph: Graph, app: FacebookApp, user: Token) -> str:
    try:
        answer = await graph.call("GET", "/me", user, secret=app.secret, params={"fields": "id,name"}, name="login")
    except (GraphError, NotSentError, NoAnswerError):
        return ""  # a courtesy; the list of Pages says whether the token works
    return _text(answer, "name")


async def _listed(graph: Graph, app: FacebookApp, user: Token) -> tuple[list[Seen], bool]:
    """The Pages of ``/me/accounts``, and whether there are more than :data:`MOST`."""
    found: dict[str, Seen] = {}
    fields, after, limit = FIELDS, "", AT_ONCE
    while True:
        params = {"client_id": app.id, "client_secret": app.secret, "limit": str(limit), "fields": fields}
        if after:
            params["after"] = after
        try:
            answer = await graph.call("GET", "/me/accounts", user, secret=app.secret, params=params, name="login")
        except GraphError as error:
            if _is_too_much(error) and limit > FEWEST:
                # The same cursor, with less behind it (Meta reference 3.2).
                limit = max(FEWEST, limit // 2)
            elif error.code == _WRONG_PARAMETER and error.subcode is None and fields != FIELDS_AT_LEAST:
                fields = FIELDS_AT_LEAST
            else:
                raise
            continue
        before = len(found)
        found |= {page.page_id: page for page in map(seen_of, _list(answer, "data")) if page is not None}
        after = _next(answer)
        # A page of the list that brings nothing new would go round for ever.
        if not after or len(found) == before or len(found) > MOST:
            return list(found.values())[:MOST], len(found) > MOST


def _is_too_much(error: GraphError) -> bool:
    """Meta asks to reduce the amount of data, which has no code of its own."""
    return error.code == _TOO_MUCH and error.subcode is None


def _next(answer: Mapping[str, Any]) -> str:
    """The cursor of what follows. The address in ``next`` holds the token, and is not followed."""
    paging = answer.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    return _text(cursors, "after") if isinstance(cursors, dict) else ""


async def _one_by_one(graph: Graph, app: FacebookApp, user: Token, page_ids: Sequence[str]) -> list[Seen]:
    """Pages of a business portfolio, which the list leaves out without business_management. One that may not be read is
    left out here, too; a limit, a bad hour or a dead token is raised: it is not about the Page."""
    gate = asyncio.Semaphore(_TOGETHER)

    async def read(page_id: str) -> Seen | None:
        async with gate:
            try:
                answer = await graph.call(
                    "GET", f"/{page_id}", user, secret=app.secret, params={"fields": FIELDS_AT_LEAST}, name="login"
                )
            except GraphError as error:
                if error.passes or error.code in _DEAD:
                    raise
                return None
            return seen_of(answer)

    wanted = [page_id for page_id in page_ids if page_id.isdecimal()]
    return [page for page in await asyncio.gather(*map(read, wanted)) if page is not None]


def seen_of(page: Any) -> Seen | None:
    """A Page as Meta shows it, or None for what is none. Pure."""
    if not isinstance(page, dict) or not page.get("id"):
        return None
    business, linked, tasks = (
        page.get(name) for name in ("instagram_business_account", "connected_instagram_account", "tasks")
    )
    account: dict[str, Any] = business if isinstance(business, dict) else {}
    return Seen(
        str(page["id"]),
        _text(page, "name"),
        _text(account, "id"),
        _text(account, "username"),
        _text(account, "name"),
        _text(account, "profile_picture_url"),
        isinstance(linked, dict),
        tuple(map(str, tasks)) if isinstance(tasks, list) else None,
        _text(page, "access_token"),
    )


async def _account(graph: Graph, token: str, scopes: frozenset[str] | None) -> Shown:
    """Instagram Login: the one account that logged in."""
    answer = await graph.call("GET", "/me", Token(token, INSTAGRAM), params={"fields": _ME}, name="login")
    rows = _list(answer, "data")
    me: Mapping[str, Any] = rows[0] if rows and isinstance(rows[0], dict) else answer
    grant = Grant(scopes)
    account_id = _text(me, "user_id")
    if not account_id:
        return Shown("", grant, ())
    picture = _text(me, "profile_picture_url")
    seen = Seen(account_id, "", account_id, _text(me, "username"), _text(me, "name"), picture, True, None, token)
    return Shown(_text(me, "username"), grant, (seen,))


def _list(parent: Mapping[str, Any], name: str) -> list[Any]:
    value = parent.get(name)
    return value if isinstance(value, list) else []


def _text(parent: Mapping[str, Any], name: str) -> str:
    value = parent.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
