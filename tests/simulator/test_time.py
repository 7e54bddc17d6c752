"""Moving the clock: what ages."""

import pytest

from heliograph.simulator import Meta
from tests.simulator.scripted import meta_of, refused
from tests.simulator.support import Seeded

DAY = 86400


@pytest.fixture
def meta(seeded: Seeded) -> Meta:
    return meta_of(seeded)


@pytest.mark.parametrize(("jump", "seconds"), [("25h", 25 * 3600), ("8d", 8 * DAY), ("61d", 61 * DAY)])
def test_the_named_jumps(meta: Meta, jump: str, seconds: int) -> None:
    before = meta.now()
    meta.advance(jump)  # type: ignore[arg-type]
    assert abs(meta.now() - before - seconds * 1000) < 60_000
    assert meta.ask("GET", "/clock")["offset_seconds"] == seconds
    meta.back_to_real_time()
    assert meta.ask("GET", "/clock")["offset_seconds"] == 0


def test_the_window_ages(seeded: Seeded, meta: Meta) -> None:
    meta.person_writes(seeded.account, seeded.person, "hello")
    states = [meta.thread(seeded.account, seeded.person).window]
    for jump in ("25h", "8d"):
        meta.advance(jump)  # type: ignore[arg-type]
        states.append(meta.thread(seeded.account, seeded.person).window)
    assert states == ["standard", "human_agent", "closed"]


def test_a_token_ages(seeded: Seeded, meta: Meta) -> None:
    app, account = meta.apps()[0], meta.account(seeded.account)
    token = meta.make_token(app, account, kind="user", expires_in=60 * DAY)
    meta.advance("8d")
    assert seeded.graph("GET", "/me", token=token).status == 200
    meta.advance("61d")
    assert seeded.graph("GET", "/me", token=token).error == (401, 190, 463)
    assert seeded.graph("GET", "/me").status == 200


def test_a_login_code_ages(seeded: Seeded, meta: Meta) -> None:
    login = {"client_id": meta.apps()[0].id, "redirect_uri": "https://e.org/back", "scope": "public_profile"}
    code = meta.ask("POST", "/login", login)["redirect_to"].partition("code=")[2].partition("#")[0]
    meta.advance(11 * 60)
    query = {**login, "client_secret": seeded.facts["facebook_app_secret"], "code": code}
    assert seeded.simulator.get("/oauth/access_token", **query).error == (400, 100, 36007)


def test_a_story_and_a_link_to_media_age(seeded: Seeded, meta: Meta) -> None:
    def status(url: str) -> int:
        return seeded.simulator.get(url[url.index("/ig_messaging_cdn") :]).status

    upload = seeded.simulator.call(
        "POST", "/_simulator/uploads", b"\x89PNG", headers={"Content-Type": "image/png"}
    ).json["url"]
    story = meta.ask("GET", f"/accounts/{seeded.account}/stories")["stories"][0]["url"]
    assert [status(upload), status(story)] == [200, 200]
    meta.advance("25h")
    assert [status(upload), status(story)] == [200, 404]
    assert meta.ask("GET", f"/accounts/{seeded.account}/stories")["stories"] == []
    meta.advance("8d")
    assert status(upload) == 403


def test_time_does_not_run_backwards_but_for_the_return(meta: Meta, seeded: Seeded) -> None:
    with refused(422, "advance_seconds"):
        meta.advance(-1)
    meta.advance("25h")
    mid = meta.person_writes(seeded.account, seeded.person, "tomorrow")
    meta.back_to_real_time()
    (said,) = meta.thread(seeded.account, seeded.person).messages
    assert (said.mid, said.timestamp > meta.now() + DAY * 1000) == (mid, True)


def test_one_way_of_moving_at_a_time(meta: Meta) -> None:
    with refused(422, "advance_seconds"):
        meta.ask("POST", "/clock", {"jump": "25h", "advance_seconds": 1})
    with refused(422, "jump"):
        meta.ask("POST", "/clock", {"jump": "1y"})
