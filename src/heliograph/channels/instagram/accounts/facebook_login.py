"""Connecting an account by Facebook Login (Meta reference 1.1, 4.2, 4.3; Sunshine reference 5.2): checks, subscriptions.

Each check has its own sentence that says what to do; the caller shows it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from heliograph.channels.base import ConnectError
from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError, without
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

_FLAVOUR = FLAVOURS[FACEBOOK]
# Without these nothing works. `pages_messaging` widens what the Page can subscribe to.
REQUIRED_SCOPES = _FLAVOUR.required_scopes

# Fields of the app's subscription to the object `instagram`, and of the Page's, which has names of its own (1.1).
APP_FIELDS_AT_LEAST = (
    "messages,message_reactions,messaging_postbacks,messaging_seen,messaging_referral,messaging_handover,standby"
)
# Meta's pages disagree on these two; one name that Meta does not know refuses the whole list.
APP_FIELDS = f"{APP_FIELDS_AT_LEAST},message_edit,messaging_policy_enforcement"
_WRONG_PARAMETER = 100
PAGE_FIELDS = _FLAVOUR.fields
PAGE_FIELDS_AT_LEAST = _FLAVOUR.fields_at_least


class NotAskedError(Exception):
    """Meta gave no answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a Page token leads to. ``owner_id``: who gave it, by the id that the app knows them by; empty: not told."""

    page_id: str
    page_name: str
    account_id: str
    username: str
    name: str
    owner_id: str = ""


async def examine(graph: Graph, app_id: str, app_secret: str, page_token: str) -> Page:
    """Check app, token and permissions, and find Page and account. Raises :class:`ConnectError`."""
    inspected = await _inspect(graph, app_id, app_secret, page_token)
    _check_token(inspected, app_id, page_token)
    page = await _find_account(graph, app_secret, page_token)
    _check_grants(inspected, page)
    return replace(page, owner_id=_owner(inspected))


async def owner_of(graph: Graph, app_id: str, app_secret: str, page_token: str) -> str | None:
    """Who gave a token, living or dead (Meta reference 4.3); empty: Meta does not tell. None: Meta tells this app nothing.

    Raises :class:`NotAskedError`.
    """
    try:
        answer = await _about(graph, app_id, app_secret, page_token)
    except (NotSentError, NoAnswerError) as error:
        raise NotAskedError(str(error)) from error
    except GraphError as error:
        if error.passes:
            raise NotAskedError(str(error)) from error
        log.warning(
            "Meta does not tell whose token this is", facebook_app=app_id, error=without(str(error), page_token)
        )
        return None
    data = answer.get("data")
    return _owner(data) if isinstance(data, dict) else ""


def _owner(inspected: dict[str, Any]) -> str:
    owner = inspected.get("user_id")
    return str(owner) if isinstance(owner, str | int) and not isinstance(owner, bool) else ""


async def subscribe(graph: Graph, app: FacebookApp, callback: str, page_id: str, name: str, page_token: str) -> None:
    """Subscribe the app (Meta calls ``callback`` back during this) and the Page. Raises :class:`ConnectError`."""
    await subscribe_app(graph, app, callback)
    await subscribe_page(graph, app, page_id, name, page_token)


async def subscribe_page(
    graph: Graph, app: FacebookApp, page_id: str, name: str, page_token: str, also: Iterable[str] = ()
) -> None:
    """Subscribe the Page; ``also`` as for :func:`subscribe_app`. Raises :class:`ConnectError`."""
    try:
        await _subscribe_page(graph, app, page_id, page_token, joined(PAGE_FIELDS, also))
    except GraphError as error:
        if error.code not in (100, 200):
            raise ConnectError(f"The Page could not be subscribed to webhooks. Meta said: {error}") from error
        try:
            await _subscribe_page(graph, app, page_id, page_token, joined(PAGE_FIELDS_AT_LEAST, also))
        except GraphError as second:
            raise ConnectError(
                f"The Page {name} ({page_id}) could not be subscribed to webhooks: the token needs"
                f" pages_manage_metadata, from a person who manages the Page. Meta said: {second}"
            ) from second


async def unsubscribe_page(graph: Graph, app: FacebookApp, page_id: str, page_token: str) -> None:
    """Stop the Page's webhooks. Raises what the Graph client raises."""
    await graph.call("DELETE", f"/{page_id}/subscribed_apps", page_token, secret=app.secret, name="subscribe")


