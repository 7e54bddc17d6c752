"""Signing in and out.

What is wrong is never told apart: no such email, invited only, disabled, another password. Text, status and work are the
same, and so are the waits.
"""

from starlette.responses import Response

from heliograph.api.operation import address_of
from heliograph.dashboard import cookies, members, passwords, sessions, throttle
from heliograph.dashboard.door import arrival
from heliograph.dashboard.frame import Guest, Visit
from heliograph.telemetry import metrics

WRONG = "There is no member with this email and password."


async def ask(guest: Guest) -> Response:
    """The page that asks for email and password."""
    async with guest.services.database.pool.acquire() as connection:
        anybody = await members.is_there_any(connection)
    if not anybody:
        return guest.page("door/nobody.html", title="Nobody is here yet")
    return _page(guest, to=arrival.local(guest.request.query_params.get("to", "")))


async def answer(guest: Guest) -> Response:
    """Its form."""
    email, password, to = guest.form["email"], guest.form.raw("password"), arrival.local(guest.form["to"])
    database = guest.services.database
    async with database.pool.acquire() as connection:
        found = await members.by_email(connection, email)
    member, kept = found or (None, None)
    known = arrival.known(guest, member.id) if member else None
    counted = throttle.buckets(address_of(guest.request), email, known)
    async with database.transaction() as connection:
        wait = await throttle.take(connection, counted, guest.now)
    if wait:
        metrics.SIGN_INS.labels("throttled").inc()
        response = _page(guest, 429, email, to, f"Too many attempts. Try again in {_spoken(wait)}.")
        response.headers["Retry-After"] = str(wait)
        return response
    right = await passwords.check(kept, password)
    if member is None or kept is None or not right or member.disabled_at is not None:
        metrics.SIGN_INS.labels("refused").inc()
        return _page(guest, 422, email, to, WRONG)
    newer = await passwords.hash_of(password) if passwords.is_old(kept) else None
    async with database.transaction() as connection:
        await throttle.give_back(connection, counted)
        if newer:
            await members.rehash(connection, member.id, kept, newer)
        token = await arrival.begin(guest, connection, member.id)
    metrics.SIGN_INS.labels("signed_in").inc()
    return arrival.enter(guest, member.id, token, to)


async def leave(visit: Visit) -> Response:
    """Sign out."""
    async with visit.services.database.transaction() as connection:
        await sessions.end(connection, visit.cookie)
    response = visit.redirect("/sign-in", done="signed-out")
    cookies.drop(visit.request, response, cookies.SESSION)
    return response


def _page(guest: Guest, status: int = 200, email: str = "", to: str = "", problem: str = "") -> Response:
    words = {"email": email[: members.LONGEST_EMAIL], "to": to, "problem": problem}
    return guest.page("door/sign_in.html", title="Sign in", status=status, **words)


def _spoken(seconds: int) -> str:
    return f"{seconds} seconds" if seconds != 1 else "1 second"
