"""Connecting an account by Instagram Login (Meta reference 1.1, 4.6): the token is made to last, the account subscribed.

    token ──▶ /me: whose is it ──▶ exchanged (an hour ──▶ 60 days), else refreshed, else less than a day old ──▶ subscribe

Meta tells nobody how old one of these tokens is. So it is asked for a new one, whose age is known; a token that can be
neither exchanged nor refreshed is too young for that, and is refreshed as soon as it may be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.base import ConnectError
from heliograph.channels.instagram.accounts.facebook_login import joined
from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.meta.flavours import FLAVOURS, INSTAGRAM
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError, Token

FLAVOUR = FLAVOURS[INSTAGRAM]
LIFE = timedelta(days=60)
# A token must be so old before it is refreshed.
YOUNGEST = timedelta(hours=24)
# So long before its end it is refreshed: from day 50 on.
BEFORE_END = timedelta(days=10)
_SOON = timedelta(hours=1)
# Meta does not know the app by this secret.
_WRONG_SECRET = 101

_ME = "user_id,username,name,account_type"


@dataclass(frozen=True, slots=True)
class Lasting:
    """A long-lived token, when it ends and when to refresh it. ``proven``: Meta has accepted the app's secret for it."""

    token: Token
    expires_at: datetime
    refresh_at: datetime
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a token is. ``app_scoped_id``: the account by the id that the app alone knows it by."""

    account_id: str
    username: str
    name: str
    app_scoped_id: str = ""


def lasting(answer: Mapping[str, Any], token: Token, now: datetime, *, proven: bool = False) -> Lasting | None:
    """What an exchange or refresh answered, or None when that is no token. Pure."""
    text, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(text, str) or not text:
        return None
    life = timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else LIFE
    end = now + life
    new = Token(text, INSTAGRAM, token.integration_id, token.caller)
    return Lasting(new, end, max(now + YOUNGEST + _SOON, end - BEFORE_END), proven)


async def examine(graph: Graph, text: str) -> Owner:
    """Whose token this is. Raises :class:`ConnectError`."""
    token = Token(text, INSTAGRAM)
    try:
        answer = await graph.call("GET", "/me", token, params={"fields": _ME}, name="connect")
    except GraphError as error:
        raise ConnectError(_why_not(error)) from error
    except (NotSentError, NoAnswerError) as error:
        raise ConnectError(f"Meta could not be asked about the token: {error}. Try again.") from error
    me = _bare(answer)
    # `id` is another one for each app; webhooks name the account by `user_id` (0.1).
    if not me.get("user_id"):
        raise ConnectError("Meta names no Instagram professional account for pageAccessToken. Make a new token.")
    texts = (str(me.get(name) or "") for name in ("username", "name", "id"))
    return Owner(str(me["user_id"]), *texts)


def _bare(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object of an answer: flat, as seen, or in ``data[]``, as documented (4.6)."""
    data = answer.get("data")
    one = data[0] if isinstance(data, list) and data else data
    return one if isinstance(one, dict) else answer


def _why_not(error: GraphError) -> str:
    if error.code == 190:
        return (
            f"pageAccessToken is not valid: Meta said: {error}. For login instagram it is an Instagram user token, made for"
            " this Instagram app; it ends after an hour, or after 60 days. Make a new one and try again."
        )
    if (error.code, error.subcode) == (100, None):
        return (
            "Meta refuses every call with pageAccessToken: the account has no role on the app, or the app has lost its"
            f" access. Add the account as a tester of the app, or get Advanced Access. Meta said: {error}"
        )
    if error.code in (10, 200):
        return (
            f"pageAccessToken lacks the permission {FLAVOUR.required_scopes[0]}. Log in again and grant it, then use the new"
            f" token. Meta said: {error}"
        )
    return f"The account of pageAccessToken could not be read. Meta said: {error}"


