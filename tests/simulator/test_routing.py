"""Conversation routing: who may answer in a thread, who hears of it, and how it changes hands (Meta reference 2.6)."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from tests.simulator.refusals import other_app
from tests.simulator.support import Answer, Loop, Seeded, Sink, eventually, free_port

FIELDS = "messages,messaging_postbacks,messaging_seen,standby,messaging_handover"
DAY = 24 * 3600


class Two:
    """Two apps on one account, ours and another, each with a callback."""

    def __init__(self, seeded: Seeded, ears: Sink) -> None:
        self.seeded = seeded
        self.ours = seeded.facts["facebook_app_id"]
        self.theirs, self.token = other_app(seeded)
        self.ears = ears
        secret = {one["id"]: one["secret"] for one in seeded.simulator.read("/apps")["apps"]}
        for app, sink in ((self.ours, seeded.sink), (self.theirs, ears)):
            form = {"object": "instagram", "callback_url": sink.url, "verify_token": "x", "fields": FIELDS}
            form["access_token"] = f"{app}|{secret[app]}"
            assert seeded.simulator.call("POST", f"/{app}/subscriptions", form=form).status == 200
        page = f"/{seeded.facts['page_id']}/subscribed_apps"
        assert seeded.graph("POST", page, {"subscribed_fields": "feed"}).status == 200

    def route(self, default: str | None, *may_take: str) -> None:
        path = f"/_simulator/accounts/{self.seeded.account}/routing"
        answer = self.seeded.simulator.call("PUT", path, {"default_app_id": default, "may_take": may_take})
        assert answer.status == 200, answer.body

    def send(self, mine: bool, **more: Any) -> Answer:
        body = {"recipient": {"id": self.seeded.igsid}, "message": {"text": "x"}, **more}
        return self.seeded.graph("POST", "/me/messages", body, None if mine else self.token)

    def thread(self, edge: str, mine: bool = True, **body: Any) -> Answer:
        given = {"recipient": {"id": self.seeded.igsid}, **body}
        return self.seeded.graph("POST", f"/me/{edge}", given, None if mine else self.token)

    @property
    def owner(self) -> str | None:
        return self.seeded.simulator.read(f"/threads/{self.seeded.account}/{self.seeded.igsid}/owner")["owner_app_id"]

    def heard(self, sink: Sink, count: int) -> list[tuple[str, str]]:
        """The form and the event of the first deliveries."""

        def found() -> list[tuple[str, str]]:
            return [
                (form, list(item)[3])
                for one in sink.deliveries
                for entry in json.loads(one.raw)["entry"]
                for form in ("messaging", "standby")
                for item in entry.get(form, ())
            ]

        eventually(lambda: len(found()) >= count)
        return found()


@pytest.fixture
def ears(loop: Loop) -> Iterator[Sink]:
    """The other app's callback."""
    sink, port = Sink(), free_port()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", sink.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    loop.run(start())
    sink.url = f"http://127.0.0.1:{port}/hook"
    yield sink
    loop.run(runner.cleanup())
    loop.run(asyncio.sleep(0))


@pytest.fixture
def two(seeded: Seeded, ears: Sink) -> Two:
    return Two(seeded, ears)


def test_without_a_default_app_all_hear_and_all_may_answer(two: Two) -> None:
    two.seeded.says()
    assert two.heard(two.seeded.sink, 1) == two.heard(two.ears, 1) == [("messaging", "message")]
    assert (two.send(mine=True).status, two.send(mine=False).status) == (200, 200)
    assert two.owner is None


def test_with_a_default_app_it_gets_the_thread_and_the_other_standby(two: Two) -> None:
    two.route(two.ours)
    two.seeded.says()
    assert two.owner == two.ours
    assert two.heard(two.seeded.sink, 1) == [("messaging", "message")]
    assert two.heard(two.ears, 1) == [("standby", "message")]
    assert two.send(mine=False).error == (400, 100, 2534037)
    assert two.send(mine=True).status == 200
    assert two.heard(two.ears, 2)[1] == ("standby", "message"), "the echo, too"


def test_an_idle_thread_is_the_default_apps_to_answer(two: Two) -> None:
    two.seeded.says()
    two.route(two.ours)
    assert two.owner is None
    assert two.send(mine=False).error == (400, 100, 2534037)
    assert two.send(mine=True).status == 200


def test_sender_actions_need_the_thread_as_well(two: Two) -> None:
    two.route(two.ours)
    two.seeded.says()
    body = {"recipient": {"id": two.seeded.igsid}, "sender_action": "typing_on"}
    assert two.seeded.graph("POST", "/me/messages", body, two.token).error == (400, 100, 2534037)


def test_pass_gives_the_thread_away_and_tells_the_new_owner(two: Two) -> None:
    two.route(two.ours)
    two.seeded.says()
    answer = two.thread("pass_thread_control", target_app_id=two.theirs, metadata="over to you")
    assert answer.json == {"success": True}
    assert two.owner == two.theirs
    assert two.heard(two.ears, 2)[1] == ("messaging", "pass_thread_control")
    item = two.ears.deliveries[1]
    told = json.loads(item.raw)["entry"][0]["messaging"][0]["pass_thread_control"]
    assert told == {"previous_owner_app_id": two.ours, "new_owner_app_id": two.theirs, "metadata": "over to you"}
    assert two.send(mine=True).error == (400, 100, 2534037)
    assert two.thread("pass_thread_control", target_app_id=two.theirs).error == (400, 100, 2534037)


@pytest.mark.parametrize(("target", "status"), [("1217981644879628", 200), ("263902037430900", 200), ("123", 400)])
def test_pass_to_an_inbox_or_a_connected_app_only(two: Two, target: str, status: int) -> None:
    two.seeded.says()
    assert two.thread("pass_thread_control", target_app_id=target).status == status


