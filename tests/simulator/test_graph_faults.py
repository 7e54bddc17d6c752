"""Graph calls that go wrong: which ones are meant, the ways of answering badly, and the catalogue of errors."""

import http.client
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from heliograph.simulator import Meta
from heliograph.simulator.client.told import Exchange
from heliograph.simulator.scenarios import ACTIONS, SCENARIOS
from tests.simulator.scripted import meta_of, refused
from tests.simulator.support import Answer, Seeded, eventually

TABLE = [one for one in SCENARIOS.values() if re.match(r"-?\d+(/|$)", one.name)]
CALLS: dict[str, tuple[str, str]] = {
    "send": ("POST", "/v25.0/me/messages"),
    "profile": ("GET", "/v25.0/{igsid}"),
    "conversations": ("GET", "/me/conversations"),
    "subscribe": ("POST", "/{page}/subscribed_apps"),
    "login": ("GET", "/oauth/access_token"),
    "upload": ("POST", "/me/message_attachments"),
    "any": ("GET", "/me"),
}


@pytest.fixture
def meta(seeded: Seeded) -> Meta:
    seeded.says()
    return meta_of(seeded)


def ended(meta: Meta) -> list[Exchange]:
    """The sends that the log tells how they ended: a call stands there from when it comes."""
    return [one for one in meta.calls("/messages") if one.summary]


def call(seeded: Seeded, match: str) -> Answer:
    method, path = CALLS[match]
    path = path.format(igsid=seeded.igsid, page=seeded.facts["page_id"])
    return seeded.graph(method, path, {"recipient": {"id": seeded.igsid}, "message": {"text": "x"}})


@pytest.mark.parametrize("name", [one.name for one in TABLE])
def test_each_error_of_the_table_has_its_name(seeded: Seeded, meta: Meta, name: str) -> None:
    scenario = SCENARIOS[name]
    meta.fail_calls(name)
    answer = call(seeded, scenario.fault["match"])
    code, _, subcode = name.partition("/")
    assert answer.error == (scenario.fault["status"], int(code), int(subcode) if subcode else None)
    assert answer.json["error"]["message"] == scenario.fault["message"]
    assert answer.json["error"].get("is_transient", False) == scenario.fault.get("is_transient", False)
    assert meta.faults().struck == {f"graph {name}": 1}


def test_every_row_says_what_a_good_client_does() -> None:
    assert {one.action for one in SCENARIOS.values()} <= set(ACTIONS)
    assert len(TABLE) > 75


def test_the_catalogue_is_told(meta: Meta) -> None:
    told = {one["name"]: one for one in meta.ask("GET", "/scenarios")["scenarios"]}
    assert list(told) == list(SCENARIOS)
    assert told["613/2534040"]["action"] == "pause"


def test_what_is_given_beside_a_name_changes_it(seeded: Seeded, meta: Meta) -> None:
    meta.fail_calls("613/2534040", match="profile", status=400, count=2)
    assert call(seeded, "send").status == 200
    for _ in range(2):
        assert call(seeded, "profile").error == (400, 613, 2534040)
    assert call(seeded, "profile").status == 200
    with refused(422, "name"):
        meta.fail_calls("613/1")


@pytest.mark.parametrize("match", CALLS)
def test_a_kind_of_call_is_meant_and_no_other(seeded: Seeded, meta: Meta, match: str) -> None:
    meta.fail_calls(match=match, rate=1, code=368)
    struck = {name for name in CALLS if '"code":368' in call(seeded, name).body.decode()}
    assert struck == (set(CALLS) if match == "any" else {match})


def test_threads_and_messages_are_of_the_conversations_api(seeded: Seeded, meta: Meta) -> None:
    meta.fail_calls("9000001", rate=1)
    thread = meta.thread(seeded.account, seeded.person)
    for path in (thread.conversation_id, f"{thread.conversation_id}/messages", thread.messages[0].mid):
        assert seeded.graph("GET", f"/{path}").error == (400, 9000001, None)


def test_calls_of_one_account_fail(seeded: Seeded, meta: Meta) -> None:
    other = meta.make_account("Second shop")
    meta.fail_calls("2", match="any", account=other, rate=1)
    assert seeded.graph("GET", "/me").status == 200
    assert call(seeded, "send").status == 200
    token = meta.make_token(meta.apps()[0], other)
    assert seeded.graph("GET", "/me", token=token).error == (500, 2, None)
    assert seeded.simulator.get("/me", access_token=token).error == (500, 2, None)
    assert seeded.graph("GET", f"/{other.page_id}", token=token).error == (500, 2, None)


def test_calls_about_one_person_fail(seeded: Seeded, meta: Meta) -> None:
    unlucky = meta.make_person("Kim")
    meta.person_writes(seeded.account, unlucky, "hello")
    igsid = meta.igsid(seeded.account, unlucky)
    meta.fail_calls("551/1545041", match="any", person=igsid, rate=1)
    assert call(seeded, "send").status == 200
    body = {"recipient": {"id": igsid}, "message": {"text": "x"}}
    assert seeded.graph("POST", "/me/messages", body).error == (400, 551, 1545041)
    assert seeded.graph("GET", f"/{igsid}").error == (400, 551, 1545041)
    assert seeded.graph("GET", "/me/conversations", user_id=igsid).error == (400, 551, 1545041)


