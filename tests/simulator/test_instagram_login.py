"""Instagram Login on the simulator: hosts, login, tokens, subscription, errors, webhooks (Meta reference 0, 1.1, 3, 4.6)."""

import hashlib
import hmac
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.instagram import DAY, SCOPES, InstagramOwner
from tests.simulator.support import Simulator, Sink


@pytest.fixture
def owner(simulator: Simulator) -> InstagramOwner:
    """An account with a fresh token of 60 days."""
    return InstagramOwner.new(simulator)


def text_to(person: str, text: str) -> dict:
    return {"recipient": {"id": person}, "messaging_type": "RESPONSE", "message": {"text": text}}


class TestLogin:
    def test_a_code_is_exchanged_once_and_the_live_answer_is_flat(self, owner: InstagramOwner) -> None:
        code = owner.code()
        answer = owner.exchange(code).json
        assert set(answer) == {"access_token", "user_id", "permissions"}
        assert (answer["user_id"], answer["permissions"]) == (int(owner.account), SCOPES.split(","))
        again = owner.exchange(code)
        assert (again.status, again.json) == (
            400,
            {
                "error_type": "OAuthException",
                "code": 400,
                "error_message": "Matching code was not found or was already used",
            },
        )

    def test_the_documented_answer_stands_in_data(self, owner: InstagramOwner) -> None:
        owner.simulator.call("PATCH", "/_simulator/rules", {"instagram_answers": "data"})
        (answer,) = owner.exchange(owner.code()).json["data"]
        assert (answer["user_id"], answer["permissions"]) == (owner.account, SCOPES)
        (me,) = owner.ask("GET", "/me", fields="user_id,username").json["data"]
        assert (me["user_id"], me["username"]) == (owner.account, owner.username)

    @pytest.mark.parametrize("wrong", ["client_id", "client_secret", "redirect_uri"])
    def test_the_exchange_has_an_error_form_of_its_own(self, owner: InstagramOwner, wrong: str) -> None:
        answer = owner.exchange(owner.code(), **{wrong: "https://elsewhere.example"})
        assert answer.status == 400
        assert set(answer.json) == {"error_type", "code", "error_message"}

    def test_a_code_lives_for_an_hour(self, owner: InstagramOwner) -> None:
        code = owner.code()
        owner.later(3601)
        assert owner.exchange(code).status == 400

    def test_a_refusal_comes_back_in_the_address(self, owner: InstagramOwner) -> None:
        asked = {"client_id": owner.app_id, "redirect_uri": "https://shop.example/back", "scope": SCOPES}
        there = owner.simulator.control(
            "/instagram/login", 200, **asked, account_id=owner.account, deny=True, state="s1"
        )
        assert parse_qs(urlsplit(there["redirect_to"]).query) == {
            "error": ["access_denied"],
            "error_reason": ["user_denied"],
            "error_description": ["The user denied your request"],
            "state": ["s1"],
        }

    def test_scopes_of_the_other_flavour_are_invalid_in_either_dialog(self, owner: InstagramOwner) -> None:
        simulator = owner.simulator
        query = {"client_id": owner.app_id, "redirect_uri": "https://shop.example/back", "scope": "instagram_basic"}
        page = simulator.call("GET", "/instagram/oauth/authorize", query=query)
        assert (page.status, b"Invalid Scopes: instagram_basic" in page.body) == (400, True)
        app = simulator.control("/apps")
        page = simulator.call("GET", "/dialog/oauth", query={**query, "client_id": app["id"], "scope": SCOPES})
        assert (page.status, b"Invalid Scopes" in page.body) == (400, True)

    def test_the_dialog_is_a_page_that_sends_the_person_back(self, owner: InstagramOwner) -> None:
        query = {"client_id": owner.app_id, "redirect_uri": "https://shop.example/back", "scope": SCOPES}
        page = owner.simulator.call("GET", "/instagram/oauth/authorize", query=query)
        assert page.status == 200
        assert f"@{owner.username}" in page.body.decode()
        form = {"decision": "allow", "scope": "instagram_business_basic"}
        back = owner.simulator.call("POST", "/instagram/oauth/authorize", form=form, query=query)
        assert back.status == 303
        assert back.headers["location"].startswith("https://shop.example/back?code=")


