"""The code that a person comes back with, for a token (Meta reference 4.1, 4.6).

Facebook Login: a user token of an hour or two, made to last 60 days, because the Page tokens that come of it then have no
end. One that says it has no end (a system user's, by Facebook Login for Business) is taken as it is. Instagram Login: a
token of an hour; connecting exchanges it for one of 60 days itself, and proves the app's secret by that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.channels.instagram.onboarding.troubles import Kind, LoginError, trouble

# (code, subcode) of the exchange's refusals. A wrong redirect address has no code of its own that is documented; it was
# seen as 100/36008, and 191 is that of an address which the app does not list.
_KINDS: Mapping[tuple[int, int | None], Kind] = {
    (100, 36007): Kind.CODE_EXPIRED,
    (100, 36009): Kind.CODE_USED,
    (100, 36008): Kind.REDIRECT_MISMATCH,
    (191, None): Kind.REDIRECT_MISMATCH,
    (101, None): Kind.APP_MISCONFIGURED,
    (1, None): Kind.APP_MISCONFIGURED,
}
# Instagram's exchange answers 400 for all of them. Its texts are all there is to tell them apart; one that is not known
# is shown as it is.
_TEXTS = (
    ("redirect_uri", Kind.REDIRECT_MISMATCH),
    ("client secret", Kind.APP_MISCONFIGURED),
    ("platform app", Kind.APP_MISCONFIGURED),
    ("already used", Kind.CODE_USED),
    ("expired", Kind.CODE_EXPIRED),
)


@dataclass(frozen=True, slots=True)
class Access:
    """What the exchange gave. ``scopes`` None: it does not tell them."""

    token: str = field(repr=False)
    scopes: frozenset[str] | None = None


async def exchange(
    graph: Graph, hosts: LoginHosts, app: FacebookApp, code: str, redirect_uri: str, verifier: str | None
) -> Access:
    """A token for a code. Raises :class:`LoginError`."""
    form = {
        "client_id": app.id,
        "client_secret": app.secret,
        "redirect_uri": redirect_uri,
        "code": code.removesuffix("#_").removesuffix("#_=_"),
        **({"code_verifier": verifier} if verifier else {}),
    }
    try:
        if app.login != FACEBOOK:
            url = f"{hosts.instagram_api}/oauth/access_token"
            return access_of(await graph.exchange(url, {**form, "grant_type": "authorization_code"}))
        answer = await graph.exchange("/oauth/access_token", form)
        short = access_of(answer)
        if not answer.get("expires_in"):
            return short
        lasting = {
            "grant_type": "fb_exchange_token",
            "client_id": app.id,
            "client_secret": app.secret,
            "fb_exchange_token": short.token,
        }
        return access_of(await graph.exchange("/oauth/access_token", lasting))
    except (GraphError, NotSentError, NoAnswerError) as error:
        raise LoginError(trouble(kind_of(error), said=str(error), redirect_uri=redirect_uri)) from error


def access_of(answer: Mapping[str, Any]) -> Access:
    """What an exchange answered: flat, or in ``data[]``; permissions as a list or with commas (4.6). Pure.

    Raises NoAnswerError when there is no token in it.
    """
    data = answer.get("data")
    one = data[0] if isinstance(data, list) and data else data
    told = one if isinstance(one, dict) else answer
    token, scopes = told.get("access_token"), told.get("permissions")
    if not isinstance(token, str) or not token:
        raise NoAnswerError("Meta answered the exchange without a token")
    names = scopes.split(",") if isinstance(scopes, str) else scopes if isinstance(scopes, list) else None
    return Access(token, None if names is None else frozenset(str(name).strip() for name in names))


def kind_of(error: Exception) -> Kind:
    """Which trouble a refused exchange is. Pure."""
    if not isinstance(error, GraphError) or error.transient or error.status >= 500:
        return Kind.META_UNREACHABLE
    known = _KINDS.get((error.code, error.subcode)) or _KINDS.get((error.code, None))
    if known is not None:
        return known
    if error.passes:
        return Kind.META_UNREACHABLE
    said = error.message.lower()
    return next((kind for text, kind in _TEXTS if text in said), Kind.META_REFUSED)
