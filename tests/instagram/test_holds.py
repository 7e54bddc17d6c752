"""A limit that any call for an account meets is heard everywhere: the account pauses, not that work alone (3.2, 3.3)."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from heliograph.channels.instagram.meta.errors import Hold, Whose
from heliograph.channels.instagram.meta.graph import Caller
from heliograph.channels.instagram.meta.holds import stop_of
from heliograph.channels.instagram.meta.pauses import Stop
from tests.instagram.backfills import Threads, ago, ask, run_row
from tests.instagram.house import House, Shop, unique
from tests.instagram.meta import PlayedMeta, Told, refused
from tests.instagram.test_pauses import over, standing, waits
from tests.instagram.test_uploads import UPLOAD, stored
from tests.simulator.support import eventually

pytestmark = pytest.mark.usefixtures("not_set_aside")

ME = Caller("17841", "10")


@pytest.fixture(autouse=True)
def _no_run_outlasts_its_test(shop: Shop) -> Iterator[None]:
    """One that Meta refused comes back later, amid other tests, and its account is paused anew."""
    yield
    for table in ("jobs", "lanes"):
        shop.house.execute(f"delete from {table} where kind = 'backfill' and key = $1", shop.integration_id)


Work = Callable[[Shop, PlayedMeta, pytest.MonkeyPatch, Told], None]


@pytest.mark.parametrize(
    ("hold", "code", "subcode", "stop"),
    [
        (None, 100, None, None),
        (Hold(Whose.ACCOUNT), 613, None, Stop("account:17841", "code 613")),
        (Hold(Whose.ACCOUNT), 613, 2534040, Stop("account:17841", "code 613/2534040")),
        (Hold(Whose.ACCOUNT, 60.0), 368, None, Stop("account:17841", "code 368", 60.0)),
        (Hold(Whose.APP), 4, None, Stop("app:10", "code 4")),
        (Hold(Whose.ACCOUNT), None, None, Stop("account:17841", "refused")),
    ],
)
def test_who_pauses_and_until_when(hold: Hold | None, code: int | None, subcode: int | None, stop: Stop | None) -> None:
    assert stop_of(hold, ME, code, subcode) == stop


def send(shop: Shop, meta: PlayedMeta, patch: pytest.MonkeyPatch, told: Told) -> None:
    someone = shop.person()
    meta.script(someone, told)
    shop.post(someone, "Hi")


def type_something(shop: Shop, meta: PlayedMeta, patch: pytest.MonkeyPatch, told: Told) -> None:
    conversation = shop.conversation(shop.person())
    edge, before = ("POST", "me/messages"), len(meta.others)
    patch.setitem(meta.answers, edge, told)
    path = f"/v2/apps/{shop.app_id}/conversations/{conversation}/activity"
    shop.house.api("POST", path, {"author": {"type": "business"}, "type": "typing:start"})
    eventually(lambda: edge in meta.others[before:])
    patch.delitem(meta.answers, edge)


def upload(shop: Shop, meta: PlayedMeta, patch: pytest.MonkeyPatch, told: Told) -> None:
    patch.setitem(meta.answers, UPLOAD, told)
    someone, url = shop.person(), stored(shop)
    for _ in range(2):
        shop.outcome(shop.post(someone, {"type": "image", "mediaUrl": url}))


def list_threads(shop: Shop, meta: PlayedMeta, patch: pytest.MonkeyPatch, told: Told) -> None:
    Threads(meta, shop).refuses(told)
    ask(shop, ago(hours=1))


def read_a_profile(shop: Shop, meta: PlayedMeta, patch: pytest.MonkeyPatch, told: Told) -> None:
    someone = unique("58")
    patch.setitem(meta.profiles, someone, told)
    shop.given(shop.text(someone))


@pytest.mark.parametrize("work", [send, type_something, upload, list_threads, read_a_profile])
@pytest.mark.parametrize("code", [613, 4])
def test_whatever_met_the_limit_messages_wait(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch, work: Work, code: int
) -> None:
    subject = f"app:{shop.facebook_app}" if code == 4 else f"account:{shop.account}"
    work(shop, meta, monkeypatch, refused(code))
    assert standing(shop, subject)["reason"] == f"code {code}"
    message = shop.post(person, "later")
    waits(shop, person)
    assert meta.texts(person) == []
    over(shop)
    assert shop.outcome(message) == ["channel"]


@pytest.mark.parametrize("work", [send, type_something, upload, list_threads, read_a_profile])
def test_usage_headers_count_for_the_account_whatever_was_asked(
    shop: Shop, meta: PlayedMeta, monkeypatch: pytest.MonkeyPatch, work: Work
) -> None:
    used = {"call_count": 100, "total_time": 3, "total_cputime": 2, "type": "messenger"}
    told = 200, {"data": [], "message_id": "m"}, {"X-Business-Use-Case-Usage": json.dumps({"6678278": [used]})}
    work(shop, meta, monkeypatch, told)
    assert standing(shop)["reason"] == "X-Business-Use-Case-Usage 100 %"


def test_a_run_waits_as_long_as_its_account_is_paused(shop: Shop, house: House, meta: PlayedMeta) -> None:
    """Meta's own number is longer than the run's first pause."""
    blocked: Any = refused(613)
    Threads(meta, shop).refuses(blocked)
    house.execute(
        "insert into instagram_pauses (subject, reason, refusals, until_at)"
        " values ($1, 'before', 6, now() - interval '1 s')",
        f"account:{shop.account}",
    )
    number = ask(shop, ago(hours=1))
    run = eventually(lambda: run_row(house, number)["state"] == "paused" and run_row(house, number))
    assert (run["resume_at"] - house.value("select now()")).total_seconds() > 3000
    assert run["tries"] == 1
