"""Control: the knobs of Meta's rules, the mode of an app, what Meta thinks of an account, and the table of errors."""

import dataclasses
from typing import Any

from fastapi import APIRouter

from heliograph.simulator.control import lookup, views
from heliograph.simulator.control import meta_models as models
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.error_texts import GERMAN
from heliograph.simulator.errors import ERRORS, ORDERED_ONLY, RESTRICTIONS
from heliograph.simulator.graph.pages import TASKS

router = APIRouter(tags=["rules"])


@router.get("/rules")
async def rules(world: Held) -> dict[str, Any]:
    """Every knob of the rules."""
    return dataclasses.asdict(world.rules)


@router.patch("/rules")
async def change_rules(world: Held, body: models.RulesChange) -> dict[str, Any]:
    """Turn knobs of the rules."""
    world.set_rules(body.model_dump(exclude_none=True))
    return dataclasses.asdict(world.rules)


@router.get("/errors")
async def errors(world: Held) -> dict[str, Any]:
    """Every error of Meta's side: what it is called here, its numbers and texts, and whether a rule raises it."""
    return {
        "errors": [
            {
                "name": name,
                "status": row.status,
                "code": row.code,
                "subcode": row.subcode,
                "type": row.type,
                "is_transient": row.transient,
                "message": row.message,
                "german": GERMAN[name].message if name in GERMAN else None,
                "raised_by_a_rule": name not in ORDERED_ONLY,
            }
            for name, row in ERRORS.items()
        ]
    }


@router.patch("/apps/{app_id}")
async def change_app(world: Held, app_id: str, body: models.AppChange) -> dict[str, Any]:
    """Change mode, access level, roles or features of an app."""
    app = lookup.app(world, app_id)
    for name, value in body.model_dump(exclude_none=True, exclude={"all_advanced"}).items():
        setattr(app, name, value)
    if body.all_advanced:
        app.advanced = None
    for name in body.model_fields_set & {"deauthorize_url", "data_deletion_url"}:
        setattr(app, name, getattr(body, name))
    world.state.save(app)
    return {**views.app(app), "live": app.live, "advanced": app.advanced, "roles": app.roles}


@router.patch("/owners/{user_id}")
async def change_owner(world: Held, user_id: str, body: models.OwnerChange) -> dict[str, Any]:
    """Change a user's language."""
    owner = world.state.owners.get(user_id)
    if owner is None:
        raise ControlError("user_id", f"No user has the id {user_id}.", 404)
    owner.locale = body.locale
    world.state.save(owner)
    return {"id": owner.id, "name": owner.name, "locale": owner.locale}


@router.patch("/accounts/{account_id}/rules")
async def change_account(world: Held, account_id: str, body: models.AccountRules) -> dict[str, Any]:
    """Change the owner's tasks, a restriction, the catalog."""
    account = lookup.account(world, account_id)
    page = world.state.pages[account.page_id]
    if body.restriction not in (None, "", *RESTRICTIONS):
        raise ControlError("restriction", f"Must be one of {', '.join(RESTRICTIONS)}.")
    for name, value in body.model_dump(exclude_none=True, exclude={"tasks", "all_tasks"}).items():
        setattr(account, name, value or None if name == "restriction" else value)
    if body.tasks is not None or body.all_tasks:
        page.tasks = None if body.all_tasks else list(body.tasks or [])
    world.state.save(account)
    world.state.save(page)
    return {
        "tasks": TASKS if page.tasks is None else page.tasks,
        "restriction": account.restriction,
        "catalog": account.catalog,
        "unread": account.unread,
    }