class TestTokens:
    def short(self, owner: InstagramOwner) -> str:
        return str(owner.exchange(owner.code()).json["access_token"])

    def long(self, owner: InstagramOwner, token: str, **changed: str) -> object:
        asked = {"grant_type": "ig_exchange_token", "client_secret": owner.secret, **changed}
        return owner.simulator.call("GET", "/instagram/access_token", query={**asked, "access_token": token})

    def refresh(self, owner: InstagramOwner, token: str) -> object:
        asked = {"grant_type": "ig_refresh_token", "access_token": token}
        return owner.simulator.call("GET", "/instagram/refresh_access_token", query=asked)

    def test_a_short_lived_token_becomes_one_of_sixty_days(self, owner: InstagramOwner) -> None:
        short = self.short(owner)
        answer = self.long(owner, short).json
        assert (answer["token_type"], answer["expires_in"]) == ("bearer", 60 * DAY)
        owner.later(2 * 3600)
        assert owner.ask("GET", "/me", token=answer["access_token"]).status == 200
        assert owner.ask("GET", "/me", token=short).error == (401, 190, 463)

    def test_the_exchange_takes_short_lived_tokens_and_the_right_secret(self, owner: InstagramOwner) -> None:
        assert self.long(owner, owner.token).error == (400, 100, None)
        assert self.long(owner, self.short(owner), client_secret="x" * 32).error == (400, 101, None)

    def test_a_refresh_wants_a_token_of_a_day_that_has_not_expired(self, owner: InstagramOwner) -> None:
        assert self.refresh(owner, owner.token).error == (400, 100, None)
        owner.later(50 * DAY)
        answer = self.refresh(owner, owner.token).json
        assert answer["expires_in"] == 60 * DAY
        owner.later(11 * DAY)
        assert self.refresh(owner, owner.token).error == (401, 190, 463)
        assert owner.ask("GET", "/me", token=answer["access_token"]).status == 200

    def test_a_refresh_wants_instagram_business_basic(self, simulator: Simulator) -> None:
        scopes = ["instagram_business_manage_messages"]
        owner = InstagramOwner.new(simulator, scopes=scopes, age_seconds=2 * DAY)
        assert self.refresh(owner, owner.token).error == (403, 10, None)

    def test_each_host_knows_its_own_tokens_only(self, owner: InstagramOwner) -> None:
        seed = owner.simulator.control("/seed", 200)
        assert owner.ask("GET", "/me", token=seed["page_access_token"]).error == (400, 190, None)
        answer = owner.simulator.call("GET", "/v25.0/me", headers={"Authorization": f"Bearer {owner.token}"})
        assert answer.error == (400, 190, None)


class TestAccount:
    def test_me_tells_the_webhooks_id_beside_an_app_scoped_one(self, owner: InstagramOwner) -> None:
        me = owner.ask("GET", "/me", fields="user_id,username,name,account_type").json
        assert (me["user_id"], me["username"], me["account_type"]) == (owner.account, owner.username, "BUSINESS")
        assert me["id"] != owner.account

    def test_the_account_has_no_page(self, owner: InstagramOwner) -> None:
        (account,) = owner.simulator.read("/accounts")["accounts"]
        assert (account["page_id"], account["page_name"]) == (None, None)

    def test_fields_of_pages_are_refused_and_the_list_replaces_the_former(self, owner: InstagramOwner) -> None:
        answer = owner.ask("POST", "/me/subscribed_apps", subscribed_fields="feed")
        assert answer.error == (400, 100, None)
        error = answer.json["error"]
        assert error["type"] == "IGApiException"
        assert error["message"].startswith("Param subscribed_fields[0] must be one of {comment_poll_response, comments")
        for fields in ("messages,messaging_seen", "messages,message_echoes"):
            assert owner.ask("POST", "/me/subscribed_apps", subscribed_fields=fields).json == {"success": True}
            (app,) = owner.ask("GET", "/me/subscribed_apps").json["data"]
            assert (app["id"], app["subscribed_fields"]) == (owner.app_id, fields.split(","))
        assert owner.ask("DELETE", "/me/subscribed_apps").json == {"success": True}
        assert owner.ask("GET", "/me/subscribed_apps").json == {"data": []}

    def test_without_a_role_every_call_with_the_token_fails_alike(self, owner: InstagramOwner) -> None:
        owner.simulator.call("PATCH", f"/_simulator/apps/{owner.app_id}", {"live": False})
        for method, path in (("GET", "/me"), ("GET", "/me/conversations"), ("POST", "/me/subscribed_apps")):
            error = owner.ask(method, path).json["error"]
            assert error["message"] == f"Unsupported request - method type: {method.lower()}"
            assert (error["type"], error["code"], "error_subcode" in error) == ("IGApiException", 100, False)
        owner.simulator.call("PATCH", f"/_simulator/apps/{owner.app_id}", {"roles": [owner.account]})
        assert owner.ask("GET", "/me").status == 200


