"""Control: Instagram Login — Instagram apps, accounts without a Page, tokens, the login, the webhook of the dashboard."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from heliograph.simulator.control import lookup, views
from heliograph.simulator.control import seed as seeding
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.control.models import Body, Id, NewApp, Text
from heliograph.simulator.errors import GraphError
from heliograph.simulator.graph import tokens
from heliograph.simulator.graph.apps import check_names
from heliograph.simulator.graph.flavours import INSTAGRAM_LOGIN, INSTAGRAM_LOGIN_FIELDS
from heliograph.simulator.graph.instagram import LONG_SECONDS, SHORT_SECONDS
from heliograph.simulator.login import instagram
from heliograph.simulator.login.asked import DialogError
from heliograph.simulator.models import App
from heliograph.simulator.webhooks.verify import verify
from heliograph.simulator.world import World

router = APIRouter(prefix="/instagram", tags=["instagram login"])


class NewInstagramAccount(Body):
    """A professional account that has no Facebook Page."""

    name: Text = "Harbour Tea"
    username: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._]{1,30}$")] | None = None


class NewInstagramToken(Body):
    """A token as the login gives it, without going through it."""

    app_id: Id
    account_id: Id
    scopes: list[Text] | None = None
    short: bool = Field(False, description="A token of an hour, as the code exchange gives, instead of one of 60 days.")
    age_seconds: int = Field(0, ge=0, description="How long ago it was issued.")


class InstagramLogin(Body):
    """What an account decides in the login dialog."""

    client_id: Id
    redirect_uri: Text
    scope: Text
    account_id: Id
    state: str | None = None
    granted: list[Text] | None = None
    deny: bool = False


class DashboardWebhook(Body):
    """Callback, verify token and fields, as they are entered in the App Dashboard for Instagram Login."""

    app_id: Id
    callback_url: Text
    verify_token: Text
    fields: list[Text] | None = Field(None, description="Absent: every field there is.")


@router.post("/apps", status_code=201)
async def new_app(world: Held, body: NewApp) -> dict[str, Any]:
    """Make an Instagram app: id and secret of the dashboard's "API setup with Instagram login"."""
    if body.id and world.state.taken(body.id):
        raise ControlError("id", f"Something already has the id {body.id}.", 409)
    app = seeding.new_app(world, body.name, body.id, body.secret)
    app.instagram, app.human_agent, app.require_proof = True, body.human_agent, body.require_proof
    world.state.save(app)
    return views.app(app)


@router.post("/accounts", status_code=201)
async def new_account(world: Held, body: NewInstagramAccount) -> dict[str, Any]:
    """Make a professional account without a Page."""
    page, account = seeding.new_account(world, body.name, body.username)
    page.hidden = True
    world.state.save(page)
    world.hub.publish("world", {})
    return views.account(page, account)


@router.post("/tokens", status_code=201)
async def new_token(world: Held, body: NewInstagramToken) -> dict[str, Any]:
    """Make an Instagram user token."""
    app, account = _instagram_app(world, body.app_id), lookup.account(world, body.account_id)
    page = world.state.pages[account.page_id]
    scopes = list(INSTAGRAM_LOGIN.all_scopes) if body.scopes is None else list(body.scopes)
    seconds = SHORT_SECONDS if body.short else LONG_SECONDS
    token = tokens.mint(world, app, page, world.state.owners[page.owner_id], scopes, {}, seconds)
    token.issued_at -= body.age_seconds
    token.expires_at -= body.age_seconds
    world.state.save(token)
    return {"access_token": token.value, "scopes": scopes, "expires_at": token.expires_at}


@router.post("/login")
async def log_in(world: Held, body: InstagramLogin) -> dict[str, str]:
    """Go through the login dialog without a browser: where the account is sent back to, with the code."""
    query = {"client_id": body.client_id, "redirect_uri": body.redirect_uri, "scope": body.scope}
    try:
        asked = instagram.read(world.state.apps, query if body.state is None else {**query, "state": body.state})
    except DialogError as problem:
        raise ControlError("client_id", str(problem)) from None
    if body.deny:
        return {"redirect_to": instagram.deny(asked)}
    granted = list(asked.scopes) if body.granted is None else list(body.granted)
    return {"redirect_to": instagram.allow(world, asked, lookup.account(world, body.account_id), granted)}


@router.post("/webhook")
async def dashboard_webhook(world: Held, body: DashboardWebhook) -> dict[str, Any]:
    """Enter the webhook in the dashboard: there is no call for it, and the callback is verified at once."""
    app = _instagram_app(world, body.app_id)
    fields = list(INSTAGRAM_LOGIN_FIELDS) if body.fields is None else list(body.fields)
    try:
        check_names("fields", fields, INSTAGRAM_LOGIN_FIELDS)
    except GraphError as problem:
        raise ControlError("fields", problem.message) from None
    reason = await verify(world.session, app, body.callback_url, body.verify_token, world.wire, world.clock.now_ms())
    if reason:
        raise ControlError("callback_url", f"The callback could not be verified: {reason}")
    app.callback_url, app.fields = body.callback_url, fields
    world.state.save(app)
    return views.app(app)


def _instagram_app(world: World, app_id: str) -> App:
    app = lookup.app(world, app_id)
    if not app.instagram:
        raise ControlError("app_id", "This is a Facebook app. POST /_simulator/instagram/apps makes an Instagram app.")
    return app
