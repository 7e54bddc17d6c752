"""Profiles of people we know: read again when they write, and never over what the business set (Meta reference 5.1)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.profiles.worker import FRESH_FOR, RETRY_AFTER, due, renewed
from heliograph.messaging.arrivals import Profile
from tests.instagram.house import House, Shop, unique
from tests.instagram.meta import refused
from tests.media.cdn import PNG, PlayedCdn
from tests.media.support import got
from tests.simulator.support import eventually

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TICK = timedelta(seconds=1)


def ama(meta: PlayedCdn, name: str | None = "Ama Boateng", picture: str = "") -> dict[str, Any]:
    return {"id": "1", "name": name, "username": "ama.b", "profile_pic": picture or f"{meta.url}/pictures/ama"}


def client_of(shop: Shop) -> dict[str, Any]:
    (row,) = shop.house.rows("select * from clients where app_id = $1", shop.app_id)
    return row


def profile_of(shop: Shop) -> dict[str, Any]:
    return dict(shop.house.value("select profile from users where app_id = $1", shop.app_id))


def grown_old(shop: Shop, by: timedelta) -> None:
    """Time passes for what is known of this shop's people; and the process that asked last is another."""
    shop.house.execute(
        "update clients set linked_at = linked_at - $2::interval, profile_at = profile_at - $2::interval,"
        " profile_tried_at = profile_tried_at - $2::interval where app_id = $1",
        shop.app_id,
        by,
    )
    shop.house.channel._files.profiles._asked.clear()


def written(shop: Shop, person: str) -> None:
    """The person writes, and all that comes of it is done."""
    shop.given(shop.text(person))
    waiting = "select 1 from lanes where kind = 'profile' and grp = $1"
    eventually(lambda: not shop.house.rows(waiting, shop.integration_id))


@pytest.mark.parametrize(
    ("name", "read", "tried", "is_due"),
    [
        ("Ama", None, NOW - RETRY_AFTER, True),
        ("Ama", None, NOW - RETRY_AFTER + TICK, False),
        ("Ama", NOW - FRESH_FOR - TICK, None, True),
        ("Ama", NOW - FRESH_FOR, None, False),
        ("Ama", NOW - FRESH_FOR - TICK, NOW - TICK, False),
        ("Ama", NOW - FRESH_FOR - TICK, NOW - RETRY_AFTER, True),
        (None, None, NOW - FRESH_FOR, False),
    ],
)
def test_when_a_profile_is_due(name: str | None, read: datetime | None, tried: datetime | None, is_due: bool) -> None:
    assert due(name, read, tried, now=NOW) is is_due


WAS = {"raw": {"name": "Ama Boateng"}, "avatar_url": "old"}
NEW = Profile("Ama Owusu Mensah", "ama", "new", {})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"givenName": "Ama", "surname": "Boateng", "avatarUrl": "old", "locale": "de"},
            {"givenName": "Ama", "surname": "Owusu Mensah", "avatarUrl": "new", "locale": "de"},
        ),
        ({"givenName": "Bea", "surname": "Boateng"}, {"givenName": "Bea", "surname": "Boateng"}),
        ({"givenName": "Ama", "avatarUrl": "theirs"}, {"givenName": "Ama", "avatarUrl": "theirs"}),
        ({}, {}),  # the business took both away
        ({"avatarUrl": "old"}, {"avatarUrl": "new"}),
    ],
)
def test_what_of_a_users_profile_is_ours(before: dict[str, str], after: dict[str, str]) -> None:
    assert renewed(WAS, before, NEW) == after


def test_a_profile_without_a_name_takes_no_name_away() -> None:
    before = {"givenName": "Ama", "surname": "Boateng", "avatarUrl": "old"}
    assert renewed(WAS, before, Profile(None, None, None, {})) == before


@pytest.mark.parametrize("told", [refused(230, status=403), refused(9010), refused(2, status=500), (200, b"<html>")])
def test_a_placeholder_is_tried_again_at_the_next_message(shop: Shop, house: House, meta: PlayedCdn, told: Any) -> None:
    person = unique("58")
    meta.profiles[person] = told
    written(shop, person)
    assert client_of(shop)["display_name"] == "Instagram user"
    meta.profiles[person] = (200, ama(meta))
    written(shop, person)
    assert client_of(shop)["display_name"] == "Instagram user"  # too soon
    grown_old(shop, RETRY_AFTER)
    written(shop, person)
    client = client_of(shop)
    assert (client["display_name"], client["raw"]["username"]) == ("Ama Boateng", "ama.b")
    assert (profile_of(shop)["givenName"], profile_of(shop)["surname"]) == ("Ama", "Boateng")
    assert client["profile_at"] is not None
    shop.given(shop.text(person))
    assert shop.events("message")[-1]["payload"]["message"]["author"]["displayName"] == "Ama Boateng"


