"""Access tokens: which one came with a call, whether it lives, and what it may do. Also ``debug_token``.

Source: Meta's access-token guides and the Graph API's error answers; section names in ``errors.py``.
"""

import hashlib
import hmac
from typing import Any

from heliograph.simulator import ids
from heliograph.simulator.clock import long_time
from heliograph.simulator.errors import REVOKED, GraphError, refuse
from heliograph.simulator.models import App, Owner, Page, Token
from heliograph.simulator.world import World

DATA_ACCESS_SECONDS = 90 * 24 * 3600


def mint(
    world: World,
    app: App,
    page: Page | None,
    owner: Owner,
    scopes: list[str],
    targets: dict[str, list[str]] | None = None,
    expires_in: int | None = None,
) -> Token:
    """A new token: a Page's when ``page`` is given, otherwise the user's. ``expires_in`` in seconds, None for never.

    Without ``targets`` a Page token covers its Page and account only, as a login for one Page does.
    """
    now = world.clock.now_ms() // 1000
    if app.instagram:
        targets = targets or {}
    if targets is None:
        targets = _targets(page, scopes) if page else {}
    token = Token(
        value=ids.access_token("IGAA" if app.instagram else "EAA"),
        app_id=app.id,
        type=("instagram" if app.instagram else "page") if page else "user",
        owner_id=owner.id,
        page_id=page.id if page else None,
        scopes=scopes,
        targets=targets,
        issued_at=now,
        expires_at=now + expires_in if expires_in else 0,
    )
    return world.state.add(token)


def _targets(page: Page, scopes: list[str]) -> dict[str, list[str]]:
    assets = {"pages_": [page.id], "instagram_": [page.account_id] if page.account_id else []}
    return {scope: list(ids_) for scope in scopes for prefix, ids_ in assets.items() if scope.startswith(prefix)}


def problem(world: World, token: Token | None) -> GraphError | None:
    """Why a token can not be used, None when it can."""
    if token is None:
        return refuse("token_malformed")
    now = world.clock.now_ms()
    words = {"user": token.owner_id, "app": token.app_id, "now": long_time(now)}
    if token.invalid_subcode is not None:
        name = REVOKED.get(token.invalid_subcode, "token_dead")
        return refuse(name, **words, expired=long_time(min(now, token.expires_at * 1000 or now)))
    page = world.state.pages.get(token.page_id or "")
    if page is not None and page.tasks == [] and token.type != "instagram":
        return refuse("token_role_lost", **words)
    if token.expires_at and now >= token.expires_at * 1000:
        return refuse("token_expired", **words, expired=long_time(token.expires_at * 1000))
    return None


def check_proof(app: App, token_value: str, proof: str | None) -> None:
    """``appsecret_proof`` is the hex HMAC-SHA256 of the token, keyed with the app secret.

    Checked whenever it is there, and demanded when the app demands it.
    """
    if proof is None:
        if app.require_proof:
            raise refuse("proof_missing")
        return
    expected = hmac.digest(app.secret.encode(), token_value.encode(), hashlib.sha256).hex()
    if not hmac.compare_digest(proof.encode(), expected.encode()):
        raise refuse("proof_wrong")


def app_of(world: World, app_token: str) -> App:
    """The app whose app token ``{id}|{secret}`` this is."""
    app_id, bar, secret = app_token.partition("|")
    if not bar:
        raise refuse("token_not_app")
    app = world.state.apps.get(app_id)
    if app is None or app.instagram or not hmac.compare_digest(secret.encode(), app.secret.encode()):
        raise refuse("token_signature")
    return app


def covers(token: Token, scope: str, asset_id: str) -> bool:
    """Whether the token has a scope, and for this asset. A scope without targets covers every asset."""
    targets = token.targets.get(scope)
    return scope in token.scopes and (targets is None or asset_id in targets)


def debug(world: World, viewer: App, value: str) -> dict[str, Any]:
    """The ``data`` of ``GET /debug_token``. A token that can not be used is described, not refused."""
    token = world.state.tokens.get(value)
    if token is not None and token.type == "instagram":
        token = None  # another host's
    why = problem(world, token)
    if token is None:
        assert why is not None
        return {"error": _inner(why), "is_valid": False, "scopes": []}
    if token.app_id != viewer.id:
        message = "(#100) The App_id in the input_token did not match the Viewing App"
        return {"error": {"code": 100, "message": message}, "is_valid": False, "scopes": []}
    data: dict[str, Any] = {
        "app_id": token.app_id,
        "type": token.type.upper(),
        "application": viewer.name,
        "data_access_expires_at": token.issued_at + DATA_ACCESS_SECONDS,
    }
    if why:
        data["error"] = _inner(why)
    data |= {"expires_at": token.expires_at, "is_valid": why is None, "issued_at": token.issued_at}
    if token.page_id:
        data["profile_id"] = token.page_id
    data["scopes"] = token.scopes
    data["granular_scopes"] = [
        {"scope": scope, "target_ids": token.targets[scope]} if scope in token.targets else {"scope": scope}
        for scope in token.scopes
    ]
    data["user_id"] = token.owner_id
    return data


def _inner(why: GraphError) -> dict[str, Any]:
    error: dict[str, Any] = {"code": why.code, "message": why.message}
    if why.subcode is not None:
        error["subcode"] = why.subcode
    return error
