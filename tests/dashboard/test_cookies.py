"""When the dashboard's cookies are for https only: by what the proxy says, and by the public address."""

from types import SimpleNamespace as Some

import pytest
from starlette.requests import Request
from starlette.responses import Response

from heliograph.dashboard import cookies

PUBLIC = "https://chat.example.org"


@pytest.mark.parametrize(
    ("public", "host", "said", "secure"),
    [
        (PUBLIC, "chat.example.org", None, True),
        (PUBLIC, "Chat.example.org", None, True),
        (PUBLIC, "chat.example.org", "https", True),
        (f"{PUBLIC}:8443", "chat.example.org:8443", None, True),
        (PUBLIC, "127.0.0.1:8000", None, False),
        (PUBLIC, "other.example.org", "https", True),
        ("http://chat.example.org", "chat.example.org", None, False),
    ],
)
def test_a_session_is_secure_where_the_address_is_https(public: str, host: str, said: str | None, secure: bool) -> None:
    headers = [(b"host", host.encode()), *([(b"x-forwarded-proto", said.encode())] if said else [])]
    app = Some(state=Some(house=Some(services=Some(public_url=public))))
    request, response = Request({"type": "http", "headers": headers, "scheme": "http", "app": app}), Response()
    cookies.put(request, response, cookies.SESSION, "x")
    line = response.headers["set-cookie"]
    assert ("; Secure" in line, line.startswith("__Host-")) == (secure, secure)