def test_a_refusal_is_noted_and_not_asked_again_at_once(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person = unique("58")
    written(shop, person)
    grown_old(shop, RETRY_AFTER)
    before = meta.others.count(("GET", person))
    for _ in range(3):
        written(shop, person)
    assert meta.others.count(("GET", person)) == before + 1
    house.channel._files.profiles._asked.clear()  # another process has not asked yet
    written(shop, person)
    assert meta.others.count(("GET", person)) == before + 1


def test_a_profile_of_last_week_is_read_again_and_nothing_is_told(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person = unique("58")
    meta.profiles[person] = (200, ama(meta))
    written(shop, person)
    meta.profiles[person] = (200, ama(meta, "Ama Owusu"))
    grown_old(shop, timedelta(days=6))
    written(shop, person)
    assert client_of(shop)["display_name"] == "Ama Boateng"
    grown_old(shop, timedelta(days=2))
    written(shop, person)
    assert client_of(shop)["display_name"] == "Ama Owusu"
    assert profile_of(shop)["surname"] == "Owusu"
    assert set(shop.told()) == {"create", "message"}


def test_what_the_business_set_stays(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person = unique("58")
    meta.profiles[person] = (200, ama(meta))
    written(shop, person)
    user = house.value("select id from users where app_id = $1", shop.app_id)
    theirs = {"givenName": "Amélie", "avatarUrl": "https://crm.example/amelie.png"}
    house.api("PATCH", f"/v2/apps/{shop.app_id}/users/{user}", {"profile": theirs})
    meta.profiles[person] = (200, ama(meta, "Ama Owusu"))
    grown_old(shop, timedelta(days=8))
    written(shop, person)
    assert client_of(shop)["display_name"] == "Ama Owusu"
    assert profile_of(shop) == {"surname": "Boateng", **theirs}


def test_personal_information_that_was_deleted_does_not_come_back(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person = unique("58")
    meta.profiles[person] = (200, ama(meta))
    written(shop, person)
    user = house.value("select id from users where app_id = $1", shop.app_id)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{user}/personalinformation")
    grown_old(shop, timedelta(days=8))
    written(shop, person)
    client = client_of(shop)
    assert (client["display_name"], client["avatar_url"], client["raw"]) == (None, None, {})
    assert profile_of(shop) == {}


def test_an_echo_is_nobodys_message(shop: Shop, house: House, meta: PlayedCdn) -> None:
    """The business wrote: Meta gives no profile for that (gotcha 6)."""
    person = unique("58")
    written(shop, person)
    grown_old(shop, RETRY_AFTER)
    before = meta.others.count(("GET", person))
    shop.given(shop.echo(person, unique("mid"), text="Hello"))
    assert house.rows("select 1 from jobs where kind = 'profile' and key like '%' || $1", person) == []
    assert meta.others.count(("GET", person)) == before


# Pictures -----------------------------------------------------------------------------------------------------


def test_a_picture_has_an_address_that_outlives_metas_link(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, name = unique("58"), unique("18")
    meta.profiles[person] = (200, ama(meta, picture=meta.put(name)))
    written(shop, person)
    url = client_of(shop)["avatar_url"]
    assert url.startswith(f"{house.url}/sc/media/v2/people/{shop.integration_id}/{person}/")
    assert profile_of(shop)["avatarUrl"] == url
    assert shop.events("message")[0]["payload"]["message"]["author"]["avatarUrl"] == url
    answer = got(house, url)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, PNG, "image/png")
    meta.files[name].good = {"2"}
    meta.profiles[person] = (200, ama(meta, "Ama Owusu", picture=meta.link(name, 2)))
    assert got(house, url).body == PNG
    client = client_of(shop)
    assert (client["raw"]["profile_pic"], client["avatar_url"]) == (meta.link(name, 2), url)
    assert client["display_name"] == "Ama Owusu"


def test_a_picture_that_meta_gives_no_more_is_410(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, name = unique("58"), unique("18")
    meta.profiles[person] = (200, ama(meta, picture=meta.put(name)))
    written(shop, person)
    url = client_of(shop)["avatar_url"]
    meta.files[name].good.clear()
    meta.profiles[person] = refused(230, status=403)
    assert [got(house, url).status for _ in range(3)] == [410, 410, 410]


def test_a_forgotten_person_has_no_picture(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, name = unique("58"), unique("18")
    meta.profiles[person] = (200, ama(meta, picture=meta.put(name)))
    written(shop, person)
    url = client_of(shop)["avatar_url"]
    user = house.value("select id from users where app_id = $1", shop.app_id)
    house.api("DELETE", f"/v2/apps/{shop.app_id}/users/{user}")
    assert got(house, url).status == 410


def test_503_for_a_picture_while_meta_does_not_answer(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, name = unique("58"), unique("18")
    meta.profiles[person] = (200, ama(meta, picture=meta.put(name)))
    written(shop, person)
    meta.files[name].good.clear()
    meta.profiles[person] = refused(2, status=500)
    assert got(house, client_of(shop)["avatar_url"]).status == 503


def test_another_picture_has_another_etag(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, one, two = unique("58"), unique("18"), unique("18")
    meta.profiles[person] = (200, ama(meta, picture=meta.put(one)))
    written(shop, person)
    url = client_of(shop)["avatar_url"]
    etag = got(house, url).headers["etag"]
    assert got(house, url, if_none_match=etag).status == 304
    meta.profiles[person] = (200, ama(meta, picture=meta.put(two, PNG + b"2")))
    grown_old(shop, timedelta(days=8))
    written(shop, person)
    assert got(house, url, if_none_match=etag).body == PNG + b"2"


@pytest.mark.parametrize("why", ["paused", "refused"])
def test_meta_is_not_asked_on_behalf_of_an_account_that_it_does_not_want_to_hear(
    shop: Shop, house: House, meta: PlayedCdn, why: str
) -> None:
    person = unique("58")
    written(shop, person)
    grown_old(shop, RETRY_AFTER)
    before = meta.others.count(("GET", person))
    if why == "refused":
        house.execute("update integrations set status = 'error' where id = $1", shop.integration_id)
    else:
        subject = f"account:{shop.account}"
        house.execute("insert into instagram_pauses values ($1, 'test', 1, now() + interval '1 h')", subject)
    written(shop, person)
    assert meta.others.count(("GET", person)) == before
    house.execute("update integrations set status = 'active' where id = $1", shop.integration_id)
    house.execute("delete from instagram_pauses where subject = $1", f"account:{shop.account}")
    grown_old(shop, RETRY_AFTER)
    written(shop, person)
    assert meta.others.count(("GET", person)) == before + 1


def test_a_limit_that_a_picture_meets_pauses_the_account(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person, name = unique("58"), unique("18")
    meta.profiles[person] = (200, ama(meta, picture=meta.put(name)))
    written(shop, person)
    meta.files[name].good.clear()
    meta.profiles[person] = refused(613)
    answer = got(house, client_of(shop)["avatar_url"])
    assert (answer.status, int(answer.headers["retry-after"]) > 20) == (503, True)
    assert 20 < house.loop.run(pauses.standing(house.database, shop.account)).seconds <= 30


def paused(shop: Shop, seconds: float = 3600.0) -> None:
    """Meta wants this account left alone."""
    shop.house.execute(
        "insert into instagram_pauses values ($1, 'test', 1, now() + make_interval(secs => $2))",
        f"account:{shop.account}",
        seconds,
    )


def over(shop: Shop) -> None:
    """The pause has passed."""
    shop.house.execute("delete from instagram_pauses where subject = $1", f"account:{shop.account}")
    shop.house.execute("update lanes set due_at = now() where kind = 'profile' and grp = $1", shop.integration_id)


def test_a_stranger_of_a_paused_account_has_a_placeholder_until_the_pause_is_over(
    shop: Shop, house: House, meta: PlayedCdn
) -> None:
    """Without another word of theirs: whom Meta was never asked about is asked about later."""
    person, times = unique("58"), []

    async def told(_: Any) -> Any:
        times.append(1)
        return 200, ama(meta)

    meta.profiles[person] = told
    paused(shop)
    shop.given(shop.text(person))
    assert client_of(shop)["display_name"] == "Instagram user"
    waits = (
        "select 1 from lanes where kind = 'profile' and grp = $1 and lease = 0 and due_at > now() + interval '1 min'"
    )
    eventually(lambda: house.rows(waits, shop.integration_id))
    assert times == []
    over(shop)
    eventually(lambda: client_of(shop)["display_name"] == "Ama Boateng")
    eventually(lambda: not house.rows("select 1 from lanes where kind = 'profile' and grp = $1", shop.integration_id))
    assert times == [1]


def test_a_stranger_whose_profile_met_the_limit_is_asked_about_later(shop: Shop, house: House, meta: PlayedCdn) -> None:
    person = unique("58")
    meta.profiles[person] = refused(613)
    shop.given(shop.text(person))
    assert client_of(shop)["display_name"] == "Instagram user"
    waits = "select 1 from lanes where kind = 'profile' and grp = $1 and lease = 0 and due_at > now() + interval '10 s'"
    eventually(lambda: house.rows(waits, shop.integration_id))
    meta.profiles[person] = (200, ama(meta))
    over(shop)
    eventually(lambda: client_of(shop)["display_name"] == "Ama Boateng")
