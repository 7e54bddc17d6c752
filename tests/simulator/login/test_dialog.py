"""What the login dialog takes, refuses and gives back (Meta reference 4.1)."""

import base64
import hashlib
import html
from urllib.parse import urlsplit

import pytest

from tests.simulator.login.visitor import BACK, SCOPES, Visitor
from tests.simulator.refusals import patch
from tests.simulator.support import Seeded

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def visitor(seeded: Seeded) -> Visitor:
    return Visitor(seeded)


class TestProofKey:
    def test_the_verifier_of_the_challenge_opens_the_code(self, visitor: Visitor) -> None:
        code = visitor.allows(code_challenge=CHALLENGE, code_challenge_method="S256")["code"]
        assert visitor.exchanges(code, code_verifier=VERIFIER).status == 200

    @pytest.mark.parametrize("told", [{}, {"code_verifier": "w" * 64}, {"code_verifier": CHALLENGE}])
    def test_without_it_the_code_is_worth_nothing(self, visitor: Visitor, told: dict[str, str]) -> None:
        code = visitor.allows(code_challenge=CHALLENGE, code_challenge_method="S256")["code"]
        answer = visitor.exchanges(code, **told)
        assert answer.error == (400, 100, None)
        assert answer.json["error"]["type"] == "OAuthException"
        assert visitor.exchanges(code, code_verifier=VERIFIER).status == 400

    @pytest.mark.parametrize("wrong", [{"code_challenge_method": "S512"}, {"code_challenge": "short"}])
    def test_a_challenge_that_is_none_is_refused_at_once(self, visitor: Visitor, wrong: dict[str, str]) -> None:
        good = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        assert visitor.opens(**{**good, **wrong}).status == 400

    def test_a_code_without_a_challenge_needs_no_verifier(self, visitor: Visitor) -> None:
        assert visitor.exchanges(visitor.allows()["code"]).status == 200


class TestRedirect:
    def test_any_address_while_none_is_registered(self, visitor: Visitor) -> None:
        assert visitor.opens(redirect_uri="https://anywhere.example/x").status == 200

    @pytest.mark.parametrize(
        "other", [f"{BACK}/", f"{BACK}?x=1", "https://evil.example/back", "http://shop.example/back"]
    )
    def test_only_the_registered_ones_to_the_letter(self, visitor: Visitor, other: str) -> None:
        patch(visitor.seeded, f"/apps/{visitor.app}", redirect_uris=[BACK])
        assert visitor.opens().status == 200
        page = visitor.opens(redirect_uri=other)
        assert page.status == 400
        assert "URL Blocked" in page.body.decode()
        answer = visitor.simulator.call(
            "POST", "/dialog/oauth", b"decision=deny", query=visitor.query(redirect_uri=other)
        )
        assert (answer.status, answer.headers.get("location")) == (400, None)

    def test_instagrams_dialog_asks_the_same(self, seeded: Seeded) -> None:
        app = seeded.simulator.control("/instagram/apps")["id"]
        patch(seeded, f"/apps/{app}", redirect_uris=[BACK])
        query = {"client_id": app, "redirect_uri": BACK, "scope": "instagram_business_basic"}
        path = "/instagram/oauth/authorize"
        assert seeded.simulator.call("GET", path, query=query).status == 200
        assert (
            seeded.simulator.call("GET", path, query={**query, "redirect_uri": "https://evil.example/"}).status == 400
        )


class TestAnswer:
    def test_what_was_granted_is_told_when_asked_for(self, visitor: Visitor) -> None:
        told = visitor.allows("pages_show_list", response_type="code,granted_scopes")
        assert told["granted_scopes"] == "pages_show_list,public_profile"
        assert told["denied_scopes"] == "pages_messaging,instagram_basic,instagram_manage_messages"
        assert (told["state"], "code" in told) == ("s", True)

    def test_a_token_comes_in_the_fragment(self, visitor: Visitor) -> None:
        form = "&".join(["decision=allow", "assets=all", *(f"scope={one}" for one in SCOPES.split(","))])
        query = visitor.query(response_type="token")
        answer = visitor.simulator.call("POST", "/dialog/oauth", form.encode(), query=query)
        parts = urlsplit(answer.headers["location"])
        assert parts.query == ""
        assert parts.fragment.startswith("access_token=EAA")

    @pytest.mark.parametrize("wrong", ["", "id_token", "granted_scopes", "code,cookies"])
    def test_other_response_types_are_refused(self, visitor: Visitor, wrong: str) -> None:
        assert visitor.opens(response_type=wrong).status == 400

    def test_an_expired_code_is_refused(self, visitor: Visitor) -> None:
        code = visitor.allows()["code"]
        visitor.simulator.control("/clock", 200, advance_seconds=601)
        assert visitor.exchanges(code).error == (400, 100, 36007)

    def test_a_name_full_of_markup_stays_text(self, visitor: Visitor) -> None:
        name = "<img src=x onerror=alert(1)>"
        visitor.simulator.control("/accounts", page_name=name, owner_user_id=visitor.owner)
        body = visitor.opens().body.decode()
        assert name not in body
        assert html.escape(name) in body


