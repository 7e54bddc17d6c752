"""``/connect/callback``: a browser comes back from Meta's login dialog, whoever began it and for whatever.

    state, cookie ──▶ the attempt ──▶ code exchanged ──▶ the chooser that the attempt names
                          └── any trouble ──▶ a page that says what happened and what to do

Where it goes on is kept with the attempt: nothing in the address decides it, and nothing in the address is repeated on a
page but Meta's own words about a refusal, escaped.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from heliograph.channels.instagram.onboarding import LoginError, Onboarding
from heliograph.channels.instagram.onboarding.browser import nonce_of
from heliograph.connect.sheets import SHEETS

# The address that is left holds the code: it goes into no Referer and no cache.
_HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_LONGEST = 8192


class Callback:
    """The page. ``public_url`` says which cookie the browser keeps (see :mod:`browser`)."""

    def __init__(self, onboarding: Onboarding, public_url: str) -> None:
        self._onboarding = onboarding
        self._public_url = public_url

    async def answer(self, request: Request) -> Response:
        """Answer one return. A HEAD would use the state up for nobody."""
        if request.method != "GET":
            raise HTTPException(405)
        # Meta says each thing once; of what is said twice nothing is believed.
        names = [name for name, _ in request.query_params.multi_items()]
        doubled = len(names) != len(set(names)) or len(request.url.query) > _LONGEST
        query = {} if doubled else dict(request.query_params)
        try:
            returned = await self._onboarding.returned(query, nonce_of(self._public_url, request.cookies))
        except LoginError as error:
            return failed(error)
        # An empty fragment: else browsers carry the one over that Meta has put behind its address.
        return RedirectResponse(f"{returned.next_path}#", 303, _HEADERS)


def failed(error: LoginError) -> Response:
    """The page about a login that does not go on."""
    again_at = error.again_at if error.trouble.again else ""
    return SHEETS.page("failed.html", error.trouble.status, trouble=error.trouble, again_at=again_at)
