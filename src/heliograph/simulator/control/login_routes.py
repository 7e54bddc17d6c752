"""Control: people with a Facebook login, their Pages by the hundred, an app's login settings, and the login itself."""

from typing import Any

from fastapi import APIRouter

from heliograph.simulator import ids
from heliograph.simulator.control import lookup, models, views
from heliograph.simulator.control import seed as seeding
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN
from heliograph.simulator.login import answer, asked
from heliograph.simulator.models import Owner
from heliograph.simulator.world import World

router = APIRouter(tags=["login"])


@router.get("/owners")
async def owners(world: Held) -> dict[str, Any]:
    """Everybody with a Facebook login."""
    return {"owners": [{"id": one.id, "name": one.name} for one in world.state.owners.values()]}


@router.post("/owners", status_code=201)
async def new_owner(world: Held, body: models.NewOwner | None = None) -> dict[str, Any]:
    """Make somebody with a Facebook login and no Pages."""
    made = seeding.new_owner(world, (body or models.NewOwner()).name)
    return {"id": made.id, "name": made.name}


@router.post("/pages/many", status_code=201)
async def many_pages(world: Held, body: models.ManyPages) -> dict[str, Any]:
    """Make Pages by the hundred for one person, every so manieth with an Instagram account."""
    owner = _owner(world, body.owner_user_id) if body.owner_user_id else seeding.new_owner(world, body.owner_name)
    made = seeding.new_pages(world, owner, body.name, body.count, body.with_account)
    world.hub.publish("world", {})
    return {
        "owner_user_id": owner.id,
        "page_ids": [page.id for page, _ in made],
        "instagram_account_ids": [account.id for _, account in made if account],
    }


@router.post("/apps/{app_id}/configurations", status_code=201)
async def new_configuration(world: Held, app_id: str, body: models.NewConfiguration | None = None) -> dict[str, Any]:
    """Make a configuration of Facebook Login for Business; its id is the dialog's config_id."""
    app, given = lookup.app(world, app_id), body or models.NewConfiguration.model_validate({})
    key = given.id or world.state.fresh(lambda: ids.digits(16, "2"))
    if any(one["id"] == key for one in app.configurations):
        raise ControlError("id", f"The app already has a configuration {key}.", 409)
    unknown = [scope for scope in given.scopes or () if scope not in FACEBOOK_LOGIN.all_scopes]
    if unknown:
        raise ControlError("scopes", f"There is no permission {unknown[0]}.")
    made = seeding.new_configuration(world, app, given.name, key, given.scopes, given.kind)
    return dict(made)


@router.get("/apps/{app_id}")
async def one_app(world: Held, app_id: str) -> dict[str, Any]:
    """One app, with its login settings."""
    return views.app(lookup.app(world, app_id))


@router.post("/login")
async def log_in(world: Held, body: models.Login) -> dict[str, str]:
    """Go through the login dialog without a browser: where the person is sent back to, with the code."""
    query = body.model_dump(
        exclude_none=True, exclude={"owner_user_id", "granted", "page_ids", "account_ids", "reconnect", "deny"}
    )
    try:
        wanted = asked.read(world.state.apps, query)
    except asked.DialogError as problem:
        raise ControlError("client_id", str(problem)) from None
    owner = _owner(world, body.owner_user_id or next(iter(world.state.owners), ""))
    if body.deny:
        return {"redirect_to": answer.deny(wanted)}
    if body.reconnect:
        if not answer.nothing_new(wanted, world.consents.of(wanted.app.id, owner.id)):
            raise ControlError(
                "reconnect", "The dialog does not offer that here: something is asked for the first time."
            )
        return {"redirect_to": answer.reconnect(world, wanted, owner)}
    granted = list(wanted.scopes) if body.granted is None else list(body.granted)
    pages = list(world.state.pages) if body.page_ids is None else list(body.page_ids)
    of_pages = [world.state.pages[one].account_id or "" for one in pages if one in world.state.pages]
    accounts = of_pages if body.account_ids is None else list(body.account_ids)
    return {"redirect_to": answer.allow(world, wanted, owner, answer.Choice(granted, pages, accounts))}


def _owner(world: World, user_id: str) -> Owner:
    if found := world.state.owners.get(user_id):
        return found
    raise ControlError("owner_user_id", f"No user has the id {user_id}. GET /_simulator/owners lists them.", 404)
