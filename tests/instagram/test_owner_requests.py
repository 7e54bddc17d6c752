"""Owners take their consent back, and have their data deleted, through Meta (Meta reference 4.5)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from heliograph.api.privacy.request_page import parts_of
from heliograph.channels.instagram.accounts import departure
from tests.conftest import Server
from tests.instagram.everywhere import holding
from tests.instagram.house import Answer, House, Shop, unique
from tests.instagram.meta import PlayedMeta
from tests.instagram.owner import Owner
from tests.instagram.test_signed_request import signed
from tests.simulator.support import Loop, Simulator, eventually

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KINDS = ["deauthorize", "data-deletion"]


def ask(house: House, facebook_app: str, kind: str, text: str | None = None, body: bytes | None = None) -> Answer:
    """What Meta sends."""
    path = f"/webhooks/instagram/{facebook_app}/{kind}".replace("//", "/")
    form = urlencode({"signed_request": text}).encode() if text is not None else b""
    return house.http("POST", path, form if body is None else body, FORM)


def done(house: House) -> None:
    """Wait until everything that was asked is done."""
    kinds = ["departure", "forget"]
    eventually(lambda: not house.value("select count(*) from lanes where kind = any ($1::text[])", kinds))


def owned(house: House, **columns: Any) -> tuple[Shop, str]:
    """A connected account, and its owner."""
    owner = unique("77")
    return house.shop(owner_id=owner, **columns), owner


def status(house: House, integration_id: str) -> str:
    return str(house.value("select status from integrations where id = $1", integration_id))


def page(house: House, url: str) -> Answer:
    return house.http("GET", urlsplit(url).path)


@pytest.fixture(scope="module")
def strict(loop: Loop, each_server: Server, meta: PlayedMeta) -> Iterator[House]:
    """A house that deletes everything."""
    with each_server.database(migrated=True) as url:
        house = House(loop, url, meta.url, data_deletion="everything").start()
        yield house
        house.stop()


# Deauthorize ------------------------------------------------------------------------------------------------------


def test_a_deauthorized_integration_sends_no_more_and_says_why(house: House) -> None:
    shop, owner = owned(house)
    other, _ = owned(house)
    person, days = shop.person(), [datetime.now(UTC).day]
    answer = ask(house, shop.facebook_app, "deauthorize", signed(shop.secret, user_id=owner))
    assert (answer.status, answer.json) == (200, {})
    done(house)
    days.append(datetime.now(UTC).day)
    assert (status(house, shop.integration_id), status(house, other.integration_id)) == ("inactive", "active")
    refusal = house.value("select refusal from instagram_accounts where integration_id = $1", shop.integration_id)
    assert refusal["code"] == "unauthorized"
    assert any(f"on {day} " in refusal["message"] for day in days)
    shop.given(shop.text(person, "still heard"))
    assert shop.texts(person)[-1] == "still heard"
    assert shop.failure(shop.post(person)) == {"code": "unauthorized", "message": refusal["message"]}


def test_only_the_accounts_that_this_person_connected_stop(house: House) -> None:
    shop, owner = owned(house)
    colleague = Shop(
        house, house.new_app(), unique("c"), shop.facebook_app, shop.secret, unique("17841"), unique("10"), "EAA"
    )
    colleague.connect(owner_id=unique("77"))
    elsewhere = house.shop(owner_id=owner)  # the same number towards another Facebook app is somebody else
    ask(house, shop.facebook_app, "deauthorize", signed(shop.secret, user_id=owner))
    done(house)
    found = [status(house, one.integration_id) for one in (shop, colleague, elsewhere)]
    assert found == ["inactive", "active", "active"]


@pytest.mark.parametrize("named", ["account", "owner"])
def test_by_instagram_login_the_account_itself_is_the_owner(house: House, named: str) -> None:
    shop, owner = owned(house, login="instagram")
    user_id = shop.account if named == "account" else owner
    assert ask(house, shop.facebook_app, "deauthorize", signed(shop.secret, user_id=user_id)).status == 200
    done(house)
    assert status(house, shop.integration_id) == "inactive"


def test_a_request_that_is_sent_again_is_done_once(house: House) -> None:
    shop, owner = owned(house)
    text = signed(shop.secret, user_id=owner)
    ask(house, shop.facebook_app, "deauthorize", text)
    done(house)
    house.execute("update integrations set status = 'active' where id = $1", shop.integration_id)  # connected again
    assert ask(house, shop.facebook_app, "deauthorize", text).status == 200
    done(house)
    assert status(house, shop.integration_id) == "active"
    assert house.value("select count(*) from owner_requests where facebook_app_id = $1", shop.facebook_app) == 1


def test_without_an_app_in_the_address_the_signer_is_found(house: House) -> None:
    shop, owner = owned(house)
    assert ask(house, "", "deauthorize", signed(shop.secret, user_id=owner)).status == 200
    done(house)
    assert status(house, shop.integration_id) == "inactive"


def test_with_the_simulator_a_person_removes_the_app_and_connects_again(
    owner: Owner, town: House, simulator: Simulator
) -> None:
    shop, made = owner.connect()
    person = owner.customer()
    owner.says(person, "hello")
    eventually(shop.messages)
    user_id = town.value("select owner_id from instagram_accounts where integration_id = $1", made["id"])
    assert user_id
    igsid = town.value("select external_id from clients where integration_id = $1", made["id"])
    url = f"{town.url}/webhooks/instagram/{owner.facebook_app}/deauthorize"
    simulator.call("PATCH", f"/_simulator/apps/{owner.facebook_app}", {"deauthorize_url": url})
    told = simulator.control(f"/apps/{owner.facebook_app}/deauthorize", 200, user_id=user_id)["called"]
    assert told["problems"] == []
    done(town)
    assert town.api("GET", f"/v2/apps/{shop.app_id}/integrations/{made['id']}")["integration"]["status"] == "inactive"
    assert shop.failure(shop.post(igsid))["code"] == "unauthorized"
    path = f"/v2/apps/{shop.app_id}/integrations/{made['id']}"
    town.api("PATCH", path, {"pageAccessToken": owner.new_token()}, 200)
    assert town.api("GET", path)["integration"]["status"] == "active"


def test_meta_is_asked_whose_an_account_is_that_was_connected_before_that_was_kept(
    owner: Owner, town: House, simulator: Simulator
) -> None:
    _, made = owner.connect()
    column = "select owner_id from instagram_accounts where integration_id = $1"
    user_id = town.value(column, made["id"])
    town.execute("update instagram_accounts set owner_id = null where integration_id = $1", made["id"])
    ask(town, owner.facebook_app, "deauthorize", signed(owner.secret, user_id="1"))
    done(town)
    assert (town.value(column, made["id"]), status(town, made["id"])) == (user_id, "active")
    ask(town, owner.facebook_app, "deauthorize", signed(owner.secret, user_id=user_id))
    done(town)
    assert status(town, made["id"]) == "inactive"


# Data deletion ----------------------------------------------------------------------------------------------------


def test_data_deletion_takes_the_owner_and_leaves_the_business_its_conversations(house: House) -> None:
    shop, owner = owned(house)
    name, person = unique("Business"), shop.person()
    settings = {"appId": shop.facebook_app, "pageId": shop.page, "businessName": name, "businessUsername": name}
    house.execute(
        "update integrations set settings = $2, display_name = $3 where id = $1", shop.integration_id, settings, name
    )
    answer = ask(house, shop.facebook_app, "data-deletion", signed(shop.secret, user_id=owner))
    assert answer.status == 200
    assert set(answer.json) == {"url", "confirmation_code"}
    assert answer.json["url"] == f"{house.url}/privacy/requests/{answer.json['confirmation_code']}"
    done(house)
    assert holding(house, owner, name, shop.page) == []
    assert house.rows("select 1 from instagram_accounts where integration_id = $1", shop.integration_id) == []
    assert status(house, shop.integration_id) == "inactive"
    assert shop.texts(person) == ["hello"]
    # nobody can answer by this account any more
    assert house.rows("select 1 from commitments where integration_id = $1", shop.integration_id) == []
    shown = page(house, answer.json["url"]).body.decode()
    assert "Done on" in shown
    assert "stay with the business" in shown
    for secret in (owner, shop.page, shop.account, shop.facebook_app, name):
        assert secret not in shown


def test_everything_goes_where_the_operator_says_so(strict: House) -> None:
    shop, owner = owned(strict)
    other, _ = owned(strict)
    said, kept = unique("theirs"), unique("others")
    person = shop.person()
    shop.given(shop.text(person, said), shop.text(unique("5846"), said))
    bystander = other.person()
    other.given(other.text(bystander, kept))
    answer = ask(strict, shop.facebook_app, "data-deletion", signed(shop.secret, user_id=owner))
    done(strict)
    assert holding(strict, said, person, owner) == []
    assert other.texts(bystander)[-1] == kept
    shown = page(strict, answer.json["url"]).body.decode()
    assert "Done on" in shown
    assert "stay with the business" not in shown


def test_the_page_tells_what_is_done_and_what_is_left(house: House) -> None:
    assert [one.state for one in parts_of("everything", "received")] == ["now", "left", "left"]
    assert [one.state for one in parts_of("everything", "conversations")] == ["done", "now", "left"]
    assert [one.state for one in parts_of("connection", "connection")] == ["done", "now"]
    assert [one.state for one in parts_of("connection", "done")] == ["done", "done"]
    shop, owner = owned(house)
    answer = ask(house, shop.facebook_app, "data-deletion", signed(shop.secret, user_id=owner))
    done(house)
    code = answer.json["confirmation_code"]
    house.execute("update owner_requests set step = 'connection', done_at = null where code = $1", code)
    shown = page(house, answer.json["url"])
    assert "In progress" in shown.body.decode()
    assert "under way" in shown.body.decode()
    assert shown.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def test_a_person_of_whom_nothing_is_kept_gets_the_same_answer_and_the_same_page(house: House) -> None:
    shop, owner = owned(house)
    answers = [
        ask(house, shop.facebook_app, "data-deletion", signed(shop.secret, user_id=user_id))
        for user_id in (owner, unique("88"))
    ]
    done(house)
    house.execute("update owner_requests set done_at = '2026-01-02', requested_at = '2026-01-01'")
    known, unknown = (page(house, answer.json["url"]) for answer in answers)
    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert house.value("select count(*) from owner_requests where owner_id is not null") == 0


def test_a_deletion_that_dies_in_the_middle_goes_on(strict: House, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, owner = owned(strict)
    said = unique("dies")
    for _ in range(3):
        shop.given(shop.text(unique("5846"), said))
    monkeypatch.setattr(departure, "PEOPLE_AT_ONCE", 1)
    whole, died = departure.DepartureWorker._delete, []

    async def dies(self: Any, request: Any, theirs: Any) -> None:
        if not died:
            died.append(1)
            await self._reached(request, "conversations")
            raise RuntimeError("killed")
        await whole(self, request, theirs)

    monkeypatch.setattr(departure.DepartureWorker, "_delete", dies)
    ask(strict, shop.facebook_app, "data-deletion", signed(shop.secret, user_id=owner))
    done(strict)
    assert died
    assert holding(strict, said, owner) == []


# Attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_meta_s_is_refused_and_leaves_nothing(house: House, kind: str) -> None:
    shop, owner = owned(house)
    other, _ = owned(house)
    old = {"issued_at": 1_291_836_800, "expires": 1_291_840_400}
    good = signed(shop.secret, user_id=owner)
    forged = {
        401: [None, signed("guessed", user_id=owner), signed(other.secret, user_id=owner), "A" + good[1:]],
        400: [
            signed(shop.secret, user_id=owner, **old),
            signed(shop.secret, user_id=owner, algorithm="none"),
            "x",
            "a.b.c",
        ],
    }
    for code, texts in forged.items():
        for text in texts:
            assert ask(house, shop.facebook_app, kind, text).status == code, text
    assert ask(house, unique("99"), kind, good).status == 401, "no such app"
    assert ask(house, other.facebook_app, kind, good).status == 401, "another app's address"
    twice = urlencode([("signed_request", good), ("signed_request", good)]).encode()
    assert ask(house, shop.facebook_app, kind, body=twice).status == 401
    assert ask(house, shop.facebook_app, kind, body=b"\xff" * 100).status == 400
    assert ask(house, shop.facebook_app, kind, body=b"signed_request=" + b"a" * 20_000).status == 413
    assert ask(house, shop.facebook_app, kind, body=b"&a=1" * 1000).status == 400
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        assert house.http(method, f"/webhooks/instagram/{shop.facebook_app}/{kind}").status == 405
    assert house.rows("select 1 from owner_requests where facebook_app_id = $1", shop.facebook_app) == []
    assert status(house, shop.integration_id) == "active"


def test_codes_cannot_be_guessed_and_those_of_deauthorizations_show_nothing(house: House) -> None:
    shop, owner = owned(house)
    ask(house, shop.facebook_app, "deauthorize", signed(shop.secret, user_id=owner))
    done(house)
    code = house.value("select code from owner_requests where facebook_app_id = $1", shop.facebook_app)
    assert len(code) == 32
    guesses = ["0" * 32, code, code.upper(), code[:-1], "%00", "..", "'", "a" * 5000, "%F0%9F%A6%8A"]
    answers = [house.http("GET", f"/privacy/requests/{guess}") for guess in guesses]
    assert {answer.status for answer in answers} == {404}
    assert answers[0].body == answers[1].body


def test_the_answer_is_what_the_simulated_meta_expects(owner: Owner, town: House, simulator: Simulator) -> None:
    _, made = owner.connect()
    user_id = town.value("select owner_id from instagram_accounts where integration_id = $1", made["id"])
    url = f"{town.url}/webhooks/instagram/{owner.facebook_app}/data-deletion"
    simulator.call("PATCH", f"/_simulator/apps/{owner.facebook_app}", {"data_deletion_url": url})
    called = simulator.control(f"/apps/{owner.facebook_app}/data-deletion", 200, user_id=user_id)["called"]
    assert called["problems"] == []
    done(town)
    assert "Done on" in page(town, called["status_url"]).body.decode()
    assert json.dumps(called).count(called["confirmation_code"]) >= 2
