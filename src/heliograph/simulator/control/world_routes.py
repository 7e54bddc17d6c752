"""Control: who is in the world — apps, accounts, tokens, people — and the seed."""

from typing import Any

from fastapi import APIRouter

from heliograph.simulator.control import lookup, models, views
from heliograph.simulator.control import seed as seeding
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.errors import REFUSALS
from heliograph.simulator.graph import tokens
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN

router = APIRouter(tags=["world"])


@router.post("/seed")
async def seed(world: Held, names: models.Seed | None = None) -> dict[str, Any]:
    """Make one app, one Page with its account, three people and a Page token; later the same again."""
    return seeding.seed(world, names or models.Seed.model_validate({}))


@router.get("/seed")
async def seeded(world: Held) -> dict[str, Any]:
    """What the seed made; seeded is false when nobody has asked for it yet."""
    known = world.state.settings.get("seed")
    return {"seeded": known is not None, **(known or {})}


@router.get("/apps")
async def apps(world: Held) -> dict[str, Any]:
    """All Facebook apps."""
    return {"apps": [views.app(one) for one in world.state.apps.values()]}


@router.post("/apps", status_code=201)
async def new_app(world: Held, body: models.NewApp) -> dict[str, Any]:
    """Make a Facebook app."""
    if body.id and world.state.taken(body.id):
        raise ControlError("id", f"Something already has the id {body.id}.", 409)
    app = seeding.new_app(world, body.name, body.id, body.secret)
    app.human_agent, app.require_proof = body.human_agent, body.require_proof
    world.state.save(app)
    return views.app(app)


@router.get("/accounts")
async def accounts(world: Held) -> dict[str, Any]:
    """All Pages with their Instagram accounts."""
    by_page = {one.page_id: one for one in world.state.accounts.values()}
    return {"accounts": [views.account(page, by_page.get(page.id)) for page in world.state.pages.values()]}


@router.post("/accounts", status_code=201)
async def new_account(world: Held, body: models.NewAccount) -> dict[str, Any]:
    """Make a Page with its Instagram professional account."""
    owner = world.state.owners.get(body.owner_user_id) if body.owner_user_id else None
    if body.owner_user_id and owner is None:
        raise ControlError("owner_user_id", f"No user has the id {body.owner_user_id}.", 404)
    page, account = seeding.new_account(world, body.page_name, body.username, body.name, owner, body.instagram)
    page.portfolio = body.portfolio
    world.state.save(page)
    if account:
        account.professional = body.professional
        world.state.save(account)
    world.hub.publish("world", {})
    return views.account(page, account)


@router.patch("/accounts/{account_id}")
async def change_account(world: Held, account_id: str, body: models.AccountChange) -> dict[str, Any]:
    """Turn a switch of the account's owner."""
    account = lookup.account(world, account_id)
    page = world.state.pages[account.page_id]
    if body.allow_messages is not None:
        account.allow_messages = body.allow_messages
        world.state.save(account)
    if body.linked is not None:
        page.account_id = account.id if body.linked else None
        world.state.save(page)
    world.hub.publish("world", {})
    return views.account(page, account)


@router.post("/tokens", status_code=201)
async def new_token(world: Held, body: models.NewToken) -> dict[str, Any]:
    """Make an access token."""
    app, page = lookup.app(world, body.app_id), lookup.page(world, body.page_id)
    scopes = list(FACEBOOK_LOGIN.all_scopes) if body.scopes is None else list(body.scopes)
    of_page = page if body.type == "page" else None
    owner = world.state.owners[page.owner_id]
    token = tokens.mint(world, app, of_page, owner, scopes, body.targets, body.expires_in)
    return {"access_token": token.value, "type": token.type, "scopes": scopes, "expires_at": token.expires_at}


@router.post("/tokens/revoke")
async def revoke_token(world: Held, body: models.RevokedToken) -> dict[str, Any]:
    """Kill a token: calls with it answer 190 with the subcode from now on."""
    token = world.state.tokens.get(body.access_token)
    if token is None:
        raise ControlError("access_token", "There is no such access token.", 404)
    token.invalid_subcode = body.subcode or 0
    world.state.save(token)
    return {"revoked": True}


@router.get("/people")
async def people(world: Held) -> dict[str, Any]:
    """Everybody who can write."""
    return {"people": [views.person(one) for one in world.state.people.values()]}


@router.post("/people", status_code=201)
async def new_person(world: Held, body: models.NewPerson | None = None) -> dict[str, Any]:
    """Make a person."""
    given = body or models.NewPerson()
    made = seeding.new_person(world, given.name, given.username, given.profile_available)
    world.hub.publish("world", {})
    return views.person(made)


@router.patch("/people/{person}")
async def change_person(world: Held, person: str, body: models.PersonChange) -> dict[str, Any]:
    """Change how a person can be reached or read."""
    someone = lookup.person(world, person)
    if body.refusal not in (None, "", *REFUSALS):
        raise ControlError("refusal", f"Must be one of {', '.join(REFUSALS)}.")
    for name, value in body.model_dump(exclude_none=True).items():
        setattr(someone, name, None if value == "" else value)
    world.state.save(someone)
    world.hub.publish("world", {})
    return views.person(someone)


@router.get("/people/{person}/igsid/{account_id}")
async def igsid(world: Held, person: str, account_id: str) -> dict[str, str]:
    """The person's Instagram-scoped id towards an account; made at the first asking."""
    return {"igsid": lookup.thread(world, account_id, person).igsid}
