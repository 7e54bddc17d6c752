"""What an app asks for in the login dialog. Pure: a query and an app's settings in, a value or a reason out.

Source: Meta reference 4.1. Whatever is wrong here is shown to the person on a page: there is no address to return to that
could be trusted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from heliograph.simulator.consents import PUBLIC
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN
from heliograph.simulator.models import App

ARBITER = "/x/connect/xd_arbiter"
"""Where the dialog returns to when the JavaScript SDK opened it; that page tells the opener."""

_RESPONSE_TYPES = frozenset({"code", "token", "granted_scopes", "signed_request", "graph_domain"})
_CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


class DialogError(Exception):
    """The dialog can not be shown, and there is nowhere to send the person back to."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for. ``challenge`` is PKCE's method and value."""

    app: App
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    response: frozenset[str] = frozenset({"code"})
    challenge: tuple[str, str] | None = None
    configuration: Mapping[str, Any] | None = None
    rerequest: bool = False
    reauthenticate: bool = False
    facebook_login: bool = True
    """Whether Instagram Login offers to log in with Facebook."""
    popup: bool = False

    @property
    def by_sdk(self) -> bool:
        """Whether the JavaScript SDK asks."""
        return urlsplit(self.redirect_uri).path.rstrip("/") == ARBITER

    @property
    def exchanged_with(self) -> str:
        """The ``redirect_uri`` that the code must be exchanged with: none for a code of the JavaScript SDK."""
        return "" if self.by_sdk else self.redirect_uri

    @property
    def returns_to(self) -> str:
        """Where the person goes back to, as they are told."""
        return sdk_origin(self.redirect_uri) if self.by_sdk else self.redirect_uri


def read(apps: Mapping[str, App], query: Mapping[str, str]) -> Asked:
    """The dialog's query. Raises :class:`DialogError` with a text for the developer."""
    app = apps.get(query.get("client_id", ""))
    if app is None or app.instagram:
        raise DialogError("Invalid App ID: client_id names no app of the simulator.")
    uri = query.get("redirect_uri", "")
    check_redirect(app, uri)
    response = frozenset(words(query.get("response_type", "code")))
    if not response & {"code", "token"} or not response <= _RESPONSE_TYPES:
        raise DialogError("The response_type must be code or token, and granted_scopes beside it if you like.")
    configuration = _configuration(app, query.get("config_id"))
    wanted = list(configuration["scopes"]) if configuration else words(query.get("scope", PUBLIC))
    unknown = [scope for scope in wanted if scope not in FACEBOOK_LOGIN.all_scopes]
    if unknown:
        # What Meta shows for scopes of the other flavour, too.
        raise DialogError(f"Invalid Scopes: {', '.join(unknown)}.")
    if configuration and configuration["kind"] == "system_user" and "token" in response:
        raise DialogError("A configuration for a system user's token works with response_type=code only.")
    auth = words(query.get("auth_type", ""))
    return Asked(
        app,
        uri,
        query.get("state"),
        tuple(dict.fromkeys([*wanted, PUBLIC])),
        response,
        _challenge(query),
        configuration,
        rerequest="rerequest" in auth,
        reauthenticate="reauthenticate" in auth,
        popup=query.get("display") == "popup",
    )


def check_redirect(app: App, uri: str) -> None:
    """Refuse an address that is none, or that the app has not registered. The comparison is exact (Meta's strict mode).

    The JavaScript SDK names the simulator's own page; the page that opened it must be on a registered address's origin.
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise DialogError("The redirect_uri must be an absolute http or https address.")
    if parts.path.rstrip("/") == ARBITER:
        check_origin(app, sdk_origin(uri))
    elif app.redirect_uris and uri not in app.redirect_uris:
        raise DialogError(f"URL Blocked: {uri} is not among the valid OAuth redirect URIs of {app.name}.")


def check_origin(app: App, origin: str) -> None:
    """Refuse a site that is not the app's to use the JavaScript SDK."""
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
        raise DialogError("The JavaScript SDK must name the origin of its page.")
    known = {"{0.scheme}://{0.netloc}".format(urlsplit(one)) for one in app.redirect_uris}
    if known and origin not in known:
        raise DialogError(f"JSSDK Unknown Host domain: {origin} is not among the domains of {app.name}.")


def sdk_origin(uri: str) -> str:
    """The origin of the page that uses the JavaScript SDK, as its ``redirect_uri`` tells it."""
    return parse_qs(urlsplit(uri).fragment).get("origin", [""])[0]


def _configuration(app: App, config_id: str | None) -> Mapping[str, Any] | None:
    if config_id is None:
        return None
    for one in app.configurations:
        if one["id"] == config_id:
            return one
    raise DialogError(f"{app.name} has no Facebook Login for Business configuration with this config_id.")


def _challenge(query: Mapping[str, str]) -> tuple[str, str] | None:
    value = query.get("code_challenge")
    if not value:
        return None
    method = query.get("code_challenge_method", "plain")
    if method not in ("S256", "plain"):
        raise DialogError("The code_challenge_method must be S256 or plain.")
    if not _CHALLENGE.fullmatch(value):
        raise DialogError("The code_challenge must have 43 to 128 letters, digits or any of - . _ ~")
    return method, value


def words(text: str) -> list[str]:
    """The words of a list that commas or spaces part."""
    return [word for word in re.split(r"[,\s]+", text) if word]