async def lengthen(graph: Graph, secret: str, text: str) -> Lasting:
    """A token that lasts, for any that works. Raises :class:`ConnectError`."""
    token = Token(text, INSTAGRAM)
    try:
        exchanged = await _exchange(graph, secret, token)
        if exchanged is not None:
            return exchanged
        return await refresh(graph, token)
    except GraphError:
        # Too young to be refreshed, so it has nearly all of its time.
        now = graph.now()
        return Lasting(token, now + LIFE - YOUNGEST, now + YOUNGEST + _SOON)
    except (NotSentError, NoAnswerError) as error:
        raise ConnectError(f"Meta could not be asked for a token that lasts: {error}. Try again.") from error


async def _exchange(graph: Graph, secret: str, token: Token) -> Lasting | None:
    """A token of 60 days for one of an hour; None for one that is long-lived already."""
    params = {"grant_type": "ig_exchange_token", "client_secret": secret, "access_token": token}
    try:
        answer = await graph.call("GET", "/access_token", token, params=params, name="token", versioned=False)
    except GraphError as error:
        if error.code == _WRONG_SECRET:
            raise ConnectError(
                f"appSecret is wrong: Meta does not accept it ({error}). For login instagram it is the Instagram app secret,"
                " beside that app's id in the App Dashboard, under Instagram, API setup with Instagram login."
            ) from error
        return None
    return lasting(answer, token, graph.now(), proven=True)


async def refresh(graph: Graph, token: Token) -> Lasting:
    """60 more days for a token that is a day old and has not expired. Raises what the Graph client raises."""
    params = {"grant_type": "ig_refresh_token", "access_token": token}
    answer = await graph.call("GET", "/refresh_access_token", token, params=params, name="token", versioned=False)
    new = lasting(answer, token, graph.now())
    if new is None:
        raise NoAnswerError("Meta answered the refresh without a token")
    return new


async def subscribe(graph: Graph, token: Token, also: Iterable[str] = ()) -> None:
    """Subscribe the account to the app's webhooks. Raises :class:`ConnectError`.

    ``also``: fields that were subscribed before; the list given replaces the former one. The app's own webhook has no call
    for Instagram Login: it is entered in Meta's dashboard.
    """
    try:
        await _subscribe(graph, token, joined(FLAVOUR.fields, also))
    except GraphError as error:
        if error.code != 100:
            raise ConnectError(_unsubscribable(error)) from error
        try:
            await _subscribe(graph, token, joined(FLAVOUR.fields_at_least, also))
        except GraphError as second:
            raise ConnectError(_unsubscribable(second)) from second


def _unsubscribable(error: GraphError) -> str:
    needed = FLAVOUR.required_scopes[1]
    return f"The account could not be subscribed to webhooks: the token needs {needed}. Meta said: {error}"


async def _subscribe(graph: Graph, token: Token, fields: str) -> None:
    params = {"subscribed_fields": fields}
    try:
        await graph.call("POST", "/me/subscribed_apps", token, params=params, name="subscribe")
    except (NotSentError, NoAnswerError) as error:
        raise ConnectError(f"Meta could not be asked to subscribe the account: {error}. Try again.") from error


async def unsubscribe(graph: Graph, token: Token) -> None:
    """Stop the account's webhooks. Raises what the Graph client raises."""
    await graph.call("DELETE", "/me/subscribed_apps", token, name="subscribe")


def check_login(app: FacebookApp | None) -> None:
    """Whether an app is known, if at all, as one of this login. Raises :class:`ConnectError`."""
    if app is not None and app.login != INSTAGRAM:
        raise ConnectError(
            f"appId {app.id} is a Facebook app here. Instagram Login has an id and a secret of its own: App Dashboard,"
            " Instagram, API setup with Instagram login."
        )


def check_secret(app: FacebookApp | None, secret: str, *, proven: bool) -> None:
    """Whether an app may be stored with this secret. Raises :class:`ConnectError`.

    Others may be connected by the same app: a secret that nobody has proven does not take the place of theirs.
    """
    check_login(app)
    if app is not None and app.secret != secret and not proven:
        raise ConnectError(
            f"appSecret is not the one that is known for the Instagram app {app.id}. If it is a new one, prove it:"
            " connect with a token that is less than an hour old, straight from the login."
        )
