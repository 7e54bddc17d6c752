"""A server behind nginx and behind Caddy, as the samples set them up, with TLS."""

import base64
import hashlib
import hmac
import http.client
import json
import ssl
from typing import Any

from tests.dashboard.house import Browser
from tests.deploy.conftest import EMAIL, FACEBOOK_APP, SECRET, Front
from tests.e2e.stack import call
from tests.support import opened, run

MB = 1024 * 1024


class SafeBrowser(Browser):
    """A browser at the proxy, which believes its certificate, and says where its forms come from."""

    def __init__(self, front: Front) -> None:
        super().__init__(front.place.ports.https, headers={"Origin": front.url})
        self._trust = ssl.create_default_context(cafile=front.certificate)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection("localhost", self.port, timeout=10, context=self._trust)


def api(front: Front, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
    """A call with the account key, by the proxy."""
    key = front.place.key
    pair = base64.b64encode(f"{key['id']}:{key['secret']}".encode()).decode()
    raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    page = SafeBrowser(front).call(method, path, raw, {"Authorization": f"Basic {pair}", "Content-Type": kind})
    assert page.status in (200, 201), (page.status, page.text)
    return json.loads(page.text)


def new_app(front: Front) -> str:
    return str(api(front, "POST", "/v2/apps", {"displayName": "Lumen"})["app"]["id"])


def test_a_member_signs_in(front: Front) -> None:
    browser = SafeBrowser(front)
    signed_in = browser.sign_in(EMAIL)
    assert (signed_in.status, signed_in.to) == (303, "/dashboard/")
    assert signed_in.set_cookies
    assert all(line.startswith("__Host-") and "; Secure" in line for line in signed_in.set_cookies)
    page = browser.get("/dashboard/settings/members")
    assert page.status == 200
    assert "Noa Berg" in page.words
    assert (
        browser.send("/dashboard/settings/members", "/dashboard/sign-out", Origin="https://elsewhere.example").status
        == 403
    )


def test_links_to_the_next_page_lead_to_the_proxy(front: Front) -> None:
    for _ in range(2):
        new_app(front)
    links = api(front, "GET", "/v2/apps?page[size]=1")["links"]
    assert links["next"].startswith(f"{front.url}/v2/apps?")


def test_a_live_page_shows_what_happens(front: Front) -> None:
    """Its next word without a change would come after 15 seconds; the connection gives up after ten."""
    browser, app_id = SafeBrowser(front), new_app(front)
    browser.sign_in(EMAIL)
    connection = browser.connection()
    try:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        path = f"/dashboard/apps/{app_id}/webhooks/live"
        connection.request("GET", path, headers={"Cookie": cookies, "Accept": "text/event-stream"})
        stream = connection.getresponse()
        assert stream.status == 200
        assert stream.readline() == b"retry: 3000\n"
        assert "target.example" not in one_event(stream)
        webhook = {"target": "https://target.example/", "triggers": ["conversation:message"]}
        custom = {"type": "custom", "displayName": "Till", "webhooks": [webhook]}
        api(front, "POST", f"/v2/apps/{app_id}/integrations", custom)
        assert "target.example" in one_event(stream)
    finally:
        connection.close()


def one_event(stream: http.client.HTTPResponse) -> str:
    """The next event's text."""
    lines: list[str] = []
    while True:
        line = stream.readline().decode()
        assert line, "the stream has ended"
        if line == "\n" and any(one.startswith("event:") for one in lines):
            return "".join(lines)
        lines.append(line)


def test_metas_webhook_comes_through_as_it_was_signed(front: Front) -> None:
    # Large, and with what whoever reads and writes JSON anew would write otherwise.
    body = b'{"object":"instagram", "entry":[],  "text":"' + b"Gr\\u00FC\\u00dfe \\/" * 40_000 + b'"}'
    path, digest = f"/webhooks/instagram/{FACEBOOK_APP}", hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    kind = {"Content-Type": "application/json"}
    before = journal(front)
    signed = SafeBrowser(front).call("POST", path, body, kind | {"X-Hub-Signature-256": f"sha256={digest}"})
    assert (signed.status, signed.text) == (200, "ok")
    forged = SafeBrowser(front).call("POST", path, body, kind | {"X-Hub-Signature-256": f"sha256={'0' * 64}"})
    assert forged.status == 401
    assert journal(front) == before + 1


def journal(front: Front) -> int:
    async def count() -> int:
        async with opened(front.place.database_url, largest=2) as database:
            return int(await database.fetchval("select count(*) from journal"))

    return run(count())


def test_a_large_attachment_comes_through(front: Front) -> None:
    part = b'--xyz\r\nContent-Disposition: form-data; name="source"; filename="a.pdf"\r\n\r\n%PDF-1.7 '
    body = part + bytes(5 * MB) + b"\r\n--xyz--\r\n"
    path = f"/v2/apps/{new_app(front)}/attachments?access=public"
    made = api(front, "POST", path, body, "multipart/form-data; boundary=xyz")["attachment"]
    assert made["mediaUrl"].startswith(front.url)
    got = SafeBrowser(front).connection()
    got.request("GET", made["mediaUrl"].removeprefix(front.url))
    assert len(got.getresponse().read()) == 5 * MB + len("%PDF-1.7 ")
    got.close()


def test_strangers_do_not_see_what_is_for_the_operator(front: Front) -> None:
    for path in ("/metrics", "/healthz", "/readyz"):
        assert SafeBrowser(front).get(path).status == 404
        assert call("GET", f"{front.place.server.url}{path}")[0] == 200


def test_http_leads_to_https(front: Front) -> None:
    moved = Browser(front.place.ports.http).get("/dashboard/?x=1", Host="localhost")
    assert moved.status in (301, 308)
    assert moved.headers["location"].startswith("https://localhost")
    assert moved.headers["location"].endswith("/dashboard/?x=1")
