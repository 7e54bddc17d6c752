"""The dialog remembers: a plain second login keeps the hole, and the ways out of it (Meta reference 4.3)."""

import pytest

from tests.simulator.login.visitor import SCOPES, Visitor
from tests.simulator.refusals import patch
from tests.simulator.support import Seeded, eventually


@pytest.fixture
def visitor(seeded: Seeded) -> Visitor:
    """A person with two Pages."""
    visitor = Visitor(seeded)
    seeded.simulator.control("/accounts", page_name="Second", owner_user_id=visitor.owner)
    return visitor


def pages(visitor: Visitor) -> list[str]:
    return [one["page_id"] for one in visitor.simulator.read("/accounts")["accounts"]]


def listed(visitor: Visitor, token: str) -> list[str]:
    return [one["id"] for one in visitor.simulator.get("/me/accounts", access_token=token).json["data"]]


class TestReconnect:
    def test_a_second_login_keeps_the_hole(self, visitor: Visitor) -> None:
        first, second = pages(visitor)
        visitor.allows(pages=(second,))
        page = visitor.opens().body.decode()
        assert "Reconnect to Heliograph?" in page
        assert "Edit previous settings" in page
        token = visitor.token(visitor.presses("reconnect"))
        assert listed(visitor, token) == [second]
        assert first not in visitor.granular(token)["pages_messaging"]

    def test_editing_the_previous_settings_closes_it(self, visitor: Visitor) -> None:
        first, second = pages(visitor)
        visitor.allows(pages=(second,))
        page = visitor.opens(edit="1").body.decode()
        assert f'value="{second}" checked' in page
        assert f'value="{first}">' in page
        token = visitor.token(visitor.allows(pages=(first, second), edit="1"))
        assert listed(visitor, token) == [first, second]

    def test_it_is_remembered_per_app_and_person(self, visitor: Visitor) -> None:
        visitor.allows()
        other = visitor.simulator.control("/apps", name="Other")["id"]
        assert "Continue to Other" in visitor.opens(client_id=other).body.decode()

    def test_the_button_can_not_be_pressed_before_there_is_a_choice(self, visitor: Visitor) -> None:
        assert visitor.presses("reconnect")["error"] == "access_denied"

    def test_it_survives_a_restart(self, kept) -> None:
        seeded = Seeded(kept, None, kept.control("/seed", 200))  # type: ignore[arg-type]
        Visitor(seeded).allows()
        kept.stop()
        kept.start()
        assert "Reconnect" in Visitor(seeded).opens().body.decode()


class TestDeclined:
    KEPT = "pages_show_list,pages_messaging,instagram_basic"

    def test_it_is_silently_skipped_at_the_next_login(self, visitor: Visitor) -> None:
        visitor.allows(self.KEPT)
        assert "Reconnect" in visitor.opens().body.decode()
        token = visitor.token(visitor.presses("reconnect"))
        assert "instagram_manage_messages" not in visitor.debug(token)["scopes"]
        told = visitor.simulator.get("/me/permissions", access_token=token).json["data"]
        assert {"permission": "instagram_manage_messages", "status": "declined"} in told

    def test_it_is_not_shown_beside_something_new_either(self, visitor: Visitor) -> None:
        visitor.allows(self.KEPT)
        wider = f"{SCOPES},business_management"
        page = visitor.opens(scope=wider).body
        assert b'value="business_management"' in page
        assert b'value="instagram_manage_messages"' not in page
        token = visitor.token(visitor.allows(f"{self.KEPT},business_management,instagram_manage_messages", scope=wider))
        assert "business_management" in visitor.debug(token)["scopes"]
        assert "instagram_manage_messages" not in visitor.debug(token)["scopes"]

    def test_rerequest_asks_for_it_again(self, visitor: Visitor) -> None:
        visitor.allows(self.KEPT)
        assert b'value="instagram_manage_messages" checked' in visitor.opens(auth_type="rerequest").body
        token = visitor.token(visitor.allows(auth_type="rerequest"))
        assert "instagram_manage_messages" in visitor.debug(token)["scopes"]

    def test_what_is_taken_back_is_taken_from_older_tokens_too(self, visitor: Visitor) -> None:
        token = visitor.token(visitor.allows())
        visitor.allows(self.KEPT, edit="1")
        assert "instagram_manage_messages" not in visitor.debug(token)["scopes"]

    def test_one_permission_can_be_taken_back_by_a_call(self, visitor: Visitor) -> None:
        token = visitor.token(visitor.allows())
        path = "/me/permissions/instagram_manage_messages"
        assert visitor.seeded.graph("DELETE", path, token=token).json == {"success": True}
        assert "instagram_manage_messages" not in visitor.debug(token)["scopes"]
        assert visitor.seeded.graph("DELETE", "/me/permissions/nonsense", token=token).error == (400, 100, None)


