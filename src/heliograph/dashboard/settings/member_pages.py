"""Members: invite, give a role and apps, let in no more."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.dashboard import access, links, members, sessions, wording
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.members import Member
from heliograph.storage import Connection

wording.say(
    {
        "member-saved": "Saved. It holds from the next page that they open.",
        "disabled": "Disabled. Wherever they were signed in, they are not any more.",
        "enabled": "They may sign in again.",
        "withdrawn": "The invitation is taken back; its link opens nothing.",
    }
)

LAST_OWNER = "This is the last owner. Make somebody else an owner first, so that one is left who may do everything."
# An agent can be given one of so many apps by ticking.
MOST_APPS = 500


async def show_all(visit: Visit) -> Response:
    """The list."""
    async with visit.services.database.pool.acquire() as connection:
        listed = await members.list_all(connection)
        names = {one.id: one.name for one in await access.apps_of(connection, visit.member, MOST_APPS)}
    return visit.page("settings/members.html", title="Members", members=listed, names=names)


async def ask(visit: Visit) -> Response:
    """The page to invite somebody on."""
    return await _invite_page(visit)


async def invite(visit: Visit) -> Response:
    """Its form; the next page shows the link, this once."""
    email, name, role = visit.form["email"], visit.form["name"], visit.form["role"]
    found = {"email": members.email_problem(email), "name": members.name_problem(name), "role": _role_problem(role)}
    problems = {field: problem for field, problem in found.items() if problem}
    if not problems:
        try:
            async with visit.services.database.transaction() as connection:
                chosen = visit.form.all("apps") if role == "agent" else []
                member_id = await members.invite(connection, email, name, role, chosen, visit.now)
                member = await _member(connection, member_id)
                token = await links.for_member(connection, member, visit.now)
        except members.EmailTakenError:
            problems = {"email": "A member has this email already."}
        else:
            return _link_page(visit, member, token)
    return await _invite_page(visit, problems)


async def show(visit: Visit) -> Response:
    """One member."""
    return await _page(visit)


async def change(visit: Visit) -> Response:
    """Role and apps."""
    role = visit.form["role"]
    if problem := _role_problem(role):
        return await _page(visit, problem)

    async def work(connection: Connection, member: Member) -> None:
        await members.set_role(connection, member.id, role)
        if role == "agent":
            await members.give_apps(connection, member.id, visit.form.all("apps"), visit.form["shown"].split(","))
        else:
            await members.give_apps(connection, member.id, [])

    return await _done(visit, work, "member-saved")


async def link(visit: Visit) -> Response:
    """A new link to choose a password by; earlier ones open nothing any more."""
    async with visit.services.database.transaction() as connection:
        member = await _member(connection, visit.request.path_params["memberId"])
        if member.disabled_at is not None:
            raise HTTPException(404)
        token = await links.for_member(connection, member, visit.now)
    return _link_page(visit, member, token)


async def disable(visit: Visit) -> Response:
    """Let somebody in no more, and out wherever they are."""

    async def work(connection: Connection, member: Member) -> None:
        await members.disable(connection, member.id, visit.now)
        await sessions.end_others(connection, member.id)
        await links.void(connection, member.id)

    return await _done(visit, work, "disabled")


async def enable(visit: Visit) -> Response:
    """Let somebody in again."""

    async def work(connection: Connection, member: Member) -> None:
        await members.enable(connection, member.id)

    return await _done(visit, work, "enabled")


async def withdraw(visit: Visit) -> Response:
    """Take an invitation back that was not accepted yet."""
    async with visit.services.database.transaction() as connection:
        if not await members.withdraw(connection, visit.request.path_params["memberId"]):
            raise HTTPException(404)
    return visit.redirect("/settings/members", done="withdrawn")


async def _done(visit: Visit, work: Callable[[Connection, Member], Awaitable[None]], done: str) -> Response:
    """Do something to the member in the path, or say why it cannot be."""
    member_id = visit.request.path_params["memberId"]
    try:
        async with visit.services.database.transaction() as connection:
            await work(connection, await _member(connection, member_id))
    except members.LastOwnerError:
        return await _page(visit, LAST_OWNER)
    return visit.redirect(f"/settings/members/{member_id}", done=done)


async def _page(visit: Visit, problem: str = "") -> Response:
    async with visit.services.database.pool.acquire() as connection:
        member = await _member(connection, visit.request.path_params["memberId"])
        apps = await access.apps_of(connection, visit.member, MOST_APPS)
    status = 409 if problem else 200
    beyond = len({*member.app_ids} - {one.id for one in apps})
    words = {"one": member, "all_apps": apps, "beyond": beyond, "problem": problem, "roles": members.ROLES.items()}
    return visit.page("settings/member.html", title=member.name, status=status, **words)


async def _invite_page(visit: Visit, problems: dict[str, str] | None = None) -> Response:
    async with visit.services.database.pool.acquire() as connection:
        apps = await access.apps_of(connection, visit.member, MOST_APPS)
    return visit.page(
        "settings/invite.html",
        title="Invite member",
        status=422 if problems else 200,
        problems=problems or {},
        given={name: visit.form[name] for name in ("email", "name", "role")},
        chosen=visit.form.all("apps"),
        all_apps=apps,
        beyond=0,
        roles=members.ROLES.items(),
    )


def _link_page(visit: Visit, member: Member, token: str) -> Response:
    address = links.address_of(visit.services.public_url, token)
    days = links.LIVES["reset" if member.has_password else "invitation"].days
    return visit.page("settings/link.html", title=f"Link for {member.name}", one=member, address=address, days=days)


async def _member(connection: Connection, member_id: str) -> Member:
    member = await members.get(connection, member_id)
    if member is None:
        raise HTTPException(404)
    return member


def _role_problem(role: str) -> str | None:
    return None if role in members.ROLES else "Choose owner or agent."