def test_a_rate_strikes_the_same_calls_with_the_same_seed(seeded: Seeded, meta: Meta) -> None:
    def run(seed: int) -> list[int]:
        fault = meta.fail_calls("2", match="/me", rate=0.3, seed=seed)
        statuses = [seeded.graph("GET", "/me").status for _ in range(30)]
        meta.cancel(fault)
        return statuses

    first = run(1)
    assert {*first} == {200, 500}
    assert run(1) == first
    assert run(2) != first


BADLY: dict[str, tuple[int, Any, bool]] = {
    "200 error": (200, '"error_subcode":2534015', False),
    "200 without message_id": (200, '"recipient_id"', True),
    "200 empty": (200, "", True),
    "200 bad json": (200, '{"recipient_id"', True),
    "500 html": (500, "<html>", False),
    "502 html": (502, "<html>", True),
    "503 down": (503, '"is_transient":true', False),
}


@pytest.mark.parametrize("name", BADLY)
def test_an_answer_can_be_bad_in_many_ways(seeded: Seeded, meta: Meta, name: str) -> None:
    status, text, was_sent = BADLY[name]
    meta.fail_calls(name)
    answer = call(seeded, "send")
    body = answer.body.decode()
    assert (answer.status, body == "" if not text else text in body) == (status, True)
    assert "message_id" not in body or not body.endswith("}")
    assert ("text/html" in answer.headers["content-type"]) == ("html" in name)
    assert len(meta.thread(seeded.account, seeded.person).answers) == was_sent


def test_a_late_answer_is_true_and_its_echo_comes_first(connected: Seeded) -> None:
    connected.says()
    connected.sink.wait(1)
    meta = meta_of(connected)
    # The echo has all this time to be there before the answer.
    meta.fail_calls("late", delay_seconds=1)
    answer = connected.send({"text": "slow"})
    assert answer.status == 200
    assert answer.json["message_id"] == connected.sink.items[1]["message"]["mid"]
    assert connected.sink.items[1]["message"]["is_echo"] is True


@pytest.mark.parametrize(
    ("name", "was_sent"), [("timeout before", 0), ("timeout after", 1), ("cut before", 0), ("cut after", 1)]
)
def test_a_lost_answer_leaves_the_message_sent_or_not(seeded: Seeded, meta: Meta, name: str, was_sent: int) -> None:
    meta.fail_calls(name)
    connection = http.client.HTTPConnection("127.0.0.1", seeded.simulator.port)
    body = json.dumps({"recipient": {"id": seeded.igsid}, "message": {"text": "x"}})
    headers = {"Authorization": f"Bearer {seeded.token}", "Content-Type": "application/json"}
    connection.request("POST", "/me/messages", body, headers)
    if name.startswith("cut"):
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()
    how = {"timeout": "hang", "cut": "drop"}[name.partition(" ")[0]]
    (lost,) = eventually(lambda: [call for call in meta.calls("/messages") if call.summary == how])
    connection.close()
    assert lost.status is None
    assert len(meta.thread(seeded.account, seeded.person).answers) == was_sent
    assert call(seeded, "send").status == 200, "it strikes once"


def test_every_way_of_losing_an_answer_was_tried() -> None:
    ways = {one.name for one in SCENARIOS.values() if one.fault.get("outcome") in ("hang", "drop")}
    assert ways == {"timeout before", "timeout after", "cut before", "cut after"}


USAGE = {"4": "x-app-usage", "80002": "x-business-use-case-usage", "80006": "x-business-use-case-usage"}


@pytest.mark.parametrize("name", USAGE)
def test_a_limit_comes_with_its_usage_header(seeded: Seeded, meta: Meta, name: str) -> None:
    meta.fail_calls(name)
    header = call(seeded, "send").headers[USAGE[name]]
    assert '"call_count":100' in header
    if name != "4":
        kind = "instagram" if name == "80002" else "messenger"
        assert header.startswith(f'{{"{seeded.account}":[{{"type":"{kind}"')
        assert '"estimated_time_to_regain_access":5' in header


def test_the_wire_shows_what_was_answered(seeded: Seeded, meta: Meta) -> None:
    meta.fail_calls("200 bad json")
    meta.fail_calls("613/2534040")
    call(seeded, "send")
    call(seeded, "send")
    bad, limited = eventually(lambda: len(ended(meta)) == 2 and ended(meta))
    assert (bad.status, bad.summary) == (200, "bad_json")
    assert (limited.status, limited.summary) == (429, "error 613/2534040")


def test_the_reference_and_the_catalogue_agree() -> None:
    """With ``HELIOGRAPH_META_REFERENCE`` naming a copy of the table of errors."""

    where = os.environ.get("HELIOGRAPH_META_REFERENCE")
    if not where:
        pytest.skip("HELIOGRAPH_META_REFERENCE names no file")
    table = Path(where).read_text().partition("### 3.2")[2].partition("### 3.3")[0]
    for code, subcodes in re.findall(r"^\| ([-\d, /()]+?) \| ([^|]*) \|", table, re.M):
        if "(" in code:
            continue
        for one in re.split(r"[,/]\s*", code):
            for sub in re.findall(r"\d{2,}", subcodes) or [""]:
                assert f"{one.strip()}/{sub}".rstrip("/") in SCENARIOS, (code, subcodes)
