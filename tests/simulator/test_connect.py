"""Connecting: subscriptions, tokens, Pages, and the login."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.support import Answer, Seeded, Simulator

SCOPES = "pages_show_list,pages_manage_metadata,pages_messaging,instagram_basic,instagram_manage_messages"


def subscribe(seeded: Seeded, **changed: str) -> Answer:
    form = {
        "object": "instagram",
        "callback_url": seeded.sink.url,
        "verify_token": "the word",
        "fields": "messages,messaging_seen",
        "access_token": seeded.app_token,
        **changed,
    }
    return seeded.simulator.call("POST", f"/v23.0/{seeded.facts['facebook_app_id']}/subscriptions", form=form)


def subscriptions(seeded: Seeded) -> list:
    path = f"/v23.0/{seeded.facts['facebook_app_id']}/subscriptions"
    return seeded.simulator.get(path, access_token=seeded.app_token).json["data"]


class TestAppSubscription:
    def test_the_callback_is_verified_during_the_call(self, seeded: Seeded) -> None:
        assert subscribe(seeded).json == {"success": True}
        (asked,) = seeded.sink.asked
        assert (asked["hub.mode"], asked["hub.verify_token"]) == ("subscribe", "the word")
        assert asked["hub.challenge"].isdecimal()
        assert subscriptions(seeded) == [
            {
                "object": "instagram",
                "callback_url": seeded.sink.url,
                "active": True,
                "fields": [{"name": name, "version": "v23.0"} for name in ("messages", "messaging_seen")],
            }
        ]

    @pytest.mark.parametrize(
        ("status", "challenge", "words"),
        [
            (403, None, "HTTP Status Code = 403; HTTP Message = Forbidden"),
            (200, "something else", 'received="something else..."'),
            (302, None, "HTTP Status Code = 302"),
        ],
    )
    def test_a_callback_that_fails_changes_nothing(self, seeded: Seeded, status, challenge, words) -> None:
        seeded.sink.verify_status, seeded.sink.challenge = status, challenge
        answer = subscribe(seeded)
        assert answer.error == (400, 2200, None)
        assert answer.json["error"]["message"].startswith(
            "(#2200) Callback verification failed with the following errors: "
        )
        assert words in answer.json["error"]["message"]
        assert subscriptions(seeded) == []

    def test_a_callback_that_is_not_there(self, seeded: Seeded) -> None:
        answer = subscribe(seeded, callback_url="http://127.0.0.1:1/")
        assert answer.error == (400, 2200, None)
        assert "curl_errno = 7" in answer.json["error"]["message"]

    @pytest.mark.parametrize(
        "changed", [{"object": "page"}, {"fields": "messages,feed"}, {"callback_url": "ftp://x"}, {"verify_token": ""}]
    )
    def test_wrong_parameters_are_named(self, seeded: Seeded, changed: dict[str, str]) -> None:
        answer = subscribe(seeded, **changed)
        assert answer.error == (400, 100, None)
        assert next(iter(changed)) in answer.json["error"]["message"]
        assert seeded.sink.asked == []

    def test_some_fields_or_all_can_be_taken_back(self, seeded: Seeded) -> None:
        subscribe(seeded)
        path = f"/{seeded.facts['facebook_app_id']}/subscriptions"
        query = {"access_token": seeded.app_token, "object": "instagram"}
        seeded.simulator.call("DELETE", path, query={**query, "fields": "messages"})
        assert [one["name"] for one in subscriptions(seeded)[0]["fields"]] == ["messaging_seen"]
        seeded.simulator.call("DELETE", path, query=query)
        assert subscriptions(seeded) == []

    def test_another_apps_token_is_refused(self, seeded: Seeded) -> None:
        other = seeded.simulator.control("/apps")
        assert subscribe(seeded, access_token=f"{other['id']}|{other['secret']}").error == (400, 100, 33)


class TestPageSubscription:
    def test_the_list_replaces_the_former_one(self, seeded: Seeded) -> None:
        path = f"/{seeded.facts['page_id']}/subscribed_apps"
        seeded.graph("POST", path, {"subscribed_fields": ["messages", "message_reads"]})
        seeded.graph("POST", path, {"subscribed_fields": "feed"})
        (listed,) = seeded.graph("GET", path).json["data"]
        assert (listed["id"], listed["subscribed_fields"]) == (seeded.facts["facebook_app_id"], ["feed"])
        assert seeded.graph("DELETE", path).json == {"success": True}
        assert seeded.graph("GET", path).json == {"data": []}

    @pytest.mark.parametrize("name", ["comments", "mentions", "messaging_seen", "messaging_referral"])
    def test_names_of_the_instagram_object_are_refused_and_nothing_is_subscribed(
        self, seeded: Seeded, name: str
    ) -> None:
        path = f"/{seeded.facts['page_id']}/subscribed_apps"
        answer = seeded.graph("POST", path, {"subscribed_fields": f"messages,{name}"})
        assert answer.error == (400, 100, None)
        message = answer.json["error"]["message"]
        assert message.startswith("(#100) Param subscribed_fields[1] must be one of {feed, mention, name, picture, ")
        assert message.endswith(f'}} - got "{name}"')
        assert seeded.graph("GET", path).json == {"data": []}


class TestDebugToken:
    def debug(self, seeded: Seeded, token: str) -> dict:
        answer = seeded.simulator.get("/v23.0/debug_token", input_token=token, access_token=seeded.app_token)
        assert answer.status == 200
        return answer.json["data"]

    def test_a_page_token(self, seeded: Seeded) -> None:
        data = self.debug(seeded, seeded.token)
        assert data["app_id"] == seeded.facts["facebook_app_id"]
        assert (data["type"], data["is_valid"], data["expires_at"]) == ("PAGE", True, 0)
        assert data["profile_id"] == seeded.facts["page_id"]
        granular = {one["scope"]: one.get("target_ids") for one in data["granular_scopes"]}
        assert granular["pages_messaging"] == [seeded.facts["page_id"]]
        assert granular["instagram_manage_messages"] == [seeded.account]
        assert granular["business_management"] is None
        assert set(granular) == set(data["scopes"])

    def test_a_user_token(self, seeded: Seeded) -> None:
        page, app = seeded.facts["page_id"], seeded.facts["facebook_app_id"]
        token = seeded.simulator.control("/tokens", app_id=app, page_id=page, type="user", expires_in=60)[
            "access_token"
        ]
        data = self.debug(seeded, token)
        assert data["type"] == "USER"
        assert "profile_id" not in data
        assert data["expires_at"] == data["issued_at"] + 60

    def test_a_dead_token_is_described(self, seeded: Seeded) -> None:
        seeded.simulator.control("/tokens/revoke", 200, access_token=seeded.token, subcode=460)
        data = self.debug(seeded, seeded.token)
        assert data["is_valid"] is False
        assert (data["error"]["code"], data["error"]["subcode"]) == (190, 460)

    def test_an_unknown_token_is_described(self, seeded: Seeded) -> None:
        assert self.debug(seeded, "EAAx") == {
            "error": {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"},
            "is_valid": False,
            "scopes": [],
        }

    def test_another_apps_token_is_not_described(self, seeded: Seeded) -> None:
        other = seeded.simulator.control("/apps")
        token = seeded.simulator.control("/tokens", app_id=other["id"], page_id=seeded.facts["page_id"])["access_token"]
        data = self.debug(seeded, token)
        assert (data["is_valid"], data["error"]["code"], data["scopes"]) == (False, 100, [])


class TestPages:
    def test_a_page_tells_its_account(self, seeded: Seeded) -> None:
        fields = "id,name,instagram_business_account{id,username,name,profile_picture_url},connected_instagram_account"
        told = seeded.graph("GET", "/v23.0/me", fields=fields).json
        assert told["id"] == seeded.facts["page_id"]
        assert told["instagram_business_account"]["username"] == seeded.facts["instagram_username"]
        assert told["connected_instagram_account"] == {"id": seeded.account}
        picture = urlsplit(told["instagram_business_account"]["profile_picture_url"]).path
        assert seeded.simulator.get(picture).headers["content-type"] == "image/png"
        assert seeded.graph("GET", f"/{seeded.facts['page_id']}", fields=fields).json == told

    def test_a_page_without_account_has_none(self, seeded: Seeded) -> None:
        page = seeded.simulator.control("/accounts", page_name="Plain", instagram=False)
        assert page["instagram_account_id"] is None
        body = {"app_id": seeded.facts["facebook_app_id"], "page_id": page["page_id"]}
        token = seeded.simulator.control("/tokens", **body)["access_token"]
        told = seeded.graph("GET", "/me", token=token, fields="id,name,instagram_business_account")
        assert told.json == {"id": page["page_id"], "name": "Plain"}
        answer = seeded.graph("POST", "/me/messages", {"recipient": {"id": "1"}, "message": {"text": "x"}}, token)
        assert answer.error == (400, 100, 2534013)

    def test_the_account_itself(self, seeded: Seeded) -> None:
        told = seeded.graph("GET", f"/{seeded.account}", fields="username,name,followers_count").json
        assert told == {
            "username": "lighthouse.books",
            "name": "Lighthouse Books",
            "followers_count": 3,
            "id": seeded.account,
        }

    def test_another_page_is_out_of_reach(self, seeded: Seeded) -> None:
        other = seeded.simulator.control("/accounts", page_name="Other")
        for path in (f"/{other['page_id']}", f"/{other['instagram_account_id']}"):
            assert seeded.graph("GET", path).error == (400, 100, 33)
        body = {"recipient": {"id": seeded.igsid}, "message": {"text": "x"}}
        assert seeded.graph("POST", f"/{other['page_id']}/messages", body).error == (400, 100, 33)

    def test_permissions_are_listed(self, seeded: Seeded) -> None:
        granted = seeded.graph("GET", "/me/permissions").json["data"]
        assert {"permission": "instagram_basic", "status": "granted"} in granted


class TestMyAccounts:
    def user_token(self, simulator: Simulator, pages: int, **more: object) -> tuple[str, list[str]]:
        first = simulator.control("/accounts", page_name="Page 0")
        owner = first["owner_user_id"]
        made = [simulator.control("/accounts", page_name=f"Page {n}", owner_user_id=owner) for n in range(1, pages)]
        app = simulator.control("/apps")["id"]
        body = {"app_id": app, "page_id": first["page_id"], "type": "user", **more}
        return simulator.control("/tokens", **body)["access_token"], [one["page_id"] for one in (first, *made)]

    def test_pages_come_with_their_tokens_and_tasks(self, simulator: Simulator) -> None:
        token, (page_id,) = self.user_token(simulator, 1)
        (page,) = simulator.get("/me/accounts", access_token=token).json["data"]
        assert page["id"] == page_id
        assert "MESSAGING" in page["tasks"]
        assert simulator.get("/me", access_token=page["access_token"]).json["id"] == page_id
        again = simulator.get("/me/accounts", access_token=token).json["data"][0]
        assert again["access_token"] == page["access_token"]

    def test_paging_reaches_every_page_once(self, simulator: Simulator) -> None:
        token, pages = self.user_token(simulator, 5)
        path = f"/me/accounts?fields=id&limit=2&access_token={token}"
        found: list[str] = []
        while path:
            told = simulator.get(path).json
            found += [one["id"] for one in told["data"]]
            following = urlsplit(told["paging"].get("next", ""))
            path = f"{following.path}?{following.query}" if following.path else ""
        assert found == pages

    def test_without_the_scope_the_list_is_empty(self, simulator: Simulator) -> None:
        token, _ = self.user_token(simulator, 2, scopes=["instagram_basic"])
        assert simulator.get("/me/accounts", access_token=token).json == {"data": []}

    def test_pages_that_were_not_chosen_are_missing(self, simulator: Simulator) -> None:
        token, pages = self.user_token(simulator, 2, targets={"pages_show_list": ["1"]})
        assert pages
        assert simulator.get("/me/accounts", access_token=token).json == {"data": []}


class TestLogin:
    def query(self, seeded: Seeded) -> dict[str, str]:
        return {
            "client_id": seeded.facts["facebook_app_id"],
            "redirect_uri": "https://example.org/back?x=1",
            "state": "a b&c",
            "scope": SCOPES,
        }

    def test_the_dialog_leads_to_a_page_token(self, seeded: Seeded) -> None:
        simulator, query = seeded.simulator, self.query(seeded)
        page = simulator.call("GET", "/v23.0/dialog/oauth", query=query)
        assert (page.status, b"Continue to Heliograph" in page.body) == (200, True)
        form = "decision=allow&page=" + seeded.facts["page_id"] + "".join(f"&scope={one}" for one in SCOPES.split(","))
        back = simulator.call("POST", "/v23.0/dialog/oauth", form.encode(), query=query)
        assert back.status == 303
        target = urlsplit(back.headers["location"])
        assert target.netloc == "example.org"
        assert parse_qs(target.query)["state"] == ["a b&c"]
        secret = {"client_id": query["client_id"], "client_secret": seeded.facts["facebook_app_secret"]}
        code = parse_qs(target.query)["code"][0]
        short = simulator.get("/oauth/access_token", **secret, redirect_uri=query["redirect_uri"], code=code).json
        assert short["expires_in"] == 3600
        exchange = {"grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"]}
        long = simulator.get("/oauth/access_token", **secret, **exchange).json
        assert long["expires_in"] == 60 * 24 * 3600
        (listed,) = simulator.get("/me/accounts", access_token=long["access_token"]).json["data"]
        assert simulator.get("/me", access_token=listed["access_token"]).json["id"] == seeded.facts["page_id"]

    def test_cancelling_says_so(self, seeded: Seeded) -> None:
        back = seeded.simulator.call("POST", "/dialog/oauth", b"decision=deny", query=self.query(seeded))
        told = parse_qs(urlsplit(back.headers["location"]).query)
        assert (told["error"], told["error_reason"], told["state"]) == (["access_denied"], ["user_denied"], ["a b&c"])
        assert "code" not in told

    def test_what_was_not_chosen_is_not_in_the_token(self, seeded: Seeded) -> None:
        chosen = {"granted": ["pages_show_list"], "page_ids": []}
        told = seeded.simulator.control("/login", 200, **self.query(seeded), **chosen)
        code = parse_qs(urlsplit(told["redirect_to"]).query)["code"][0]
        token = seeded.simulator.get(
            "/oauth/access_token",
            client_id=seeded.facts["facebook_app_id"],
            client_secret=seeded.facts["facebook_app_secret"],
            redirect_uri="https://example.org/back?x=1",
            code=code,
        ).json["access_token"]
        data = TestDebugToken().debug(seeded, token)
        assert data["scopes"] == ["pages_show_list", "public_profile"]
        assert data["granular_scopes"][0] == {"scope": "pages_show_list", "target_ids": []}

    @pytest.mark.parametrize(
        "changed", [{"client_id": "1"}, {"redirect_uri": "javascript:alert(1)"}, {"scope": "instagram_business_basic"}]
    )
    def test_a_wrong_address_is_explained_and_leads_nowhere(self, seeded: Seeded, changed: dict[str, str]) -> None:
        page = seeded.simulator.call("GET", "/dialog/oauth", query={**self.query(seeded), **changed})
        assert page.status == 400
        assert b"This login can not go on" in page.body

    def test_removing_the_app_kills_its_tokens(self, seeded: Seeded) -> None:
        assert seeded.graph("DELETE", "/me/permissions").json == {"success": True}
        assert seeded.graph("GET", "/me").error == (401, 190, 458)
