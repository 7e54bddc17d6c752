"""OAuth (Sunshine reference 1.15, 4.4): the page where a person lets a client into an app, and the client's endpoints.

GET  /oauth/authorize      who are you? ──▶ may this client in? ──▶ 302 with a code     ``authorize``
POST /oauth/token          a code and the client's secret ──▶ a token                   ``token``
GET  /v2/tokenInfo         the token's app                                              ``access``
DELETE /oauth/authorization                                                             ``access``

``asked`` reads what a client asks for, ``pages`` are what the person sees, ``tickets`` what these remember.
"""

from heliograph.api.oauth.access import info_router, revoke_router
from heliograph.api.oauth.authorize import router as authorize_router
from heliograph.api.oauth.token import router as token_router

__all__ = ["authorize_router", "info_router", "revoke_router", "token_router"]
