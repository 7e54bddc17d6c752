"""Who there is to connect: the seed's people and Pages, and Pages by the hundred (Meta reference 4.2)."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.login.visitor import Visitor
from tests.simulator.support import Seeded, Simulator

FIELDS = "id,tasks,instagram_business_account{id,username},connected_instagram_account"


@pytest.fixture
def seeded(simulator: Simulator) -> Seeded:
    return Seeded(simulator, None, simulator.control("/seed", 200, connections=True))  # type: ignore[arg-type]


def seen(seeded: Seeded, name: str, scopes: str) -> dict[str, dict]:
    owner = next(one["id"] for one in seeded.simulator.read("/owners")["owners"] if one["name"] == name)
    person = Visitor(seeded, owner)
    token = person.token(person.allows(scopes, scope=scopes))
    told = seeded.simulator.get("/me/accounts", access_token=token, fields=FIELDS).json["data"]
    return {one["id"]: one for one in told}


SOME, ALL = "pages_show_list,instagram_basic", "pages_show_list,instagram_basic,business_management"


def test_the_first_person_has_a_page_that_waits_and_one_without_account(seeded: Seeded) -> None:
    kinds = seeded.facts["connections"]
    told = seen(seeded, "Owner of Lighthouse Books", SOME)
    assert set(told) == {seeded.facts["page_id"], kinds["ready"], kinds["no_account"]}
    assert told[kinds["ready"]]["instagram_business_account"]["username"] == "harbour.tea"
    assert "instagram_business_account" not in told[kinds["no_account"]]


def test_the_second_person_has_one_of_each_kind(seeded: Seeded) -> None:
    kinds = seeded.facts["connections"]
    told = seen(seeded, "Ingrid Halvorsen", ALL)
    assert set(told) == {kinds[name] for name in ("second_person", "personal", "tasks_missing", "portfolio")}
    personal = told[kinds["personal"]]
    assert ("instagram_business_account" in personal, "connected_instagram_account" in personal) == (False, True)
    assert "MESSAGING" not in told[kinds["tasks_missing"]]["tasks"]


def test_pages_of_a_portfolio_need_business_management(seeded: Seeded) -> None:
    kinds = seeded.facts["connections"]
    assert kinds["portfolio"] not in seen(seeded, "Ingrid Halvorsen", SOME)


def test_it_is_made_once(seeded: Seeded) -> None:
    again = seeded.simulator.control("/seed", 200, connections=True)
    assert again == seeded.facts
    assert len(seeded.simulator.read("/owners")["owners"]) == 3


def test_a_world_that_was_seeded_before_gets_them_later(simulator: Simulator) -> None:
    assert "connections" not in simulator.control("/seed", 200)
    assert len(simulator.read("/accounts")["accounts"]) == 1
    assert "ready" in simulator.control("/seed", 200, connections=True)["connections"]


def test_700_pages_are_read_in_two_pages_of_500(simulator: Simulator) -> None:
    seeded = Seeded(simulator, None, simulator.control("/seed", 200))  # type: ignore[arg-type]
    made = simulator.control("/pages/many", count=700, with_account=7)
    assert len(made["instagram_account_ids"]) == 100
    person = Visitor(seeded, made["owner_user_id"])
    token = person.token(person.allows())
    secret = {"client_id": person.app, "client_secret": seeded.facts["facebook_app_secret"]}
    fields = "id,access_token,instagram_business_account"
    told = simulator.get("/v23.0/me/accounts", **secret, limit=500, fields=fields, access_token=token).json
    assert len(told["data"]) == 500
    following = urlsplit(told["paging"]["next"])
    assert "client_secret" not in parse_qs(following.query)
    rest = simulator.get(f"{following.path}?{following.query}").json
    assert "next" not in rest["paging"]
    assert [one["id"] for one in told["data"] + rest["data"]] == made["page_ids"]
    assert sum("instagram_business_account" in one for one in told["data"] + rest["data"]) == 100
