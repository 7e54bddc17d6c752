"""The pages that are the same whatever a person was doing: the dead ends, and the end."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from heliograph.channels.instagram.onboarding import LoginError
from heliograph.connect import leaving, words
from heliograph.connect.leaving import Back
from heliograph.connect.services import Services
from heliograph.connect.sheets import SHEETS
from heliograph.messaging import invitations, way_back
from heliograph.messaging.invitations import Invitation, Status
from heliograph.telemetry.logs import get_logger

log = get_logger("connect")

# Where an invitation's page is for the browser that has begun a login from it: the link's code is in nobody's records.
AGAIN_PATH = "/connect/again"
CHOOSE_PATH = "/connect/choose"
POPUP = "/popup"
_AGAIN = re.compile(rf"{AGAIN_PATH}/([0-9a-f]{{24}})(?:{POPUP})?")

# Addresses here hold a code or a login's id: they go into no Referer and no cache.
HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}

# What is said of an invitation that does not work any more: title, text, the page's HTTP status.
ENDED: Mapping[Status, tuple[str, str, int]] = {
    Status.USED: (
        "This invitation was used",
        "An account was connected by it. Each invitation connects one: ask {asker} for another, if there are more.",
        HTTPStatus.GONE,
    ),
    Status.CANCELLED: (
        "This invitation was cancelled",
        "{asker} has taken it back. Ask there for a new one, if you want to connect an account.",
        HTTPStatus.GONE,
    ),
    Status.EXPIRED: (
        "This invitation has expired",
        "Links like this one work for some days only. Ask {asker} for a new one.",
        HTTPStatus.GONE,
    ),
}


class EndedError(Exception):
    """It does not go on; ``page`` says why."""

    def __init__(self, page: Response) -> None:
        super().__init__()
        self.page = page


def again_path(invitation: Invitation, *, popup: bool) -> str:
    """Where its page is, for this browser."""
    return f"{AGAIN_PATH}/{invitation.id}{POPUP if popup else ''}"


def images_of(invitation: Invitation) -> str:
    """Where its logo may come from, in the policy's terms."""
    return way_back.origin_of(invitation.logo_url) if invitation.logo_url else ""


def unknown() -> Response:
    """No such page, or none that this browser may know of."""
    return SHEETS.page("unknown.html", 404)


def ended(invitation: Invitation, status: Status, *, popup: bool) -> Response:
    """An invitation that does not work any more."""
    title, text, code = ENDED[status]
    back = leaving.failed(invitation, f"invitation_{status.value}", popup=popup)
    said = {"title": title, "text": text.format(asker=invitation.asker), "again_at": ""}
    return SHEETS.page("ended.html", code, **said, back=back)


def busy(invitation: Invitation, again_at: str, *, popup: bool) -> Response:
    """Somebody connects by it just now, or began to and did not come to an end."""
    said = {
        "title": "Somebody is connecting by it just now",
        "text": "Each invitation connects one account, and another page has begun to. Try again in some minutes, if that one"
        " does not get there.",
        "again_at": again_at,
    }
    return SHEETS.page("ended.html", HTTPStatus.CONFLICT, **said, back=leaving.cancelled(invitation, popup=popup))


def lapsed(again_at: str, back: Back | None = None) -> Response:
    """A form from a page that this browser did not get from here."""
    said = {
        "title": "This page was too old",
        "text": "It was opened in another browser, or too long ago, or this browser keeps no cookies of this site. Nothing"
        " was changed.",
        "again_at": again_at,
    }
    return SHEETS.page("ended.html", 403, **said, back=back)


def failed(error: LoginError, invitation: Invitation | None = None) -> Response:
    """A login that does not go on; ``invitation``: the one that it was begun from."""
    trouble, back = error.trouble, None
    if invitation is not None:
        log.info("an invited login failed", invitation=invitation.id, **words.details(trouble))
        trouble = words.told(trouble, invitation.asker)
        back = leaving.failed(invitation, error.kind.value, popup=error.again_at.endswith(POPUP))
    again_at = error.again_at if trouble.again else ""
    return SHEETS.page("failed.html", trouble.status, trouble=trouble, again_at=again_at, back=back)


async def invited_by(services: Services, error: LoginError, nonce: str) -> Invitation | None:
    """What a login was begun from, in this browser."""
    found = _AGAIN.fullmatch(error.again_at)
    return await invitations.by_browser(services.database, found[1], nonce) if found else None


def done(invitation: Invitation, integration_id: str, *, popup: bool) -> Response:
    """Connected: on to the return address; in a window of its own by a page, which tells its opener and closes."""
    back = leaving.connected(invitation, integration_id, popup=popup)
    if not popup:
        return RedirectResponse(back.url, 303, HEADERS)
    return SHEETS.page("done.html", images=images_of(invitation), invitation=invitation, back=back)


def no_head(request: Request) -> None:
    """A HEAD would ask Meta, or mark a link as opened, for nobody."""
    if request.method == "HEAD":
        raise EndedError(Response(status_code=405, headers={"Allow": "GET, POST"}))
