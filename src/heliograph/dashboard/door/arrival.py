"""A browser in which somebody has just shown who they are: its new session, and the mark that it is known."""

import base64
import hmac
import re

from starlette.responses import RedirectResponse, Response

from heliograph.dashboard import cookies, sessions
from heliograph.dashboard.frame import ROOT, Guest
from heliograph.dashboard.tokens import digest_of, new_token
from heliograph.storage import Connection

_YEAR = 365 * 24 * 3600


async def begin(guest: Guest, connection: Connection, member_id: str) -> str:
    """A new session's token. The one that the browser brought, if any, ends."""
    old = cookies.token(guest.request, cookies.SESSION)
    if old is not None:
        await sessions.end(connection, old)
    return await sessions.begin(connection, member_id, guest.request.headers.get("user-agent", ""), guest.now)


def enter(guest: Guest, member_id: str, token: str, to: str = "") -> Response:
    """Go on to where the person wanted to be."""
    response = RedirectResponse(local(to), 303)
    carry(guest, response, token)
    nonce = new_token()
    cookies.put(guest.request, response, cookies.KNOWN, f"{nonce}.{_mark(guest, member_id, nonce)}", _YEAR)
    return response


def carry(guest: Guest, response: Response, token: str) -> None:
    """Give a browser its session."""
    cookies.put(guest.request, response, cookies.SESSION, token, int(sessions.LONGEST.total_seconds()))


def known(guest: Guest, member_id: str) -> str | None:
    """A name for this browser, when this member signed in here before."""
    nonce, _, mark = cookies.text(guest.request, cookies.KNOWN).partition(".")
    if not nonce or not mark.isascii() or not hmac.compare_digest(mark, _mark(guest, member_id, nonce)):
        return None
    return digest_of(nonce).hex()


def local(to: str) -> str:
    """An address of ours to go on to; anything else becomes the dashboard's first page."""
    fine = to.startswith(f"{ROOT}/") and "//" not in to and "\\" not in to and to.isprintable() and to.isascii()
    # A browser walks up what climbs, also where it is written otherwise (URL Standard, 4.4).
    steps = re.split(r"[?#]", to.lower().replace("%2e", "."))[0].split("/")
    return to if fine and len(to) <= 2000 and not {".", ".."} & set(steps) else f"{ROOT}/"


def _mark(guest: Guest, member_id: str, nonce: str) -> str:
    return base64.urlsafe_b64encode(guest.services.box.sign(f"known browser:{member_id}:{nonce}")).decode()
