"""How an account is connected by each login: one object for each, with the same four calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from heliograph.channels.base import ConnectError
from heliograph.channels.instagram.accounts import facebook_login, instagram_login
from heliograph.channels.instagram.accounts.records import FacebookApp, FacebookApps, open_token
from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.channels.instagram.meta.graph import Graph, Token
from heliograph.events.wire_time import wire_time
from heliograph.storage import SecretBox


@dataclass(frozen=True, slots=True)
class Found:
    """An account that can be connected. ``token`` is the one to keep; without ``expires_at`` it has no scheduled end.

    ``page_id`` is the node that stands for the account: its Page, or without one itself. ``shown`` is what the
    integration tells of it. ``owner_id``: who gave the token, by the id that the app knows them by; empty: not told.
    """

    login: str
    page_id: str
    account_id: str
    username: str
    token: Token
    shown: Mapping[str, Any]
    page_name: str = ""
    expires_at: datetime | None = None
    refresh_at: datetime | None = None
    proven: bool = True
    owner_id: str = ""


class Login(Protocol):
    """One login."""

    async def examine(self, app_id: str, secret: str, token: str) -> Found:
        """Check the credentials and find the account. Raises :class:`ConnectError`."""
        ...

    async def save_app(self, app_id: str, secret: str, found: Found) -> FacebookApp:
        """Store the app with the secret that Meta has accepted. Raises :class:`ConnectError`."""
        ...

    async def subscribe(self, app: FacebookApp, found: Found) -> None:
        """Have Meta send the account's webhooks. Raises :class:`ConnectError`."""
        ...

    async def unsubscribe(self, app: FacebookApp, row: Any) -> None:
        """Have Meta send no more of them; ``row`` is the account's. Raises what the Graph client raises, and SecretError."""
        ...

    async def unsubscribe_app(self, app: FacebookApp) -> None:
        """The last account of the app goes. Raises what the Graph client raises."""
        ...


class FacebookLogin:
    """A Page token, its Page and the account that is linked to it."""

    def __init__(self, graph: Graph, apps: FacebookApps, box: SecretBox, callback: Callable[[str], str]) -> None:
        self._graph = graph
        self._apps = apps
        self._box = box
        self._callback = callback

    async def examine(self, app_id: str, secret: str, token: str) -> Found:
        """Ask Meta about app, token, permissions, Page and account."""
        page = await facebook_login.examine(self._graph, app_id, secret, token)
        shown = {
            "pageId": page.page_id,
            "businessId": page.account_id,
            "businessName": page.name or page.page_name,
            "businessUsername": page.username,
        }
        return Found(
            FACEBOOK,
            page.page_id,
            page.account_id,
            page.username,
            Token(token, FACEBOOK),
            shown,
            page.page_name,
            owner_id=page.owner_id,
        )

    async def save_app(self, app_id: str, secret: str, found: Found) -> FacebookApp:
        """Meta has accepted the secret. It must be stored before Meta calls back to verify."""
        known = await self._apps.reload(app_id)
        if known is not None and known.login != FACEBOOK:
            raise ConnectError(
                f"appId {app_id} is an Instagram app here. Connect with login instagram, or use a Facebook app."
            )
        return await self._apps.save(app_id, secret)

    async def subscribe(self, app: FacebookApp, found: Found) -> None:
        """The app, which Meta calls back during this, and the Page."""
        callback = self._callback(app.id)
        await facebook_login.subscribe(self._graph, app, callback, found.page_id, found.page_name, found.token)

    async def unsubscribe(self, app: FacebookApp, row: Any) -> None:
        """The Page."""
        await facebook_login.unsubscribe_page(self._graph, app, row["page_id"], open_token(self._box, row))

    async def unsubscribe_app(self, app: FacebookApp) -> None:
        """The app."""
        await facebook_login.unsubscribe_app(self._graph, app)


class InstagramLogin:
    """The account's own token, which is exchanged for one that lasts."""

    def __init__(self, graph: Graph, apps: FacebookApps, box: SecretBox) -> None:
        self._graph = graph
        self._apps = apps
        self._box = box

    async def examine(self, app_id: str, secret: str, token: str) -> Found:
        """Ask Meta whose the token is, and for one that lasts."""
        me = await instagram_login.examine(self._graph, token)
        instagram_login.check_login(await self._apps.reload(app_id))
        kept = await instagram_login.lengthen(self._graph, secret, token)
        shown = {
            "login": INSTAGRAM,
            "businessId": me.account_id,
            "businessName": me.name or me.username,
            "businessUsername": me.username,
            "tokenExpiresAt": wire_time(kept.expires_at),
        }
        return Found(
            INSTAGRAM,
            me.account_id,
            me.account_id,
            me.username,
            kept.token,
            shown,
            expires_at=kept.expires_at,
            refresh_at=kept.refresh_at,
            proven=kept.proven,
            owner_id=me.app_scoped_id,
        )

    async def save_app(self, app_id: str, secret: str, found: Found) -> FacebookApp:
        """Store the Instagram app, unless that would put an unproven secret in the place of another."""
        instagram_login.check_secret(await self._apps.reload(app_id), secret, proven=found.proven)
        return await self._apps.save(app_id, secret, INSTAGRAM)

    async def subscribe(self, app: FacebookApp, found: Found) -> None:
        """The account. The app's webhook is entered in Meta's dashboard: there is no call for it."""
        await instagram_login.subscribe(self._graph, found.token)

    async def unsubscribe(self, app: FacebookApp, row: Any) -> None:
        """The account."""
        await instagram_login.unsubscribe(self._graph, open_token(self._box, row))

    async def unsubscribe_app(self, app: FacebookApp) -> None:
        """Nothing: what was entered in the dashboard stays there."""


def logins(graph: Graph, apps: FacebookApps, box: SecretBox, callback: Callable[[str], str]) -> Mapping[str, Login]:
    """Every login, by its name on the wire. ``callback``: where an app's webhooks are to go."""
    return {FACEBOOK: FacebookLogin(graph, apps, box, callback), INSTAGRAM: InstagramLogin(graph, apps, box)}
