"""One's own account: name, password, and where one is signed in."""

from starlette.responses import Response

from heliograph.dashboard import links, members, passwords, sessions, throttle, wording
from heliograph.dashboard.door import arrival
from heliograph.dashboard.frame import Visit

wording.say(
    {
        "renamed": "The name is saved.",
        "password-changed": "The password is changed. Wherever else you were signed in, you are not any more.",
        "signed-out": "You are signed out.",
        "signed-out-elsewhere": "You are signed out everywhere else.",
    }
)


async def start(visit: Visit) -> Response:
    """Where Settings begin."""
    return visit.redirect("/settings/members" if visit.member.is_owner else "/settings/account")


async def show(visit: Visit) -> Response:
    """The page."""
    return await _page(visit)


async def rename(visit: Visit) -> Response:
    """One's name."""
    name = visit.form["name"]
    problem = members.name_problem(name)
    if problem:
        return await _page(visit, {"name": problem})
    async with visit.services.database.pool.acquire() as connection:
        await members.rename(connection, visit.member.id, name)
    return visit.redirect("/settings/account", done="renamed")


async def change_password(visit: Visit) -> Response:
    """Another password, for who knows the one of now. Ends all other sessions, and an open link to choose one by;
    this session gets a new token."""
    member, password = visit.member, visit.form.raw("password")
    database = visit.services.database
    counted = throttle.buckets("", "", f"session {visit.session.digest.hex()}")
    async with database.transaction() as connection:
        wait = await throttle.take(connection, counted, visit.now)
        found = await members.by_email(connection, member.email)
    if wait:
        return await _page(visit, {"current": f"Too many attempts. Try again in {wait} seconds."}, 429)
    if not await passwords.check(found[1] if found else None, visit.form.raw("current")):
        return await _page(visit, {"current": "This is not your password of now."})
    problem = passwords.problem_of(password, member.email, member.name)
    if problem or password != visit.form.raw("again"):
        return await _page(visit, {"password": problem} if problem else {"again": "This is not the same as above."})
    kept = await passwords.hash_of(password)
    async with database.transaction() as connection:
        await throttle.give_back(connection, counted)
        await members.set_password(connection, member.id, kept)
        await sessions.end_others(connection, member.id)
        await links.void(connection, member.id)
        token = await arrival.begin(visit, connection, member.id)
    response = visit.redirect("/settings/account", done="password-changed")
    arrival.carry(visit, response, token)
    return response


async def sign_out_everywhere(visit: Visit) -> Response:
    """End all sessions but this one."""
    async with visit.services.database.pool.acquire() as connection:
        await sessions.end_others(connection, visit.member.id, visit.session.digest)
    return visit.redirect("/settings/account", done="signed-out-elsewhere")


async def _page(visit: Visit, problems: dict[str, str] | None = None, status: int = 422) -> Response:
    async with visit.services.database.pool.acquire() as connection:
        listed = await sessions.list_of(connection, visit.member.id, visit.now)
    return visit.page(
        "settings/account.html",
        title="My account",
        status=status if problems else 200,
        sessions=[
            {**one, "browser": browser_of(one["browser"]), "here": one["digest"] == visit.session.digest}
            for one in listed
        ],
        problems=problems or {},
        name=visit.form["name"] or visit.member.name,
        shortest=passwords.SHORTEST,
    )


# What browsers call themselves, the more particular first.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_of(named: str) -> str:
    """What a person calls a browser that calls itself so: ``Firefox on Linux``."""
    browser = next((name for mark, name in _BROWSERS if mark in named), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in named), "")
    return f"{browser} on {system}" if system else browser