class TestMessaging:
    def listen(self, owner: InstagramOwner, sink: Sink, fields: str) -> None:
        owner.simulator.control(
            "/instagram/webhook", 200, app_id=owner.app_id, callback_url=sink.url, verify_token="word"
        )
        assert owner.ask("POST", "/me/subscribed_apps", subscribed_fields=fields).status == 200

    def test_webhooks_are_signed_with_the_instagram_apps_secret(self, owner: InstagramOwner, sink: Sink) -> None:
        self.listen(owner, sink, "messages")
        person = owner.person()
        owner.simulator.control("/messages", account_id=owner.account, person=person, text="Hello")
        (item,) = sink.wait(1)
        assert (item["sender"]["id"], item["recipient"]["id"]) == (person, owner.account)
        (told,) = sink.deliveries
        wanted = hmac.new(owner.secret.encode(), told.raw, hashlib.sha256).hexdigest()
        assert told.headers["X-Hub-Signature-256"] == f"sha256={wanted}"

    @pytest.mark.parametrize(("fields", "told"), [("messages", 1), ("messages,message_echoes", 2)])
    def test_echoes_have_a_field_of_their_own(self, owner: InstagramOwner, sink: Sink, fields: str, told: int) -> None:
        self.listen(owner, sink, fields)
        person = owner.person()
        owner.simulator.control("/messages", account_id=owner.account, person=person, text="Hello")
        mid = owner.ask("POST", "/me/messages", text_to(person, "Hi")).json["message_id"]
        owner.simulator.control("/messages", account_id=owner.account, person=person, text="Thanks")
        items = sink.wait(told + 1)
        echoes = [item["message"]["mid"] for item in items if item["message"].get("is_echo")]
        assert echoes == [mid][: told - 1]

    def test_errors_are_instagrams_and_bear_no_code_before_the_text(self, owner: InstagramOwner) -> None:
        person = owner.person()
        answer = owner.ask("POST", "/me/messages", text_to(person, "Hi"))
        assert answer.error == (403, 10, 2534022)
        error = answer.json["error"]
        assert (error["type"], error["message"]) == (
            "IGApiException",
            "This message is sent outside of allowed window.",
        )

    def test_threads_profiles_and_messages_are_read_like_elsewhere(self, owner: InstagramOwner) -> None:
        person = owner.person()
        said = owner.simulator.control("/messages", account_id=owner.account, person=person, text="Hello")
        assert owner.ask("GET", f"/{person}", fields="name,username").json["id"] == person
        (thread,) = owner.ask("GET", "/me/conversations", platform="instagram", user_id=person).json["data"]
        assert owner.ask("GET", f"/{thread['id']}", fields="messages").status == 200
        assert owner.ask("GET", f"/{said['mid']}", fields="message").json["message"] == "Hello"
        assert owner.ask("GET", f"/{owner.account}/conversations", platform="instagram").json["data"] != []

    def test_a_hundred_sends_a_second_and_not_one_more(self, owner: InstagramOwner) -> None:
        assert owner.simulator.read("/rules")["instagram_sends_per_second"] == 100
        owner.simulator.call("PATCH", "/_simulator/rules", {"instagram_sends_per_second": 2, "sends_per_second": 1})
        person = owner.person()
        owner.simulator.control("/messages", account_id=owner.account, person=person, text="Hello")
        answers = [owner.ask("POST", "/me/messages", text_to(person, str(n))) for n in range(12)]
        assert (613, 2534040) in [one.error[1:] for one in answers if one.status != 200]

    def test_pages_and_app_subscriptions_are_not_of_this_host(self, owner: InstagramOwner) -> None:
        seed = owner.simulator.control("/seed", 200)
        assert owner.ask("GET", f"/{seed['page_id']}").status == 400
        assert owner.ask("GET", "/debug_token").error == (400, 2500, None)
        answer = owner.simulator.call(
            "GET", f"/v25.0/{owner.app_id}/subscriptions", query={"access_token": f"{owner.app_id}|{owner.secret}"}
        )
        assert answer.status == 400
