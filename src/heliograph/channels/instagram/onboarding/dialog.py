"""The address of Meta's login dialog (Meta reference 4.1, 4.6). Pure."""

import base64
import hashlib
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson

from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS
from heliograph.channels.instagram.meta.login_hosts import LoginHosts

# Meta's own mark for apps that connect Instagram accounts: the dialog then leads through linking one.
_EXTRAS = orjson.dumps({"setup": {"channel": "IG_API_ONBOARDING"}}).decode()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a dialog is opened with. ``config_id``: a configuration of Facebook Login for Business, instead of scopes."""

    login: str
    client_id: str
    redirect_uri: str
    state: str
    verifier: str | None = None
    config_id: str | None = None
    rerequest: bool = False
    popup: bool = False


def challenge_of(verifier: str) -> str:
    """The code challenge of a verifier: base64url of its SHA-256, without padding (RFC 7636, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def address(hosts: LoginHosts, version: str, asked: Asked) -> str:
    """Where the browser is sent."""
    query = {
        "client_id": asked.client_id,
        "redirect_uri": asked.redirect_uri,
        "response_type": "code",
        "state": asked.state,
    }
    scopes = ",".join(FLAVOURS[asked.login].wanted_scopes)
    if asked.login != FACEBOOK:
        return f"{hosts.instagram}/oauth/authorize?{urlencode({**query, 'scope': scopes})}"
    if asked.config_id:
        # The configuration names the permissions; a scope beside it is advised against.
        query |= {"config_id": asked.config_id, "override_default_response_type": "true"}
    else:
        query["scope"] = scopes
    if asked.verifier and FLAVOURS[asked.login].pkce:
        query |= {"code_challenge": challenge_of(asked.verifier), "code_challenge_method": "S256"}
    if asked.rerequest:
        query["auth_type"] = "rerequest"
    if asked.popup:
        query["display"] = "popup"
    return f"{hosts.facebook}/{version}/dialog/oauth?{urlencode({**query, 'extras': _EXTRAS})}"