def test_take_is_for_allowed_apps_and_tells_the_loser(two: Two) -> None:
    two.seeded.says()
    assert two.thread("take_thread_control", mine=False).error == (403, 10, None), "no default app"
    two.route(two.ours)
    two.seeded.says()
    assert two.thread("take_thread_control", mine=False).error == (403, 10, None), "not allowed to"
    two.route(two.ours, two.theirs)
    assert two.thread("take_thread_control", mine=False).status == 200
    assert two.owner == two.theirs
    assert two.heard(two.seeded.sink, 3)[2] == ("messaging", "take_thread_control")


def test_take_of_an_idle_thread_tells_nobody(two: Two) -> None:
    two.route(two.ours)
    two.seeded.acts("/app-acts", 200, app_id=two.theirs, action="take")
    two.route(None)
    two.seeded.says()
    assert two.heard(two.seeded.sink, 1) == [("standby", "message")]


def test_request_asks_the_owner_and_only_without_a_default_app(two: Two) -> None:
    two.seeded.acts("/app-acts", 200, app_id=two.ours, action="take")
    assert two.thread("request_thread_control", mine=False, metadata="please").status == 200
    assert two.heard(two.seeded.sink, 1) == [("messaging", "request_thread_control")]
    assert two.owner == two.ours
    two.route(two.ours)
    assert two.thread("request_thread_control", mine=False).error == (400, 100, None)


def test_release_leaves_the_thread_to_all(two: Two) -> None:
    two.seeded.says()
    two.seeded.acts("/app-acts", 200, app_id=two.ours, action="take")
    assert two.thread("release_thread_control", mine=False).error == (400, 100, 2534037)
    assert two.thread("release_thread_control").json == {"success": True}
    assert two.owner is None
    assert two.send(mine=False).status == 200


def test_another_app_has_the_thread_until_it_gives_it_back(two: Two) -> None:
    two.seeded.says()
    two.seeded.acts("/app-acts", 200, app_id=two.theirs, action="take")
    assert two.send(mine=True).error == (400, 100, 2534037)
    two.seeded.acts("/app-acts", 200, app_id=two.theirs, action="pass", target_app_id=two.ours)
    assert two.send(mine=True).status == 200


def test_ownership_lapses_a_day_after_the_persons_last_message(two: Two) -> None:
    two.seeded.says()
    two.seeded.acts("/app-acts", 200, app_id=two.theirs, action="take")
    two.seeded.simulator.control("/clock", 200, advance_seconds=DAY - 60)
    assert two.owner == two.theirs
    two.seeded.simulator.control("/clock", 200, advance_seconds=120)
    assert two.owner is None


def test_the_owner_may_extend_for_seven_days(two: Two) -> None:
    two.seeded.says()
    assert two.thread("extend_thread_control", duration=60).error == (400, 100, 2534037)
    two.seeded.acts("/app-acts", 200, app_id=two.ours, action="take")
    assert two.thread("extend_thread_control", duration=7 * DAY + 1).error == (400, 100, None)
    assert two.thread("extend_thread_control", duration=3 * DAY).json == {"success": True}
    two.seeded.simulator.control("/clock", 200, advance_seconds=2 * DAY)
    assert two.owner == two.ours


def test_thread_owner_is_told_to_the_owner_and_the_default_app(two: Two) -> None:
    def ask(token: str | None = None) -> Any:
        return two.seeded.graph("GET", "/me/thread_owner", token=token, recipient=two.seeded.igsid).json["data"]

    two.seeded.says()
    assert ask() == []
    two.seeded.acts("/app-acts", 200, app_id=two.theirs, action="take")
    assert ask(two.token)[0]["thread_owner"]["app_id"] == two.theirs
    assert "app_id" not in ask()[0]["thread_owner"]
    assert ask()[0]["thread_owner"]["expiration"] > 1_600_000_000
    two.route(two.ours)
    assert ask()[0]["thread_owner"]["app_id"] == two.theirs


def test_the_pages_status_tells_of_routing_and_several_apps(two: Two) -> None:
    def ask() -> dict[str, bool]:
        return two.seeded.graph("GET", "/me", fields="messaging_feature_status").json["messaging_feature_status"]

    assert ask() == {"hop_v2": False, "msgr_multi_app": True, "ig_multi_app": True}
    two.route(two.ours)
    assert ask()["hop_v2"] is True


@pytest.mark.parametrize("kind", ["pass", "release", "keep"])
def test_a_send_can_change_hands(two: Two, kind: str) -> None:
    two.route(two.ours)
    two.seeded.says()
    control = {"control_type": kind, **({"app_id": two.theirs} if kind == "pass" else {})}
    answer = two.send(mine=True, thread_control=control)
    assert answer.status == (400 if kind == "keep" else 200)
    assert eventually(lambda: {"pass": two.theirs, "release": None, "keep": two.ours}[kind] == two.owner)


def test_a_private_reply_reaches_the_person_in_another_apps_thread(two: Two) -> None:
    two.seeded.acts("/app-acts", 200, app_id=two.theirs, action="take")
    key = two.seeded.acts("/comments", text="?")["id"]
    assert two.send(mine=True, recipient={"comment_id": key}).status == 200
    assert two.send(mine=True).error == (400, 100, 2534037)


def test_without_the_field_standby_nothing_is_heard_of_an_owned_thread(connected: Seeded) -> None:
    other, _ = other_app(connected)
    connected.acts("/app-acts", 200, app_id=other, action="take")
    connected.says("theirs")
    connected.acts("/app-acts", 200, app_id=other, action="release")
    connected.says("ours")
    connected.sink.wait(1)
    assert connected.sink.texts() == ["ours"]
