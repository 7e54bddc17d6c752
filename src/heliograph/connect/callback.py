"""``/connect/callback``: a browser comes back from Meta's login dialog, whoever began it and for whatever.

    state, cookie ──▶ the attempt ──▶ code exchanged ──▶ the chooser that the attempt names
                          └── any trouble ──▶ a page that says what happened and what to do

Where it goes on is kept with the attempt: nothing in the address decides it, and nothing in the address is repeated on a
page but Meta's own words about a refusal, escaped.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from heliograph.channels.instagram.onboarding import LoginError
from heliograph.channels.instagram.onboarding.browser import nonce_of
from heliograph.connect import pages
from heliograph.connect.services import Services

_LONGEST = 8192


class Callback:
    """The page."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, request: Request) -> Response:
        """Answer one return. A HEAD would use the state up for nobody."""
        if request.method != "GET":
            raise HTTPException(405)
        # Meta says each thing once; of what is said twice nothing is believed.
        names = [name for name, _ in request.query_params.multi_items()]
        doubled = len(names) != len(set(names)) or len(request.url.query) > _LONGEST
        query = {} if doubled else dict(request.query_params)
        nonce = nonce_of(self._services.public_url, request.cookies)
        try:
            returned = await self._services.onboarding.returned(query, nonce)
        except LoginError as error:
            return pages.failed(error, await pages.invited_by(self._services, error, nonce))
        # An empty fragment: else browsers carry the one over that Meta has put behind its address.
        return RedirectResponse(f"{returned.next_path}#", 303, pages.HEADERS)
