"""Who is logged in on the simulator, in the browser at hand: ``as`` in the address, a cookie, or else the first one."""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.simulator.login.asked import DialogError
from heliograph.simulator.models import Owner
from heliograph.simulator.world import World

_COOKIE = "simulated_person"


def people(world: World) -> list[Owner]:
    """Everybody with a Facebook login. Who only stands behind an account without a Page has none."""
    hidden = {page.owner_id for page in world.state.pages.values() if page.hidden}
    shown = {page.owner_id for page in world.state.pages.values() if not page.hidden}
    return [owner for owner in world.state.owners.values() if owner.id in shown or owner.id not in hidden]


def known(world: World, request: Request) -> Owner | None:
    """The person whom the browser knows, None when nobody has logged in there."""
    return world.state.owners.get(request.cookies.get(_COOKIE, ""))


def person(world: World, request: Request) -> Owner:
    """The person who looks at a page."""
    named = world.state.owners.get(request.query_params.get("as", ""))
    found = named or known(world, request) or next(iter(people(world)), None)
    if found is None:
        raise DialogError("The simulator has no user who could log in. Make an account first.")
    return found


def remember(response: Response, owner: Owner) -> None:
    """Let the browser know the person from now on."""
    response.set_cookie(_COOKIE, owner.id, httponly=True, samesite="lax", path="/")


def forget(response: Response) -> None:
    """Log out."""
    response.delete_cookie(_COOKIE, path="/")
