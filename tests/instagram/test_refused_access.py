"""After Meta refused an integration's access: its sends fail at once, with what Meta said first, until it is updated."""

import pytest

from heliograph.channels.instagram.accounts.records import token_place
from tests.instagram.house import House, Shop, new_mid
from tests.instagram.meta import Gate, PlayedMeta, refused
from tests.instagram.owner import Owner
from tests.simulator.support import Loop, eventually

# (code, subcode): the rows whose action is A
ROWS = [
    *((190, subcode) for subcode in (None, 458, 459, 460, 463, 464, 467, 492)),
    (102, None),
    (100, 2534013),
    (10, 2534077),
]


@pytest.mark.parametrize(("code", "subcode"), ROWS)
def test_further_messages_fail_with_the_same_words_and_meta_is_not_asked(
    shop: Shop, meta: PlayedMeta, person: str, code: int, subcode: int | None
) -> None:
    other = shop.person()
    meta.script(person, refused(code, subcode))
    error = shop.failure(shop.post(person, "Hi"))
    assert error["code"] == "unauthorized"
    for someone in (person, other):
        assert shop.failure(shop.post(someone, "again")) == error
    assert (len(meta.asked[person]), len(meta.asked[other])) == (1, 0)
    # what comes in goes on
    shop.given(shop.text(other, "still here"))
    assert shop.texts(other)[-1] == "still here"


def test_typing_is_not_told_to_meta_either(shop: Shop, house: House, meta: PlayedMeta, person: str) -> None:
    meta.script(person, refused(190))
    shop.failure(shop.post(person, "Hi"))
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/activity"
    house.api("POST", path, {"author": {"type": "business"}, "type": "typing:start"})
    shop.quiet()
    assert len(meta.asked[person]) == 1


def test_other_accounts_go_on(shop: Shop, house: House, meta: PlayedMeta, person: str) -> None:
    meta.script(person, refused(190))
    shop.failure(shop.post(person, "Hi"))
    other = house.shop(of=shop)
    someone = other.person()
    assert other.outcome(other.post(someone, "Hi")) == ["channel"]


def test_an_integration_that_was_marked_before_reasons_were_kept_has_a_failure_all_the_same(
    shop: Shop, house: House, meta: PlayedMeta, person: str
) -> None:
    house.execute("update integrations set status = 'error' where id = $1", shop.integration_id)
    error = shop.failure(shop.post(person, "Hi"))
    assert error["code"] == "unauthorized"
    assert "new pageAccessToken" in error["message"]
    assert meta.asked[person] == []


def test_a_part_of_unknown_outcome_still_waits_for_its_echo(
    shop: Shop, house: House, meta: PlayedMeta, person: str
) -> None:
    meta.script(person, (504, b""))
    message = shop.post(person, "Hi")
    eventually(lambda: [row["state"] for row in shop.parts(message)] == ["unknown"])
    house.execute("update integrations set status = 'error' where id = $1", shop.integration_id)
    shop.given(shop.echo(person, new_mid(), text="Hi"))
    assert shop.outcome(message) == ["channel", "user"]


def test_a_new_token_makes_it_go_again(owner: Owner, town: House) -> None:
    shop, made = owner.connect()
    person = owner.customer()
    owner.says(person, "hello")
    eventually(lambda: shop.texts(person))
    owner.fault(status=400, code=190)
    shop.failure(shop.post(person, "one"))
    shop.failure(shop.post(person, "two"))
    path = f"/v2/apps/{shop.app_id}/integrations/{made['id']}"
    assert town.api("GET", path)["integration"]["status"] == "error"
    town.api("PATCH", path, {"pageAccessToken": owner.new_token()})
    assert town.api("GET", path)["integration"]["status"] == "active"
    assert shop.outcome(shop.post(person, "three"))[0] == "channel"
    assert owner.on_the_phone(person) == ["three"]


def test_a_refusal_that_comes_after_a_new_token_is_the_old_ones(
    loop: Loop, shop: Shop, house: House, meta: PlayedMeta, person: str
) -> None:
    gate = Gate(loop, refused(190))
    meta.script(person, gate)
    message = shop.post(person, "Hi")
    gate.wait()
    house.execute(
        "update instagram_accounts set page_token = $2 where integration_id = $1",
        shop.integration_id,
        house.box.seal("EAAnew", token_place(shop.integration_id)),
    )
    gate.open()
    shop.failure(message)
    assert house.value("select status from integrations where id = $1", shop.integration_id) == "active"
    assert shop.outcome(shop.post(person, "again")) == ["channel"]


def test_nobody_asks_meta_for_profiles_with_a_token_that_it_refuses(
    shop: Shop, house: House, meta: PlayedMeta, person: str
) -> None:
    meta.script(person, refused(190))
    shop.failure(shop.post(person, "Hi"))
    assert house.loop.run(house.channel._ground.token(shop.integration_id)) is None
