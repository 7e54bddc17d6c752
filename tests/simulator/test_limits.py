"""What may be asked how often, and the headers that tell of it (Meta reference 3.3)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from heliograph.simulator.clock import Clock
from heliograph.simulator.errors import GraphError
from heliograph.simulator.limits import LIMITS, Limits
from heliograph.simulator.rules import Rules
from tests.simulator.refusals import TEXT, comment, reply, rules
from tests.simulator.support import Answer, Seeded, Simulator, Sink


class Still(Clock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.at


def taken(limits: Limits, name: str, times: int, key: str = "a") -> list[tuple[int, int | None] | None]:
    """The refusal of each try, None for what was let through."""
    found: list[tuple[int, int | None] | None] = []
    for _ in range(times):
        try:
            limits.take(name, key)
        except GraphError as problem:
            found.append((problem.code, problem.subcode))
        else:
            found.append(None)
    return found


@pytest.mark.parametrize(
    ("name", "most", "refusal"),
    [
        ("send", 300, (613, 2534040)),
        ("media", 10, (613, 2534040)),
        ("conversations", 60, (613, 2534040)),
        ("private_reply", 750, (613, 2534040)),
        ("live_reply", 100, (613, 2534040)),
    ],
)
def test_the_default_limits_are_metas(name: str, most: int, refusal: tuple[int, int]) -> None:
    clock = Still()
    limits = Limits(clock, Rules())
    assert taken(limits, name, most + 1) == [None] * most + [refusal]
    assert taken(limits, name, 1, key="another account") == [None]
    clock.at += 30_000 if name == "conversations" else LIMITS[name].window_ms
    assert taken(limits, name, 1) == [None]


@pytest.mark.parametrize("name", ["thread", "app", "user", "page", "messenger", "instagram", "pages"])
def test_limits_that_depend_on_users_are_off_until_they_are_set(name: str) -> None:
    limits = Limits(Still(), Rules())
    assert taken(limits, name, 1000) == [None] * 1000


@pytest.mark.parametrize(
    ("name", "code"),
    [("app", 4), ("user", 17), ("page", 32), ("messenger", 80006), ("instagram", 80002), ("pages", 80001)],
)
def test_calling_on_lengthens_the_block(name: str, code: int) -> None:
    clock, chosen = Still(), Rules()
    setattr(chosen, LIMITS[name].knob, 2)
    limits = Limits(clock, chosen)
    assert taken(limits, name, 3) == [None, None, (code, None)]
    clock.at += LIMITS[name].window_ms - 1000
    assert taken(limits, name, 1) == [(code, None)]
    clock.at += 2000
    assert taken(limits, name, 2) == [None, (code, None)], "the refused call counts, too"


def test_a_refused_send_does_not_count() -> None:
    clock = Still()
    limits = Limits(clock, Rules(sends_per_second=1))
    taken(limits, "send", 1)
    clock.at += 900
    assert taken(limits, "send", 1) == [(613, 2534040)]
    clock.at += 100
    assert taken(limits, "send", 1) == [None]


def test_a_clock_that_is_set_back_forgets() -> None:
    clock = Still()
    limits = Limits(clock, Rules(sends_per_second=1))
    taken(limits, "send", 1)
    clock.at -= 10_000
    assert taken(limits, "send", 1) == [None]


def film(seeded: Seeded) -> Answer:
    seeded.sink.files["film"] = ("video/mp4", b"\0\0\0\x18ftypisom")
    url = seeded.sink.url.replace("/hook", "/files/film")
    return seeded.send({"attachment": {"type": "video", "payload": {"url": url}}})


@pytest.mark.parametrize(
    ("knob", "call"),
    [
        ("sends_per_second", lambda one: one.send(TEXT)),
        ("sends_per_second", lambda one: one.send(sender_action="typing_on")),
        ("media_per_second", film),
        ("thread_sends_per_second", lambda one: one.send(TEXT)),
        ("private_replies_per_hour", lambda one: reply(one, comment(one))),
        ("conversations_per_second", lambda one: one.graph("GET", "/me/conversations", platform="instagram")),
    ],
    ids=["text", "typing", "video", "thread", "private reply", "conversations"],
)
def test_over_the_limit_613_answers(seeded: Seeded, knob: str, call: Callable[[Seeded], Answer]) -> None:
    seeded.says()
    rules(seeded, conversations_window_seconds=1, **{knob: 1})
    answers = [call(seeded) for _ in range(8)]
    assert answers[0].status == 200
    refused = [one for one in answers if one.status != 200]
    assert refused, "eight calls took less than four seconds"
    assert all(one.error == (400, 613, 2534040) for one in refused)
    rules(seeded, **{knob: 0})
    assert call(seeded).status == 200, "0 switches it off"


def test_moving_the_clock_opens_a_limit_again(seeded: Seeded) -> None:
    rules(seeded, private_replies_per_hour=1)
    assert reply(seeded, comment(seeded)).status == 200
    assert reply(seeded, comment(seeded)).error == (400, 613, 2534040)
    seeded.simulator.control("/clock", 200, advance_seconds=3601)
    assert reply(seeded, comment(seeded)).status == 200


def usage(answer: Answer, name: str) -> Any:
    return json.loads(answer.headers[name])


def test_the_headers_tell_the_truth(seeded: Seeded) -> None:
    seeded.says()
    first = seeded.send(TEXT)
    assert usage(first, "x-app-usage") == {"call_count": 0, "total_time": 0, "total_cputime": 0}
    assert "x-business-use-case-usage" not in first.headers, "nothing is limited"
    rules(seeded, app_calls_per_hour=8, messenger_calls_per_day=4)
    answers = [seeded.send(TEXT) for _ in range(5)]
    assert [usage(one, "x-app-usage")["call_count"] for one in answers] == [12, 25, 37, 50, 62]
    told = [usage(one, "x-business-use-case-usage")[seeded.account][0] for one in answers]
    assert [one["call_count"] for one in told] == [25, 50, 75, 100, 100]
    assert {one["type"] for one in told} == {"messenger"}
    assert [one["estimated_time_to_regain_access"] for one in told[:3]] == [0, 0, 0]
    assert told[4]["estimated_time_to_regain_access"] == 24 * 60
    assert answers[3].status == 200
    assert answers[4].error == (400, 80006, None)


def test_a_pages_usage_is_told_under_the_page(seeded: Seeded) -> None:
    rules(seeded, pages_calls_per_day=10)
    answer = seeded.graph("GET", f"/{seeded.facts['page_id']}/subscribed_apps")
    assert usage(answer, "x-business-use-case-usage")[seeded.facts["page_id"]][0]["type"] == "pages"


def test_the_knobs_are_kept_and_reset(seeded: Seeded) -> None:
    rules(seeded, sends_per_second=7, restricted_hosts=["x.example"])
    assert seeded.simulator.read("/rules")["sends_per_second"] == 7
    assert seeded.simulator.call("PATCH", "/_simulator/rules", {"speed": 1}).status == 422
    seeded.simulator.control("/reset", 200)
    assert seeded.simulator.read("/rules")["sends_per_second"] == 300


def test_knobs_owners_and_comments_survive_a_restart(kept: Simulator, sink: Sink) -> None:
    seeded = Seeded(kept, sink, kept.control("/seed", 200))
    rules(seeded, restricted_hosts=["x.example"], link_hours=5)
    key = comment(seeded)
    assert reply(seeded, key).status == 200
    app = seeded.facts["facebook_app_id"]
    seeded.acts("/app-acts", 200, app_id=app, action="take")
    kept.stop()
    kept.start()
    told = kept.read("/rules")
    assert (told["restricted_hosts"], told["link_hours"]) == (["x.example"], 5)
    assert reply(seeded, key).error == (500, -1, 2534023)
    assert kept.read(f"/threads/{seeded.account}/{seeded.igsid}/owner")["owner_app_id"] == app
