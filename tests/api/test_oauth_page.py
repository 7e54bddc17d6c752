"""OAuth's page: what a person sees, and what comes back to the client. Driven as a browser would."""

import base64
import hashlib
import http.client
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sunshine_conversations_client.api import ConversationsApi, OAuthEndpointsApi, WebhooksApi

from tests.api.conftest import Shop
from tests.api.house import NOW, House
from tests.api.oauth import (
    BACK,
    OTHER_BACK,
    Browser,
    Partner,
    exchanged,
    registered,
    token_for,
)
from tests.api.operations import HOOK
from tests.api.test_auth_jwt import ask

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
    assert not house.rows("select 1 from integrations where app_id = $1 and type = $2", shop.app_id, partner.id)


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