class TestAssets:
    def test_pages_and_accounts_are_chosen_apart(self, visitor: Visitor) -> None:
        page = visitor.seeded.facts["page_id"]
        ticked = [("accounts", "listed"), ("page", page), *(("scope", one) for one in SCOPES.split(","))]
        told = visitor.granular(visitor.token(visitor.presses("allow", ticked)))
        assert told["pages_messaging"] == [page]
        assert told["instagram_manage_messages"] == []

    def test_all_of_them_means_those_to_come_as_well(self, visitor: Visitor) -> None:
        token = visitor.token(visitor.allows())
        assert visitor.granular(token)["pages_show_list"] is None
        later = visitor.simulator.control("/accounts", page_name="Later", owner_user_id=visitor.owner)["page_id"]
        listed = visitor.simulator.get("/me/accounts", access_token=token).json["data"]
        assert [one["id"] for one in listed] == [visitor.seeded.facts["page_id"], later]

    def test_somebody_elses_page_can_not_be_slipped_in(self, visitor: Visitor) -> None:
        other = visitor.simulator.control("/accounts", page_name="Other")["page_id"]
        told = visitor.granular(visitor.token(visitor.allows(pages=(other,))))
        assert told["pages_show_list"] == []

    def test_a_person_without_pages_gets_an_empty_list(self, seeded: Seeded) -> None:
        somebody = Visitor(seeded, seeded.simulator.control("/owners", name="Nobody's Boss")["id"])
        assert "no Pages" in somebody.opens().body.decode()
        token = somebody.token(somebody.allows())
        assert seeded.simulator.get("/me/accounts", access_token=token).json == {"data": []}


class TestBusinessLogin:
    def configured(self, visitor: Visitor, **more: object) -> str:
        return visitor.simulator.control(f"/apps/{visitor.app}/configurations", **more)["id"]

    def test_all_permissions_are_granted_or_none(self, visitor: Visitor) -> None:
        key = self.configured(visitor, scopes=SCOPES.split(","))
        page = visitor.opens(scope=None, config_id=key)
        assert b'name="scope"' not in page.body
        token = visitor.token(visitor.allows("", scope=None, config_id=key))
        assert set(visitor.debug(token)["scopes"]) == {*SCOPES.split(","), "public_profile"}

    def test_the_seeded_configuration_asks_for_what_messaging_needs(self, visitor: Visitor) -> None:
        token = visitor.token(visitor.allows("", scope=None, config_id=visitor.seeded.facts["config_id"]))
        assert {"instagram_manage_messages", "business_management"} < set(visitor.debug(token)["scopes"])

    def test_a_system_users_token_never_expires(self, visitor: Visitor) -> None:
        key = self.configured(visitor, kind="system_user")
        answer = visitor.exchanges(visitor.allows("", scope=None, config_id=key)["code"]).json
        assert set(answer) == {"access_token", "token_type"}
        told = visitor.debug(answer["access_token"])
        assert (told["type"], told["expires_at"]) == ("SYSTEM_USER", 0)

    def test_an_unknown_one_is_explained_on_a_page(self, visitor: Visitor) -> None:
        page = visitor.opens(scope=None, config_id="123456")
        assert (page.status, b"no Facebook Login for Business configuration" in page.body) == (400, True)

    def test_in_development_mode_only_people_with_a_role_get_in(self, visitor: Visitor) -> None:
        asked = {"scope": None, "config_id": visitor.seeded.facts["config_id"]}
        patch(visitor.seeded, f"/apps/{visitor.app}", live=False)
        assert visitor.allows("", **asked)["error"] == "access_denied"
        patch(visitor.seeded, f"/apps/{visitor.app}", roles=[visitor.owner])
        assert "code" in visitor.allows("", **asked)


class TestInstagramLogin:
    PATH = "/instagram/oauth/authorize"

    def query(self, seeded: Seeded, **more: str) -> dict[str, str]:
        app = seeded.simulator.control("/instagram/apps")["id"]
        return {"client_id": app, "redirect_uri": BACK, "scope": "instagram_business_basic", **more}

    def test_force_reauth_asks_who_logs_in(self, seeded: Seeded) -> None:
        page = seeded.simulator.call("GET", self.PATH, query=self.query(seeded, force_reauth="true")).body.decode()
        assert "Who are you?" in page
        assert "Log in with Facebook instead" in page
        named = self.query(seeded, force_reauth="true", **{"as": seeded.facts["instagram_username"]})
        assert "Who are you?" not in seeded.simulator.call("GET", self.PATH, query=named).body.decode()

    def test_the_way_over_facebook_can_be_left_out(self, seeded: Seeded) -> None:
        query = self.query(seeded, force_reauth="true", enable_fb_login="false")
        assert "Facebook" not in seeded.simulator.call("GET", self.PATH, query=query).body.decode()

    def test_a_challenge_is_ignored(self, seeded: Seeded) -> None:
        query = self.query(seeded, code_challenge="x")
        assert seeded.simulator.call("GET", self.PATH, query=query).status == 200

    def test_a_personal_account_can_not_log_in(self, seeded: Seeded) -> None:
        seeded.simulator.control("/accounts", page_name="Private", username="private", professional=False)
        page = seeded.simulator.call("GET", self.PATH, query=self.query(seeded, **{"as": "private"}))
        assert (page.status, b"personal account" in page.body) == (400, True)
