"""The stand-in of Facebook's JavaScript SDK: a page of an app logs in with it, in a popup."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import opened
from tests.simulator.login.visitor import SCOPES, Visitor
from tests.simulator.refusals import patch
from tests.simulator.support import Seeded

PAGE = """<!doctype html><title>Shop</title>
<button id="login">Log in</button><pre id="told"></pre>
<script>
  window.fbAsyncInit = () => {
    FB.init({ appId: "APP", version: "v23.0", cookie: true, xfbml: true });
    document.title = "Ready";
  };
  const tell = (told) => { document.getElementById("told").textContent = JSON.stringify(told); };
  document.getElementById("login").onclick = () => FB.login(tell, OPTIONS);
</script>
<script async defer crossorigin="anonymous" src="http://127.0.0.1:PORT/en_US/sdk.js"></script>
"""


class Shop:
    """A page of an app, with its button."""

    def __init__(self, page: Page, seeded: Seeded) -> None:
        self.page = page
        self.seeded = seeded
        self.url = seeded.sink.url.replace("/hook", "/files/shop.html")

    def open(self, **options: Any) -> None:
        words = {"APP": self.seeded.facts["facebook_app_id"], "PORT": str(self.seeded.simulator.port)}
        body = PAGE.replace("OPTIONS", json.dumps({"scope": SCOPES, **options}))
        for name, value in words.items():
            body = body.replace(name, value)

        self.seeded.sink.files["shop.html"] = ("text/html", body.encode())
        self.page.goto(self.url)
        expect(self.page).to_have_title("Ready")

    def login(self, button: str) -> dict[str, Any]:
        """Press the page's button, then one of the popup's; what the callback was told."""
        with self.page.expect_popup() as opening:
            self.page.click("#login")
        popup = opening.value
        if button == "close":
            popup.close()
        else:
            popup.get_by_role("button", name=button).click()
        return self.told()

    def told(self) -> dict[str, Any]:
        shown = self.page.locator("#told")
        expect(shown).not_to_be_empty()
        return dict(json.loads(shown.text_content() or ""))

    def ask(self, script: str) -> Any:
        return self.page.evaluate(f"new Promise((done) => {script})")


@pytest.fixture
def shop(browser: Browser, seeded: Seeded) -> Iterator[Shop]:
    with opened(browser, "about:blank") as page:
        yield Shop(page, seeded)


def test_a_token_in_the_shape_of_the_original(shop: Shop) -> None:
    shop.open(return_scopes=True)
    told = shop.login("Continue")
    assert told["status"] == "connected"
    given = told["authResponse"]
    assert set(given) == {
        *("accessToken", "userID", "expiresIn", "signedRequest", "graphDomain", "data_access_expiration_time"),
        "grantedScopes",
    }
    assert given["grantedScopes"].split(",") == [*SCOPES.split(","), "public_profile"]
    assert given["userID"] == Visitor(shop.seeded).owner
    me = shop.ask("FB.api('/me', { fields: 'id,name' }, done)")
    assert me == {"name": "Owner of Lighthouse Books", "id": given["userID"]}
    status = shop.ask("FB.getLoginStatus(done)")
    assert (status["status"], status["authResponse"]["userID"]) == ("connected", given["userID"])
    assert f"fbsr_{shop.seeded.facts['facebook_app_id']}=" in shop.page.evaluate("document.cookie")
    assert shop.ask("FB.logout(done)")["status"] == "unknown"
    assert shop.ask("FB.getLoginStatus(done)") == {"authResponse": None, "status": "unknown"}
    assert "fbsr_" not in shop.page.evaluate("document.cookie")


def test_a_code_is_exchanged_with_an_empty_redirect_uri(shop: Shop) -> None:
    shop.open(response_type="code", override_default_response_type=True)
    told = shop.login("Continue")
    assert (told["status"], "accessToken" in told["authResponse"]) == ("connected", False)
    visitor = Visitor(shop.seeded)
    code = told["authResponse"]["code"]
    assert visitor.exchanges(code, shop.url).error == (400, 100, 36007)
    assert visitor.exchanges(code, "").status == 200


def test_login_for_business(shop: Shop) -> None:
    kind = {"response_type": "code", "override_default_response_type": True}
    shop.open(scope="", config_id=shop.seeded.facts["config_id"], extras={"setup": {}}, **kind)
    code = shop.login("Continue")["authResponse"]["code"]
    token = Visitor(shop.seeded).exchanges(code, None).json["access_token"]
    assert "business_management" in Visitor(shop.seeded).debug(token)["scopes"]


@pytest.mark.parametrize(("button", "status"), [("Cancel", "not_authorized"), ("close", "unknown")])
def test_no_is_told_as_well(shop: Shop, button: str, status: str) -> None:
    shop.open()
    assert shop.login(button) == {"authResponse": None, "status": status}


def test_a_site_that_is_not_the_apps_gets_nothing(shop: Shop) -> None:
    patch(shop.seeded, f"/apps/{shop.seeded.facts['facebook_app_id']}", redirect_uris=["https://shop.example/back"])
    shop.open()
    with shop.page.expect_popup() as opening:
        shop.page.click("#login")
    expect(opening.value.get_by_text("JSSDK Unknown Host domain")).to_be_visible()
    opening.value.close()
    assert shop.told()["authResponse"] is None
    origin = {"Origin": shop.url.removesuffix("/files/shop.html")}
    query = {"client_id": shop.seeded.facts["facebook_app_id"]}
    answer = shop.seeded.simulator.call("GET", "/x/oauth/status", query=query, headers=origin)
    assert (answer.status, "access-control-allow-origin" in answer.headers) == (400, False)


def test_the_answer_goes_to_the_named_origin_only(shop: Shop) -> None:
    """A page opens the dialog for somebody else's origin: the browser gives it nothing."""
    shop.open()
    query = Visitor(shop.seeded).query(
        redirect_uri=f"http://127.0.0.1:{shop.seeded.simulator.port}/x/connect/xd_arbiter/?version=46"
        "#cb=x&origin=https%3A%2F%2Fshop.example&relation=opener",
        response_type="token",
    )
    back = Visitor(shop.seeded).simulator.call(
        "POST", "/dialog/oauth", b"decision=allow&assets=all&scope=pages_show_list", query=query
    )
    arbiter = f"http://127.0.0.1:{shop.seeded.simulator.port}{back.headers['location']}"
    shop.page.evaluate("window.heard = []; addEventListener('message', (event) => heard.push(event.data))")
    with shop.page.expect_popup() as opening:
        shop.page.evaluate("(url) => { window.open(url); }", arbiter)
    if not opening.value.is_closed():
        opening.value.wait_for_event("close")
    assert shop.page.evaluate("heard") == []


def test_the_dialog_returns_to_its_own_arbiter_whatever_host_was_named(seeded: Seeded) -> None:
    evil = "https://evil.example/x/connect/xd_arbiter/?version=46#cb=x&origin=https%3A%2F%2Fshop.example"
    query = Visitor(seeded).query(redirect_uri=evil, response_type="token")
    answer = seeded.simulator.call("POST", "/dialog/oauth", b"decision=allow&assets=all", query=query)
    assert answer.headers["location"].startswith("/x/connect/xd_arbiter/?version=46#cb=x&")