class TestRemoval:
    PATH = "/settings/business-integrations"

    def remove(self, visitor: Visitor) -> None:
        form = {"app_id": visitor.app}
        answer = visitor.simulator.call("POST", self.PATH, form=form, query={"as": visitor.owner})
        assert answer.status == 303

    def test_the_settings_name_what_was_given(self, visitor: Visitor) -> None:
        visitor.allows("pages_show_list,instagram_basic", pages=(pages(visitor)[1],))
        page = visitor.simulator.get(self.PATH, **{"as": visitor.owner}).body.decode()
        assert "<dt>Pages</dt><dd>Second</dd>" in page
        assert "<dt>May not</dt><dd>Read and write messages as your Pages" in page

    def test_removing_forgets_the_choice_kills_the_tokens_and_tells_the_app(self, visitor: Visitor) -> None:
        url = f"{visitor.seeded.sink.url}/gone"
        patch(visitor.seeded, f"/apps/{visitor.app}", deauthorize_url=url)
        token = visitor.token(visitor.allows(pages=()))
        self.remove(visitor)
        assert visitor.simulator.get("/me", access_token=token).error == (401, 190, 458)
        assert "Continue to Heliograph" in visitor.opens().body.decode()
        (called,) = eventually(lambda: visitor.simulator.read("/callbacks")["callbacks"])
        assert (called["kind"], called["user_id"]) == ("deauthorize", visitor.owner)
        assert len(listed(visitor, visitor.token(visitor.allows()))) == 2

    def test_an_app_that_only_holds_a_token_is_listed_and_removed_as_well(self, visitor: Visitor) -> None:
        assert "Remove Heliograph" in visitor.simulator.get(self.PATH, **{"as": visitor.owner}).body.decode()
        self.remove(visitor)
        assert visitor.seeded.graph("GET", "/me").error == (401, 190, 458)
        assert "No app may do anything" in visitor.simulator.get(self.PATH, **{"as": visitor.owner}).body.decode()

    def test_the_call_that_removes_everything_forgets_too(self, visitor: Visitor) -> None:
        token = visitor.token(visitor.allows())
        assert visitor.seeded.graph("DELETE", "/me/permissions", token=token).json == {"success": True}
        assert "Continue to Heliograph" in visitor.opens().body.decode()


class TestSwitches:
    """What the control API does to a connection is what the person's choice would be."""

    def turn(self, visitor: Visitor, name: str, on: bool = True) -> None:
        body = {"account_id": visitor.seeded.account, "on": on}
        visitor.simulator.control(f"/connection/{name}", 200, **body)

    @pytest.mark.parametrize("logged_in_before", [True, False])
    def test_a_dropped_scope_stays_dropped_until_it_is_edited(self, visitor: Visitor, logged_in_before: bool) -> None:
        if logged_in_before:
            visitor.allows()
        self.turn(visitor, "scope_dropped")
        token = visitor.token(visitor.presses("reconnect"))
        assert "instagram_manage_messages" not in visitor.debug(token)["scopes"]
        token = visitor.token(visitor.allows(edit="1"))
        assert "instagram_manage_messages" in visitor.debug(token)["scopes"]

    def test_a_dropped_account_stays_dropped_until_it_is_edited(self, visitor: Visitor) -> None:
        visitor.allows()
        self.turn(visitor, "asset_dropped")
        token = visitor.token(visitor.presses("reconnect"))
        assert visitor.seeded.account not in visitor.granular(token)["instagram_manage_messages"]
        token = visitor.token(visitor.allows(edit="1"))
        assert visitor.granular(token)["instagram_manage_messages"] is None

    def test_undoing_gives_it_back_to_the_dialog(self, visitor: Visitor) -> None:
        visitor.allows()
        for name in ("scope_dropped", "asset_dropped"):
            self.turn(visitor, name)
            self.turn(visitor, name, on=False)
        token = visitor.token(visitor.presses("reconnect"))
        assert visitor.seeded.account in visitor.granular(token)["instagram_manage_messages"]

    def test_a_removed_app_is_forgotten(self, visitor: Visitor) -> None:
        visitor.allows()
        self.turn(visitor, "app_removed")
        assert "Continue to Heliograph" in visitor.opens().body.decode()


def test_the_control_call_presses_reconnect(visitor: Visitor) -> None:
    asked = {name: value for name, value in visitor.query().items() if name != "as"}
    visitor.simulator.control("/login", 422, **asked, reconnect=True)
    second = pages(visitor)[1]
    visitor.simulator.control("/login", 200, **asked, page_ids=[second])
    back = visitor.simulator.control("/login", 200, **asked, reconnect=True)["redirect_to"]
    code = back.split("code=")[1].split("&")[0].split("#")[0]
    assert listed(visitor, visitor.token({"code": code})) == [second]