async def unsubscribe_app(graph: Graph, app: FacebookApp) -> None:
    """Stop the app's Instagram webhooks. Raises what the Graph client raises."""
    params = {"object": "instagram"}
    token = app_token(app.id, app.secret)
    await graph.call("DELETE", f"/{app.id}/subscriptions", token, secret=app.secret, params=params, name="subscribe")


async def _about(graph: Graph, app_id: str, app_secret: str, token: str) -> dict[str, Any]:
    """What Meta tells of a token (Meta reference 4.3). Raises what the Graph client raises."""
    params = {"input_token": token}
    return await graph.call(
        "GET", "/debug_token", app_token(app_id, app_secret), secret=app_secret, params=params, name="connect"
    )


async def _inspect(graph: Graph, app_id: str, app_secret: str, page_token: str) -> dict[str, Any]:
    try:
        answer = await _about(graph, app_id, app_secret, page_token)
    except GraphError as error:
        if error.passes:
            raise ConnectError(f"Meta could not be asked about the token: {error}. Try again.") from error
        raise ConnectError(
            f"appId or appSecret is wrong: Meta does not accept them ({error}). Both stand in the Meta app dashboard"
            " under App settings, Basic."
        ) from error
    except (NotSentError, NoAnswerError) as error:
        raise ConnectError(f"Meta could not be asked about the token: {error}. Try again.") from error
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _check_token(inspected: dict[str, Any], app_id: str, page_token: str) -> None:
    if inspected.get("is_valid") is not True:
        told = inspected.get("error")
        error = told if isinstance(told, dict) else {}
        if error.get("code") == 100:  # "The App_id in the input_token did not match the Viewing App"
            raise ConnectError(f"pageAccessToken belongs to another app than appId {app_id}. Use a token of this app.")
        said = without(str(error.get("message", "it is expired, revoked or mistyped")), page_token).rstrip(".")
        raise ConnectError(f"pageAccessToken is not valid: {said}. Make a new one and try again.")
    if str(inspected.get("app_id")) != app_id:
        raise ConnectError(
            f"pageAccessToken belongs to the app {inspected.get('app_id')}, not to appId {app_id}. Use a token of this app."
        )
    if inspected.get("type") != "PAGE":
        raise ConnectError(
            f"pageAccessToken is a token of type {inspected.get('type')}; a Page token is needed. GET /me/accounts with"
            " the user token lists the Pages and their tokens."
        )
    missing = [scope for scope in REQUIRED_SCOPES if scope not in _list(inspected, "scopes")]
    if missing:
        raise ConnectError(
            f"pageAccessToken lacks the permission {', '.join(missing)}. Log in again and grant it, then use the new token."
        )


def _check_grants(inspected: dict[str, Any], page: Page) -> None:
    """A grant narrowed to other Pages or accounts ("Choose what you allow", Meta reference 4.3)."""
    for grant in _list(inspected, "granular_scopes"):
        if not isinstance(grant, dict):
            continue
        scope, targets = str(grant.get("scope")), grant.get("target_ids")
        wanted = page.account_id if scope.startswith("instagram_") else page.page_id
        if scope in REQUIRED_SCOPES and isinstance(targets, list) and wanted not in map(str, targets):
            raise ConnectError(
                f"The permission {scope} was granted, but not for this {'account' if wanted == page.account_id else 'Page'}"
                f" ({wanted}). Remove the app under Facebook's Settings, Business integrations, log in again and allow all."
            )


