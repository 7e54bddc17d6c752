"""`heliograph members`: who there is, and a link for who cannot get in."""

from datetime import UTC, datetime
from typing import Any

from heliograph.commands.console import CommandError
from heliograph.dashboard import links, members
from heliograph.opening.storage import open_database
from heliograph.settings import Settings


async def make_link(settings: Settings, email: str | None) -> dict[str, Any]:
    """A link that opens once: link, email (None: the first owner's) and until.

    Raises CommandError when it is not clear whose it would be.
    """
    now = datetime.now(UTC)
    async with open_database(settings) as database, database.transaction() as connection:
        token = await links.for_first(connection, now)
        if token is not None:
            purpose, whose = "first", None
        else:
            listed = await members.list_all(connection)
            member = _meant(listed, email)
            purpose, whose = "reset" if member.has_password else "invitation", member.email
            token = await links.for_member(connection, member, now)
    until = (now + links.LIVES[purpose]).isoformat(timespec="minutes")
    return {"link": links.address_of(settings.reachable_at, token), "email": whose, "until": until}


async def list_members(settings: Settings) -> list[dict[str, Any]]:
    """All members: id, email, name, role, state."""
    async with open_database(settings) as database, database.transaction() as connection:
        listed = await members.list_all(connection)
    return [{"id": m.id, "email": m.email, "name": m.name, "role": m.role, "state": m.state} for m in listed]


def _meant(listed: list[members.Member], email: str | None) -> members.Member:
    able = [one for one in listed if one.disabled_at is None]
    if email is not None:
        found = [one for one in able if one.email.lower() == email.lower()]
        if not found:
            raise CommandError(f"no member who may sign in has the email {email}; `heliograph members list` shows all")
        return found[0]
    owners = [one for one in able if one.is_owner and one.has_password]
    if len(owners) != 1:
        raise CommandError(f"there are {len(owners)} owners: say whose link it is with --email")
    return owners[0]
