"""Invitations for the hosted connect page: list, make, cancel. For owners. A link is shown on the page that follows its
creation, and on no other."""

from asyncpg.exceptions import ForeignKeyViolationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.api import invitations as api
from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError
from heliograph.dashboard import wording
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.integrations import dialog, invited
from heliograph.messaging import invitations, way_back

# What is said after cancelling, by how it stands then: somebody may have used it meanwhile.
_DONE = {
    "cancelled": "The invitation is cancelled. Its link connects nothing any more.",
    "used": "An account was connected by it meanwhile, and stays connected. Disconnect it on its own page.",
    "expired": "It has expired meanwhile. Its link connects nothing any more.",
}
wording.say({f"invitation-{status}": said for status, said in _DONE.items()})


async def show(visit: Visit) -> Response:
    """The list, newest first."""
    before = visit.request.query_params.get("before", "")
    async with visit.services.database.pool.acquire() as connection:
        lines = await invited.listed(connection, visit.app.id, visit.app.name, before, visit.now)
    shown = lines[: invited.PAGE]
    return visit.page(
        "integrations/invitations.html",
        title="Invitations",
        lines=shown,
        first=not before,
        older=shown[-1].id if len(lines) > invited.PAGE else "",
        host_of=way_back.host_of,
    )


async def new(visit: Visit) -> Response:
    """The form."""
    return await _form(visit)


async def create(visit: Visit) -> Response:
    """Make one, by the same way as the API, and show its link."""
    try:
        body = api.InvitationCreate.model_validate(invited.read(invited.typed(visit.form)))
        made = await api.invite(visit.services, visit.app.id, body)
    except ValidationError as error:
        return await _form(visit, invited.problems_of(error))
    except api.RefusedError as refused:
        return await _form(visit, invited.problem(refused.field, str(refused)))
    except ForeignKeyViolationError:  # the app was deleted meanwhile
        raise HTTPException(404) from None
    return visit.page(
        "integrations/invited.html",
        title="Invitation made",
        made=made,
        holds=dict(invited.LIVES)[invited.typed(visit.form)["days"]],
        popup=invited.popup(visit.services.public_url),
        host=way_back.host_of(made["returnUrl"]),
    )


async def cancel(visit: Visit) -> Response:
    """End one. What is used or expired stays as it is, and that is said."""
    invitation_id = visit.request.path_params["invitationId"]
    async with visit.services.database.transaction() as connection:
        await invitations.cancel(connection, visit.app.id, invitation_id, visit.now)
        now_is = await invitations.get(connection, visit.app.id, invitation_id, visit.now)
    if now_is is None:
        raise HTTPException(404)
    return visit.redirect(f"{dialog.base(visit)}/invitations", done=f"invitation-{now_is['status']}")


async def _form(visit: Visit, problems: dict[str, str] | None = None) -> Response:
    register = dialog.channel(visit).facebook_apps
    usable = await register.all(visit.app.id)
    try:
        offered = await register.offers(visit.app.id)
    except FacebookAppError:  # there are several, and none is the usual one: it has to be named
        offered = {}
    return visit.page(
        "integrations/invite.html",
        title="New invitation",
        status=422 if problems else 200,
        can_log_in=bool(usable),
        ways=invited.ways(usable, offered),
        lives=invited.LIVES,
        longest=invited.LONGEST,
        given=invited.typed(visit.form),
        problems=problems or {},
    )
