"""Tokens from a login: the code exchange, the long-lived token, the app token, and taking everything back.

Source: Meta's manual-flow and long-lived-token guides. A code is exchanged once, with the very redirect address of the
dialog; a short-lived user token lives for about an hour, a long-lived one for 60 days.
"""

import hmac
from typing import Any

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import tokens
from heliograph.simulator.graph.call import Call
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN
from heliograph.simulator.models import App, Token

SHORT_SECONDS = 3600
LONG_SECONDS = 60 * 24 * 3600


async def access_token(call: Call) -> dict[str, Any]:
    """``/oauth/access_token`` in its three forms."""
    app = call.world.state.apps.get(call.required("client_id"))
    secret = call.required("client_secret")
    if app is None or app.instagram or not hmac.compare_digest(secret.encode(), app.secret.encode()):
        raise refuse("client_invalid")
    form = call.text("grant_type") or "authorization_code"
    if form == "client_credentials":
        return {"access_token": f"{app.id}|{app.secret}", "token_type": "bearer"}
    if form == "fb_exchange_token":
        return _answer(_long_lived(call, app), LONG_SECONDS)
    return _answer(_from_code(call, app), SHORT_SECONDS)


def _answer(token: Token, seconds: int) -> dict[str, Any]:
    told = {"access_token": token.value, "token_type": "bearer"}
    # A system user's token does not expire, and says nothing of it.
    return {**told, "expires_in": seconds} if token.expires_at else told


def _from_code(call: Call, app: App) -> Token:
    code = call.required("code")
    world = call.world
    if world.grants.used(code):
        raise refuse("code_used")
    grant = world.grants.take(code, app.id, call.text("redirect_uri") or "")
    if grant is None:
        raise refuse("code_invalid")
    if not grant.proved_by(call.text("code_verifier")):
        raise refuse("code_verifier")
    owner = world.state.owners[grant.owner_id]
    seconds = None if grant.system else SHORT_SECONDS
    token = tokens.mint(world, app, None, owner, list(grant.scopes), grant.targets, seconds)
    if grant.system:
        token.type = "system_user"
        world.state.save(token)
    return token


def _long_lived(call: Call, app: App) -> Token:
    world = call.world
    short = world.state.tokens.get(call.required("fb_exchange_token"))
    why = tokens.problem(world, short)
    if why:
        raise why
    assert short is not None
    if short.app_id != app.id or short.page_id:
        raise refuse("token_malformed")
    if not short.expires_at:
        return short
    owner = world.state.owners[short.owner_id]
    return tokens.mint(world, app, None, owner, list(short.scopes), dict(short.targets), LONG_SECONDS)


async def revoke_permission(call: Call) -> dict[str, Any]:
    """``DELETE /me/permissions/{name}``: the person takes one permission back."""
    token, name = call.token(), call.segments[2]
    if name not in FACEBOOK_LOGIN.all_scopes:
        raise refuse("parameter", reason=f"Invalid permission {name}")
    call.world.consents.decline(token.app_id, token.owner_id, name)
    return {"success": True}


async def revoke_permissions(call: Call) -> dict[str, Any]:
    """``DELETE /me/permissions``: the person removes the app; its tokens die with 458, and it is told of that."""
    token = call.token()
    app, callbacks = call.world.state.apps[token.app_id], call.world.callbacks
    callbacks.remove_app(app, token.owner_id)
    call.after.append(lambda: callbacks.deauthorize_soon(app, token.owner_id))
    return {"success": True}