async def _find_account(graph: Graph, app_secret: str, page_token: str) -> Page:
    try:
        answer = await graph.call(
            "GET",
            "/me",
            page_token,
            secret=app_secret,
            params={"fields": "id,name,instagram_business_account{id,username,name}"},
            name="connect",
        )
    except GraphError as error:
        raise ConnectError(f"The Page of pageAccessToken could not be read. Meta said: {error}") from error
    except (NotSentError, NoAnswerError) as error:
        raise ConnectError(f"Meta could not be asked about the Page: {error}. Try again.") from error
    account = answer.get("instagram_business_account")
    if not isinstance(account, dict) or not account.get("id"):
        raise ConnectError(
            f"The Page {answer.get('name', '')} ({answer.get('id')}) has no Instagram professional account. Link one in the"
            " Page's settings under Linked accounts, or use the token of another Page."
        )
    return Page(
        str(answer["id"]),
        str(answer.get("name", "")),
        str(account["id"]),
        str(account.get("username", "")),
        str(account.get("name", "")),
    )


async def subscribe_app(graph: Graph, app: FacebookApp, callback: str, also: Iterable[str] = ()) -> None:
    """Subscribe the app, which Meta calls back during this. Raises :class:`ConnectError`.

    ``also``: fields that were subscribed before and that others may need; the list given replaces the former one.
    """
    token = app_token(app.id, app.secret)
    params = {"object": "instagram", "callback_url": callback, "verify_token": app.verify_token}
    try:
        try:
            await _subscribe_fields(graph, app, token, params, joined(APP_FIELDS, also))
        except GraphError as error:
            if error.code != _WRONG_PARAMETER:
                raise
            await _subscribe_fields(graph, app, token, params, joined(APP_FIELDS_AT_LEAST, also))
    except (NotSentError, NoAnswerError) as error:
        raise ConnectError(f"Meta could not be asked to send webhooks: {error}. Try again.") from error
    except GraphError as error:
        # Some apps can only be set up in the dashboard (1.1): if somebody did, all is well.
        if await _is_subscribed(graph, app, callback):
            return
        raise ConnectError(
            f"Meta does not send webhooks to {callback}: {error}. The address must be reachable from the internet"
            " (HELIOGRAPH_PUBLIC_URL). If the app can only be set up in Meta's dashboard, enter that callback URL for the"
            " object Instagram there, with the verify token that `heliograph keys verify-token` prints."
        ) from error


async def _subscribe_fields(graph: Graph, app: FacebookApp, token: str, params: Mapping[str, str], fields: str) -> None:
    given = {**params, "fields": fields}
    await graph.call("POST", f"/{app.id}/subscriptions", token, secret=app.secret, params=given, name="subscribe")


async def _is_subscribed(graph: Graph, app: FacebookApp, callback: str) -> bool:
    try:
        token = app_token(app.id, app.secret)
        answer = await graph.call("GET", f"/{app.id}/subscriptions", token, secret=app.secret, name="subscribe")
    except (GraphError, NotSentError, NoAnswerError):
        return False
    return any(
        one.get("object") == "instagram" and one.get("callback_url") == callback and one.get("active") is True
        for one in _list(answer, "data")
    )


async def _subscribe_page(graph: Graph, app: FacebookApp, page_id: str, page_token: str, fields: str) -> None:
    params = {"subscribed_fields": fields}
    try:
        await graph.call(
            "POST", f"/{page_id}/subscribed_apps", page_token, secret=app.secret, params=params, name="subscribe"
        )
    except (NotSentError, NoAnswerError) as error:
        raise ConnectError(f"Meta could not be asked to subscribe the Page: {error}. Try again.") from error


def _list(parent: dict[str, Any], name: str) -> list[Any]:
    value = parent.get(name)
    return value if isinstance(value, list) else []


def joined(fields: str, also: Iterable[str]) -> str:
    """A list of fields with those of ``also`` that it lacks."""
    return ",".join(dict.fromkeys([*fields.split(","), *sorted(also)]))


def app_token(app_id: str, app_secret: str) -> str:
    """The token of the app itself (Meta reference 4.4). Where the app demands ``appsecret_proof``, it does of this, too."""
    return f"{app_id}|{app_secret}"
