"""Control: what happens to a connection, and Meta's callbacks to the app."""

from typing import Any

from fastapi import APIRouter, Query

from heliograph.simulator.connection import Connection
from heliograph.simulator.connections import SWITCHES
from heliograph.simulator.control import fault_models as models
from heliograph.simulator.control import lookup
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN, INSTAGRAM_LOGIN
from heliograph.simulator.world import World

router = APIRouter(tags=["connection"])


def _connection(world: World, account_id: str, app_id: str | None, scope: str) -> Connection:
    account = lookup.account(world, account_id)
    apps = (lookup.app(world, app_id),) if app_id else tuple(world.state.apps.values())
    if scope not in {*FACEBOOK_LOGIN.all_scopes, *INSTAGRAM_LOGIN.all_scopes}:
        raise ControlError("scope", f"There is no permission {scope}.")
    return Connection(world, world.state.pages[account.page_id], account, apps, scope)


@router.get("/connection")
async def connection(
    world: Held,
    account_id: str,
    app_id: str | None = Query(None, description="Towards this app; absent: towards all."),
    scope: str = Query(FACEBOOK_LOGIN.send_scope),
) -> dict[str, Any]:
    """Every switch of an account's connection, and whether it is on."""
    at = _connection(world, account_id, app_id, scope)
    return {
        "switches": [
            {
                "name": one.name,
                "meaning": one.meaning,
                "symptom": one.symptom,
                "on": one.on(at),
                "can_be_undone": one.undo is not None,
                "takes_scope": one.takes_scope,
            }
            for one in SWITCHES.values()
        ]
    }


@router.post("/connection/{name}")
async def change_connection(world: Held, name: str, body: models.ConnectionChange) -> dict[str, Any]:
    """Let something happen to a connection, or undo it."""
    switch = SWITCHES.get(name)
    if switch is None:
        raise ControlError("name", f"There is no switch {name}. GET /_simulator/connection lists them.", 404)
    at = _connection(world, body.account_id, body.app_id, body.scope)
    if body.on:
        switch.do(at)
    elif switch.undo:
        switch.undo(at)
    else:
        raise ControlError("on", f"{switch.meaning}: nothing but a new login helps.", 409)
    world.hub.publish("world", {})
    world.faults.changed()
    return {"name": name, "on": switch.on(at)}


@router.post("/apps/{app_id}/deauthorize")
async def deauthorize(world: Held, app_id: str, body: models.NewCallback | None = None) -> dict[str, Any]:
    """The person removes the app: its tokens die with 190/458, and the app is told at its deauthorize_url."""
    app, given = lookup.app(world, app_id), body or models.NewCallback.model_validate({})
    user_id = _user(world, given)
    if user_id not in world.state.owners:
        raise ControlError("user_id", f"No user has the id {user_id}.", 404)
    world.callbacks.remove_app(app, user_id)
    world.faults.changed()
    if not app.deauthorize_url:
        return {"called": None}
    called = await world.callbacks.call("deauthorize", app, app.deauthorize_url, user_id, given.page_id)
    return {"called": called.told()}


@router.post("/apps/{app_id}/data-deletion")
async def data_deletion(world: Held, app_id: str, body: models.NewCallback | None = None) -> dict[str, Any]:
    """The person asks that their data be deleted: the app is told at its data_deletion_url, and its answer is judged."""
    app, given = lookup.app(world, app_id), body or models.NewCallback.model_validate({})
    if not app.data_deletion_url:
        raise ControlError(
            "data_deletion_url", "The app has no data_deletion_url; PATCH /_simulator/apps/{id} sets it.", 409
        )
    user_id = _user(world, given)
    called = await world.callbacks.call("data_deletion", app, app.data_deletion_url, user_id, given.page_id)
    return {"called": called.told()}


@router.get("/callbacks")
async def callbacks(world: Held) -> dict[str, Any]:
    """The callbacks that were made, oldest first, with what the app answered."""
    return {"callbacks": [one.told() for one in world.callbacks.made]}


def _user(world: World, given: models.NewCallback) -> str:
    if given.page_id:
        lookup.page(world, given.page_id)
    user_id = given.user_id or next((one.owner_id for one in world.state.pages.values()), None)
    if user_id is None:
        raise ControlError("user_id", "The simulator has no user yet; make an account first.", 404)
    return user_id
