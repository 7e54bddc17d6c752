"""Links that open once: the first owner's account, an invited member's password, a lost one."""

from asyncpg.exceptions import ForeignKeyViolationError
from starlette.responses import Response

from heliograph.dashboard import links, members, passwords, sessions
from heliograph.dashboard.door import arrival
from heliograph.dashboard.frame import Guest
from heliograph.dashboard.links import Link
from heliograph.dashboard.members import Member
from heliograph.storage import Connection

TITLES = {"first": "Make your account", "invitation": "Welcome", "reset": "Choose a new password"}


async def ask(guest: Guest) -> Response:
    """The page that a link opens. It uses nothing up."""
    async with guest.services.database.pool.acquire() as connection:
        link = await links.find(connection, _token(guest), guest.now)
        member = await _whose(connection, link)
    if link is None or (link.purpose == "first") != (member is None):
        return _dead_end(guest)
    return _page(guest, link, member)


async def answer(guest: Guest) -> Response:
    """Its form: the link is taken, the person is signed in, and whoever was so before as this member is not any more."""
    database = guest.services.database
    async with database.pool.acquire() as connection:
        link = await links.find(connection, _token(guest), guest.now)
        member = await _whose(connection, link)
    if link is None or (link.purpose == "first") != (member is None):
        return _dead_end(guest)
    email = member.email if member else guest.form["email"]
    name = guest.form["name"] if link.purpose != "reset" or member is None else member.name
    password = guest.form.raw("password")
    problems = _problems(email, name, password, guest.form.raw("again"))
    if problems:
        return _page(guest, link, member, problems)
    kept = await passwords.hash_of(password)
    try:
        async with database.transaction() as connection:
            taken = await links.take(connection, _token(guest), guest.now)
            if taken is None:
                return _dead_end(guest)
            member_id = await _let_in(guest, connection, taken, email, name, kept)
            token = await arrival.begin(guest, connection, member_id)
    except (members.NotFirstError, ForeignKeyViolationError):
        return _dead_end(guest)
    return arrival.enter(guest, member_id, token)


async def _let_in(guest: Guest, connection: Connection, link: Link, email: str, name: str, kept: str) -> str:
    if link.member_id is None:
        member_id = await members.create_first(connection, email, name, kept, guest.now)
        await links.void_first(connection)
        return member_id
    await members.set_password(connection, link.member_id, kept)
    await members.rename(connection, link.member_id, name)
    await sessions.end_others(connection, link.member_id)
    return link.member_id


async def _whose(connection: Connection, link: Link | None) -> Member | None:
    """Whose link it is. None for the first owner's; and for somebody's who was disabled."""
    if link is None or link.member_id is None:
        return None
    member = await members.get(connection, link.member_id)
    return None if member is None or member.disabled_at else member


def _problems(email: str, name: str, password: str, again: str) -> dict[str, str]:
    found = {
        "email": members.email_problem(email),
        "name": members.name_problem(name),
        "password": passwords.problem_of(password, email, name),
        "again": None if password == again else "This is not the same as above.",
    }
    return {field: problem for field, problem in found.items() if problem}


def _page(guest: Guest, link: Link, member: Member | None, problems: dict[str, str] | None = None) -> Response:
    given = {
        "email": member.email if member else guest.form["email"],
        "name": guest.form["name"] or (member.name if member else ""),
    }
    return guest.page(
        "door/welcome.html",
        title=TITLES[link.purpose],
        status=422 if problems else 200,
        purpose=link.purpose,
        given=given,
        problems=problems or {},
        shortest=passwords.SHORTEST,
    )


def _dead_end(guest: Guest) -> Response:
    return guest.page("door/dead_link.html", title="This link opens nothing any more", status=410)


def _token(guest: Guest) -> str:
    return str(guest.request.path_params["token"])
