"""OAuth: the page a person sees, the code, the token, and what the token reaches. Driven as a browser would."""

import base64
import hashlib
import http.client
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sunshine_conversations_client.api import ConversationsApi, OAuthEndpointsApi, WebhooksApi

from heliograph.delivery.guard import parse_networks
from heliograph.delivery.removal import RemovalWorker
from heliograph.delivery.sender import Sender
from heliograph.lanes import LaneWorkers
from heliograph.messaging.oauth import clients
from tests.api.conftest import Shop
from tests.api.house import NOW, Answer, House, Key
from tests.api.operations import HOOK
from tests.api.test_auth_jwt import ask
from tests.support import wait_until

BACK = "https://partner.example/back?from=us"
OTHER_BACK = "https://partner.example/other"


@dataclass
class Page:
    """What a browser got."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def ticket(self) -> str:
        match = re.search(r'name="ticket" value="([^"]+)"', self.text)
        assert match, self.text
        return match[1]

    @property
    def back(self) -> dict[str, str]:
        """What the client is told by way of the redirect."""
        assert self.status == 302, (self.status, self.text)
        return {name: value[0] for name, value in parse_qs(urlsplit(self.headers["location"]).query).items()}

    @property
    def words(self) -> str:
        return unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.text, flags=re.DOTALL))


@dataclass
class Browser:
    """Keeps cookies, follows nothing."""

    house: House
    prefix: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def open(self, **query: str) -> Page:
        return self._call("GET", f"{self.prefix}/oauth/authorize?{urlencode(query)}", None)

    def send(self, page: Page, **fields: str) -> Page:
        match = re.search(r'<form method="post" action="([^"]+)"', page.text)
        assert match
        return self.post(match[1], {"ticket": page.ticket, **fields})

    def post(self, path: str, fields: dict[str, str]) -> Page:
        return self._call("POST", path, urlencode(fields).encode())

    def _call(self, method: str, path: str, body: bytes | None) -> Page:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        got = {name.lower(): value for name, value in response.headers.items()}
        if "set-cookie" in got:
            name, _, value = got["set-cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value
        return Page(response.status, text, got)


@dataclass(frozen=True)
class Partner:
    """An OAuth client."""

    id: str
    secret: str

    def token_request(self, code: str, **more: Any) -> dict[str, Any]:
        return {
            "code": code,
            "grant_type": "authorization_code",
            "client_id": self.id,
            "client_secret": self.secret,
            **more,
        }


def registered(house: House, name: str = "Café Bot", **more: Any) -> Partner:
    async def make() -> dict[str, str]:
        async with house.database.transaction() as connection:
            return await clients.create(connection, house.box, name, [BACK, OTHER_BACK], **more)

    made = house.run(make())
    return Partner(made["client_id"], made["client_secret"])


@pytest.fixture(scope="module")
def partner(house: House) -> Partner:
    return registered(house)


@pytest.fixture
def browser(house: House) -> Browser:
    return Browser(house)


def code_for(browser: Browser, partner: Partner, key: Key, **query: str) -> str:
    first = browser.open(client_id=partner.id, response_type="code", **query)
    second = browser.send(first, decision="continue", key_id=key.id, secret=key.secret)
    assert second.status == 200, second.words
    app = re.search(r'name="app_id" value="([0-9a-f]{24})"', second.text)
    assert app, second.text
    return browser.send(second, decision="allow", app_id=app[1]).back["code"]


def exchanged(house: House, partner: Partner, code: str, **more: Any) -> Answer:
    return house.post("/oauth/token", partner.token_request(code, **more), headers={"Authorization": ""})


def token_for(house: House, partner: Partner, key: Key) -> str:
    answer = exchanged(house, partner, code_for(Browser(house), partner, key))
    assert answer.status == 200, answer.body
    return str(answer.body["access_token"])


# The whole way ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/sc"])
def test_a_person_lets_a_client_in_and_the_client_works(
    house: House, shop: Shop, partner: Partner, prefix: str
) -> None:
    browser = Browser(house, prefix)
    first = browser.open(client_id=partner.id, response_type="code", state="a&b=ü")
    assert "Connect Café Bot" in first.words
    assert "partner.example" in first.words
    second = browser.send(first, decision="continue", key_id=shop.key.id, secret=f" {shop.key.secret}\r\n")
    assert "Let Café Bot into Test?" in second.words
    app = re.search(r'name="app_id" value="([^"]+)"', second.text)
    assert app
    back = browser.send(second, decision="allow", app_id=app[1])
    assert back.headers["location"].startswith(BACK + "&")
    assert (back.back["state"], back.back["from"]) == ("a&b=ü", "us")

    # From here on the official client.
    with sunshine.ApiClient(sunshine.Configuration(host=house.url + prefix)) as api:
        request = m.GetTokenRequest(**partner.token_request(back.back["code"]))
        got = OAuthEndpointsApi(api).get_token(request)
    assert got.token_type == "Bearer"
    with sunshine.ApiClient(sunshine.Configuration(host=house.url + prefix, access_token=got.access_token)) as api:
        hook = WebhooksApi(api).create_webhook(shop.app_id, "me", m.WebhookCreateBody(**HOOK)).webhook
        assert [one.id for one in WebhooksApi(api).list_webhooks(shop.app_id, "me").webhooks] == [hook.id]
        conversation = ConversationsApi(api).get_conversation(shop.app_id, shop.person.conversation_id)
        assert conversation.conversation.id == shop.person.conversation_id
        info = house.get(prefix + "/v2/tokenInfo", headers={"Authorization": f"Bearer {got.access_token}"}).body["app"]
        assert (info["id"], info["displayName"], info["subdomain"]) == (shop.app_id, "Test", "127.0.0.1")
        OAuthEndpointsApi(api).revoke_access()
        with pytest.raises(sunshine.exceptions.UnauthorizedException):
            ConversationsApi(api).get_conversation(shop.app_id, shop.person.conversation_id)
    assert not house.rows("select 1 from webhooks where app_id = $1", shop.app_id)
    assert not house.rows("select 1 from integrations where type = $1", partner.id)


def test_the_token_is_what_the_original_issues(house: House, shop: Shop, partner: Partner) -> None:
    token = token_for(house, partner, shop.key)
    header = jwt.get_unverified_header(token)
    assert set(header) == {"alg", "typ", "kid", "azp"}
    assert (header["alg"], header["typ"], header["azp"], header["kid"][:4]) == ("HS256", "JWT", partner.id, "int_")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {"scope": "integration", "appId": shop.app_id, "iat": int(NOW.timestamp())}


def test_token_info_needs_a_token(house: House, shop: Shop) -> None:
    answer = house.get("/v2/tokenInfo", headers={"Authorization": ""})
    assert (answer.status, answer.error["code"]) == (401, "unauthorized")
    assert house.get("/v2/tokenInfo", key=shop.key).body["app"]["id"] == shop.app_id
    named = house.get("/v2/tokenInfo", key=shop.key, headers={"Host": "chat.example.org"})
    assert named.body["app"]["subdomain"] == "chat"


# The page -----------------------------------------------------------------------------------------------------------


def test_an_account_key_chooses_among_the_apps(
    house: House, shop: Shop, partner: Partner, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heliograph.api.oauth.authorize.MOST_LISTED", 100_000)
    first = browser.open(client_id=partner.id, response_type="code")
    second = browser.send(first, decision="continue", key_id=house.account.id, secret=house.account.secret)
    assert f'<option value="{shop.app_id}">' in second.text
    wrong = browser.send(second, decision="allow", app_id="0" * 24)
    assert (wrong.status, "Choose an app" in wrong.words) == (400, True)
    assert browser.send(second, decision="allow").status == 400
    code = browser.send(wrong, decision="allow", app_id=shop.app_id).back["code"]
    assert exchanged(house, partner, code).status == 200


def test_among_very_many_apps_the_id_is_typed(
    house: House, shop: Shop, partner: Partner, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        house.app()
    monkeypatch.setattr("heliograph.api.oauth.authorize.MOST_LISTED", 2)
    first = browser.open(client_id=partner.id, response_type="code")
    second = browser.send(first, decision="continue", key_id=house.account.id, secret=house.account.secret)
    assert '<input id="app_id"' in second.text
    assert "Let Café Bot in?" in second.words
    code = browser.send(second, decision="allow", app_id=f" {shop.app_id} ").back["code"]
    token = exchanged(house, partner, code).body["access_token"]
    assert ask(house, "/v2/tokenInfo", token).body["app"]["id"] == shop.app_id


def test_an_app_key_lets_into_its_own_app_only(house: House, shop: Shop, partner: Partner, browser: Browser) -> None:
    other, _ = house.app()
    first = browser.open(client_id=partner.id, response_type="code")
    second = browser.send(first, decision="continue", key_id=shop.key.id, secret=shop.key.secret)
    code = browser.send(second, decision="allow", app_id=other).back["code"]
    token = exchanged(house, partner, code).body["access_token"]
    assert ask(house, "/v2/tokenInfo", token).body["app"]["id"] == shop.app_id


def test_a_wrong_key_is_asked_for_again(house: House, shop: Shop, partner: Partner, browser: Browser) -> None:
    page = browser.open(client_id=partner.id, response_type="code")
    integration = house.key("integration", shop.app_id, house.custom(shop.app_id)["id"])
    for key_id, secret in (
        (shop.key.id, "wrong"), ("app_" + "0" * 24, "x"), ("nonsense", "x"), ("", ""), ("😀", "ü"),
    ):  # fmt: skip
        page = browser.send(page, decision="continue", key_id=key_id, secret=secret)
        assert (page.status, "no key with this id and secret" in page.words) == (400, True), key_id
        assert "www-authenticate" not in page.headers
        assert f'value="{key_id}"' in page.text
        assert secret not in ("x", "wrong") or f'value="{secret}"' not in page.text
    page = browser.send(page, decision="continue", key_id=integration.id, secret=integration.secret)
    assert "integration's key" in page.words
    assert browser.send(page, decision="continue", key_id=shop.key.id, secret=shop.key.secret).status == 200


def test_a_refusal_goes_back_to_the_client(shop: Shop, partner: Partner, browser: Browser) -> None:
    first = browser.open(client_id=partner.id, response_type="code", state="s", redirect_uri=OTHER_BACK)
    refused = browser.send(first, decision="deny")
    assert refused.headers["location"].startswith(OTHER_BACK + "?")
    assert (refused.back["error"], refused.back["state"]) == ("access_denied", "s")
    second = browser.send(first, decision="continue", key_id=shop.key.id, secret=shop.key.secret)
    assert browser.send(second, decision="deny").back["error"] == "access_denied"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"client_id": "0" * 24},
        {"client_id": "nonsense"},
        {"client_id": "\0"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": BACK + "/more"},
        {"redirect_uri": ""},
        {"redirect_uri": "javascript:alert(1)"},
        {"state": "\0"},
        {"state": "x" * 9000},
    ],
)
def test_without_a_registered_address_there_is_a_page_and_no_redirect(
    partner: Partner, browser: Browser, query: dict[str, str]
) -> None:
    asked = {"client_id": partner.id, "response_type": "code", **query} if query else {}
    page = browser.open(**asked)
    assert (page.status, "location" in page.headers) == (400, False)
    assert page.headers["content-type"].startswith("text/html")
    assert "cannot go on" in page.words


def test_something_named_twice_is_refused(house: House, partner: Partner, browser: Browser) -> None:
    query = urlencode([("client_id", partner.id), ("response_type", "code"), ("state", "a"), ("state", "b")])
    assert browser._call("GET", f"/oauth/authorize?{query}", None).status == 400
    assert browser._call("GET", "/oauth/authorize?client_id=%ff", None).status == 400


def test_other_errors_go_back_to_the_client(partner: Partner, browser: Browser) -> None:
    page = browser.open(client_id=partner.id, response_type="token", state="s")
    assert (page.back["error"], page.back["state"]) == ("unsupported_response_type", "s")
    assert browser.open(client_id=partner.id).back["error"] == "invalid_request"


def test_the_page_is_closed_to_scripts_frames_and_strangers(partner: Partner, browser: Browser) -> None:
    page = browser.open(client_id=partner.id, response_type="code", state='"><script>alert(1)</script>')
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert style
    assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() in policy
    assert "<script" not in page.text
    assert "http" not in re.sub(r'action="[^"]*"', "", page.text)
    assert page.headers["cache-control"] == "no-store"
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_over_https_the_cookie_is_for_https(partner: Partner, house: House) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    try:
        path = f"/oauth/authorize?client_id={partner.id}&response_type=code"
        connection.request("GET", path, headers={"X-Forwarded-Proto": "https"})
        response = connection.getresponse()
        response.read()
        cookie = response.headers["set-cookie"]
    finally:
        connection.close()
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie


def test_names_of_clients_and_apps_are_shown_as_text(house: House, browser: Browser) -> None:
    nasty = registered(house, '<img src=x onerror="alert(1)">')
    app = house.post("/v2/apps", {"displayName": "</h1><script>"}).body["app"]["id"]
    key = house.key("app", app)
    first = browser.open(client_id=nasty.id, response_type="code")
    second = browser.send(first, decision="continue", key_id=key.id, secret=key.secret)
    for page in (first, second):
        assert "<img src=x" not in page.text
        assert "<script" not in page.text


def test_a_form_works_only_in_its_own_browser_and_for_ten_minutes(
    house: House, shop: Shop, partner: Partner, browser: Browser
) -> None:
    page = browser.open(client_id=partner.id, response_type="code")
    good = {"decision": "continue", "key_id": shop.key.id, "secret": shop.key.secret}
    stranger = Browser(house)
    assert stranger.send(page, **good).status == 400
    stranger.open(client_id=partner.id, response_type="code")
    assert stranger.send(page, **good).status == 400
    for ticket in ("", "x", "ü", page.ticket[:-4], page.ticket[:-4] + "AAA=", base64.b64encode(b"\x01" * 60).decode()):
        assert browser.post("/oauth/authorize", {**good, "ticket": ticket}).status == 400
    assert browser.post("/oauth/authorize", {}).status == 400
    assert browser.send(page, **good).status == 200
    try:
        house.clock.now = NOW + timedelta(minutes=10, seconds=1)
        assert browser.send(page, **good).status == 400
    finally:
        house.clock.now = NOW


def test_a_key_deleted_between_the_steps_lets_nobody_in(
    house: House, shop: Shop, partner: Partner, browser: Browser
) -> None:
    first = browser.open(client_id=partner.id, response_type="code")
    second = browser.send(first, decision="continue", key_id=shop.key.id, secret=shop.key.secret)
    house.delete(f"{shop.path}/keys/{shop.key.id}")
    assert browser.send(second, decision="allow", app_id=shop.app_id).status == 400


words = st.one_of(
    st.sampled_from(["code", "client_id", "redirect_uri", "state", "ticket", "decision", "allow", "deny", BACK, ""]),
    st.text(max_size=12),
)
fields = st.dictionaries(
    st.sampled_from(["client_id", "response_type", "redirect_uri", "state", "decision", "ticket", "key_id", "app_id"])
    | st.text(max_size=5),
    words,
    max_size=6,
)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(query=fields, form=fields, raw=st.binary(max_size=40))
def test_nothing_thrown_at_the_page_breaks_it(
    partner: Partner, house: House, query: dict[str, str], form: dict[str, str], raw: bytes
) -> None:
    browser, sound = Browser(house), {"client_id": partner.id, "response_type": "code"}
    encoded = {name.encode("utf-8", "replace"): value.encode("utf-8", "replace") for name, value in query.items()}
    assert browser._call("GET", f"/oauth/authorize?{urlencode(encoded)}", None).status in (200, 302, 400)
    assert browser._call("POST", "/oauth/authorize", raw).status == 400
    page = browser.open(**sound)
    mixed = {name: value.encode("utf-8", "replace") for name, value in {"ticket": page.ticket, **form}.items()}
    answer = browser._call("POST", "/oauth/authorize", urlencode(mixed).encode())
    assert answer.status in (302, 400)
    if answer.status == 302:
        assert answer.back["error"] == "access_denied"


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(
    change=st.dictionaries(
        st.sampled_from(["code", "grant_type", "client_id", "client_secret", "redirect_uri"]),
        st.none() | st.integers() | st.text(max_size=10) | st.lists(st.integers(), max_size=2),
        min_size=1,
    )
)
def test_nothing_thrown_at_the_token_endpoint_gets_a_token(
    partner: Partner, house: House, change: dict[str, Any]
) -> None:
    body = {**partner.token_request("unknown"), **change}
    answer = house.post("/oauth/token", body, headers={"Authorization": ""})
    assert answer.status in (400, 401)
    assert set(answer.body["errors"][0]) == {"code", "title"}


# Codes and tokens ---------------------------------------------------------------------------------------------------


def test_a_code_that_comes_twice_takes_its_token_down(house: House, shop: Shop, partner: Partner) -> None:
    code = code_for(Browser(house), partner, shop.key)
    token = exchanged(house, partner, code).body["access_token"]
    other = token_for(house, partner, shop.key)
    assert ask(house, "/v2/tokenInfo", token).status == 200
    again = exchanged(house, partner, code)
    assert (again.status, again.body["error"]) == (400, "invalid_grant")
    assert ask(house, "/v2/tokenInfo", token).status == 401
    assert ask(house, "/v2/tokenInfo", other).status == 200


def test_of_many_who_bring_one_code_at_most_one_gets_a_token(house: House, shop: Shop, partner: Partner) -> None:
    code = code_for(Browser(house), partner, shop.key)
    answers: list[Answer] = []
    crowd = [threading.Thread(target=lambda: answers.append(exchanged(house, partner, code))) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(20)
    assert sorted(answer.status for answer in answers) == [200] + [400] * 5
    (token,) = [answer.body["access_token"] for answer in answers if answer.status == 200]
    assert ask(house, "/v2/tokenInfo", token).status == 401


def test_codes_lapse_after_ten_minutes_and_with_their_approver(house: House, shop: Shop, partner: Partner) -> None:
    code, orphan = (code_for(Browser(house), partner, shop.key) for _ in range(2))
    try:
        house.clock.now = NOW + timedelta(minutes=10)
        assert exchanged(house, partner, code).body["error"] == "invalid_grant"
    finally:
        house.clock.now = NOW
    house.delete(f"{shop.path}/keys/{shop.key.id}")
    assert exchanged(house, partner, orphan).body["error"] == "invalid_grant"


def test_codes_are_the_clients_own_and_for_its_address(house: House, shop: Shop, partner: Partner) -> None:
    thief = registered(house, "Thief")
    code = code_for(Browser(house), partner, shop.key, redirect_uri=OTHER_BACK)
    assert exchanged(house, thief, code).body["error"] == "invalid_grant"
    assert exchanged(house, partner, code, redirect_uri=BACK).body["error"] == "invalid_grant"
    assert exchanged(house, partner, code, redirect_uri=OTHER_BACK).status == 200


def test_codes_and_secrets_do_not_stand_in_the_database(house: House, shop: Shop, partner: Partner) -> None:
    code = code_for(Browser(house), partner, shop.key)
    stored = house.rows("select c.*, o.secret from oauth_codes c join oauth_clients o on o.id = c.client_id")
    assert stored
    assert code not in repr(stored)
    assert partner.secret not in repr(stored)


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "0" * 24}, 401, "invalid_client"),
        ({"client_id": "nonsense"}, 401, "invalid_client"),
        ({"client_id": "\0"}, 400, None),
        ({"client_secret": "\ud800"}, 400, None),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"code": None}, 400, "invalid_request"),
        ({"code": 658965}, 400, "invalid_request"),
        ({"code": "x" * 3000}, 400, "invalid_request"),
        ({"redirect_uri": 1}, 400, "invalid_request"),
    ],
)
def test_refusals_speak_oauth_and_this_apis_tongue(
    house: House, partner: Partner, change: dict[str, Any], status: int, error: str | None
) -> None:
    body = {**partner.token_request("unknown"), **change}
    answer = house.post("/oauth/token", body, headers={"Authorization": ""})
    assert (answer.status, answer.body.get("error")) == (status, error)
    assert set(answer.body["errors"][0]) == {"code", "title"}
    if error:
        assert answer.headers["cache-control"] == "no-store"


def test_a_token_can_be_asked_for_by_form_and_by_header(house: House, shop: Shop, partner: Partner) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Authorization": ""}
    raw = urlencode(partner.token_request(code_for(Browser(house), partner, shop.key))).encode()
    assert house.request("POST", "/oauth/token", raw=raw, headers=form).status == 200
    code = code_for(Browser(house), partner, shop.key)
    raw = urlencode({"code": code, "grant_type": "authorization_code"}).encode()
    assert house.request("POST", "/oauth/token", raw=raw, headers=form).body["error"] == "invalid_request"
    form["Authorization"] = Key(partner.id, partner.secret).header
    assert house.request("POST", "/oauth/token", raw=raw, headers=form).status == 200
    for bad in (b"code=%ff", b"code=1&code=2", b"\xff", b"&" * 50):
        assert house.request("POST", "/oauth/token", raw=bad, headers=form).status == 400
    assert house.request("POST", "/oauth/token", raw=b"{", headers={"Authorization": ""}).status == 400
    assert house.request("POST", "/oauth/token", raw=b"<a/>", headers={"Content-Type": "text/xml"}).status == 415


def test_ten_tokens_at_most_the_oldest_makes_room(house: House, shop: Shop, partner: Partner) -> None:
    tokens = [token_for(house, partner, shop.key) for _ in range(11)]
    assert [ask(house, "/v2/tokenInfo", token).status for token in tokens] == [401] + [200] * 10
    assert len(house.rows("select 1 from integrations where app_id = $1 and type = $2", shop.app_id, partner.id)) == 1


# The integration ----------------------------------------------------------------------------------------------------


def integration_of(house: House, shop: Shop, partner: Partner) -> str:
    (row,) = house.rows("select id from integrations where app_id = $1 and type = $2", shop.app_id, partner.id)
    return str(row["id"])


def test_the_integration_is_shown_to_who_asks_for_it(house: House, shop: Shop, partner: Partner) -> None:
    token = token_for(house, partner, shop.key)
    own, path = integration_of(house, shop, partner), shop.path + "/integrations"
    hook = house.post(f"{path}/me/webhooks", HOOK, headers={"Authorization": f"Bearer {token}"}).body["webhook"]
    shown = {"id": own, "type": partner.id, "status": "active", "displayName": "Café Bot", "webhooks": [hook]}
    assert house.get(f"{path}/{own}").body == {"integration": shown}
    assert house.get(f"{path}?filter[types]={partner.id}").body["integrations"] == [shown]
    # The official client cannot read a list with such a type in it.
    with house.client(shop.key) as client:
        listed = sunshine.api.IntegrationsApi(client).list_integrations(shop.app_id).integrations
    assert [one.id for one in listed] == [shop.integration_id]
    assert house.patch(f"{path}/{own}", {"displayName": "Bot"}).body["integration"]["displayName"] == "Bot"
    assert house.get(f"{path}/{own}/keys").status == 400
    assert house.get(f"{path}/{own}/webhooks").body["webhooks"] == [hook]


def test_a_client_sees_only_its_own_webhooks(house: House, shop: Shop, partner: Partner) -> None:
    custom = house.custom(shop.app_id)
    bearer = {"Authorization": f"Bearer {token_for(house, partner, shop.key)}"}
    path = shop.path + "/integrations/{}/webhooks"
    assert house.get(path.format("me"), headers=bearer).body == {"webhooks": []}
    assert house.get(path.format(integration_of(house, shop, partner)), headers=bearer).body == {"webhooks": []}
    assert house.get(path.format(custom["id"]), headers=bearer).status == 403
    hook = custom["webhooks"][0]["id"]
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        assert house.request(method, f"{path.format('me')}/{hook}", body, headers=bearer).status == 404
    for denied in (shop.path, "/v2/apps", shop.path + "/integrations", shop.path + "/keys"):
        assert house.get(denied, headers=bearer).status == 403
    other, _ = house.app()
    assert house.get(f"/v2/apps/{other}/conversations?filter[userId]=x", headers=bearer).status == 404


def test_a_custom_integrations_key_revokes_nothing(house: House, shop: Shop) -> None:
    custom = house.custom(shop.app_id)["id"]
    answer = house.delete("/oauth/authorization", key=house.key("integration", shop.app_id, custom))
    assert (answer.status, answer.error["code"]) == (403, "forbidden")
    assert house.get(f"{shop.path}/integrations/{custom}").status == 200


def test_a_deleted_app_takes_its_codes_along(house: House, shop: Shop, partner: Partner) -> None:
    code = code_for(Browser(house), partner, shop.key)
    token = token_for(house, partner, shop.key)
    assert house.delete(shop.path).status == 200
    assert exchanged(house, partner, code).body["error"] == "invalid_grant"
    assert ask(house, "/v2/tokenInfo", token).status == 401
    assert not house.rows("select 1 from oauth_codes where app_id = $1", shop.app_id)


def test_a_deleted_client_is_out_everywhere(house: House, shop: Shop) -> None:
    gone = registered(house, "Gone")
    token, code = token_for(house, gone, shop.key), code_for(Browser(house), gone, shop.key)

    async def delete() -> bool:
        async with house.database.transaction() as connection:
            return await clients.delete(connection, gone.id)

    assert house.run(delete()) is True
    assert ask(house, "/v2/tokenInfo", token).status == 401
    assert exchanged(house, gone, code).status == 401
    assert not house.rows("select 1 from integrations where type = $1", gone.id)
    assert house.run(delete()) is False


# removeUrl ----------------------------------------------------------------------------------------------------------


@dataclass
class Target:
    """The partner's server: fails so often, then takes it."""

    failures: int
    got: list[tuple[str | None, Any]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def target() -> Iterator[Target]:
    told = Target(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.got.append((self.headers["x-api-key"], json.loads(body)))
            self.send_response(500 if len(told.got) <= told.failures else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def work_off(house: House, networks: str = "127.0.0.0/8") -> None:
    """Run the removal worker until nothing is due."""

    async def work() -> None:
        due = "select not exists (select from lanes where kind = 'removal' and (due_at <= now() or lease <> 0))"
        async with Sender(parse_networks(networks), timeout=5) as sender:
            workers = LaneWorkers(house.database, [RemovalWorker(house.database, house.box, sender).kind()])
            workers.start()
            try:
                await wait_until(lambda: house.database.fetchval(due), 20)
            finally:
                await workers.stop()

    house.run(work())


@pytest.mark.parametrize("way", ["revoked", "integration deleted", "app deleted"])
def test_the_client_is_told_that_it_is_out(house: House, shop: Shop, target: Target, way: str) -> None:
    partner = registered(house, "Told", remove_url=f"http://127.0.0.1:{target.port}/removed")
    bearer = {"Authorization": f"Bearer {token_for(house, partner, shop.key)}"}
    own = integration_of(house, shop, partner)
    done = {
        "revoked": lambda: house.delete("/oauth/authorization", headers=bearer),
        "integration deleted": lambda: house.delete(f"{shop.path}/integrations/{own}"),
        "app deleted": lambda: house.delete(shop.path),
    }[way]()
    assert (done.status, done.body) == (200, {})
    work_off(house)
    assert target.got == [
        (partner.secret, {"app": {"id": shop.app_id}, "integration": {"id": own, "type": partner.id}})
    ]
    assert not house.rows("select 1 from lanes where kind = 'removal' and key = $1", own)


def test_a_client_that_does_not_listen_is_told_again_and_addresses_are_guarded(
    house: House, shop: Shop, target: Target
) -> None:
    target.failures = 1
    partner = registered(house, "Deaf", remove_url=f"http://127.0.0.1:{target.port}/removed")
    again = "update lanes set due_at = now() where kind = 'removal' and key = $1"
    bearer = {"Authorization": f"Bearer {token_for(house, partner, shop.key)}"}
    own = integration_of(house, shop, partner)
    assert house.delete("/oauth/authorization", headers=bearer).status == 200
    for networks, calls, attempts in (("", 0, 1), ("127.0.0.0/8", 1, 2)):
        work_off(house, networks)
        assert len(target.got) == calls
        assert house.rows("select attempts from jobs where kind = 'removal' and key = $1", own) == [
            {"attempts": attempts}
        ]
        house.run(house.database.execute(again, own))
    work_off(house)
    assert len(target.got) == 2
    assert not house.rows("select 1 from jobs where kind = 'removal' and key = $1", own)
