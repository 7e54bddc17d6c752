"""Failures on order for Graph calls."""

import http.client

import pytest

from tests.simulator.support import Seeded, eventually


def order(seeded: Seeded, **body: object) -> None:
    assert seeded.simulator.post("/_simulator/faults", **body).status == 201


def test_the_next_sends_fail_as_ordered_and_nothing_is_said(seeded: Seeded) -> None:
    seeded.says()
    order(seeded, match="send", count=2, status=429, code=613, subcode=2534040, message="Slow down", is_transient=True)
    for _ in range(2):
        answer = seeded.send({"text": "x"})
        assert answer.error == (429, 613, 2534040)
        assert answer.json["error"]["is_transient"] is True
        assert answer.json["error"]["message"] == "Slow down"
    assert seeded.send({"text": "y"}).status == 200
    assert [said["text"] for said in seeded.thread()] == ["hello", "y"]


def test_a_part_of_the_path_picks_the_calls(seeded: Seeded) -> None:
    order(seeded, match="debug_token", status=503, code=2)
    assert seeded.graph("GET", "/me").status == 200
    answer = seeded.simulator.get("/v23.0/debug_token", input_token="x", access_token=seeded.app_token)
    assert answer.error == (503, 2, None)


def test_after_means_that_the_message_was_sent(connected: Seeded) -> None:
    connected.says()
    order(connected, mode="after", status=500, code=1, subcode=1357046)
    assert connected.send({"text": "did it arrive?"}).error == (500, 1, 1357046)
    assert connected.thread()[-1]["text"] == "did it arrive?"
    assert connected.sink.wait(2)[1]["message"]["is_echo"] is True


def test_after_leaves_a_refusal_alone(seeded: Seeded) -> None:
    order(seeded, mode="after", status=500, code=1)
    assert seeded.send({"text": "x"}).error == (403, 10, 2534022)


@pytest.mark.parametrize(("mode", "said"), [("before", ["hello"]), ("after", ["hello", "x"])])
def test_the_connection_is_cut_in_the_middle_of_the_answer(connected: Seeded, mode: str, said: list[str]) -> None:
    connected.says()
    order(connected, mode=mode, outcome="drop")
    with pytest.raises(http.client.IncompleteRead):
        connected.send({"text": "x"})
    assert [one["text"] for one in connected.thread()] == said
    assert connected.sink.wait(len(said))


def test_no_answer_comes_but_the_echo_does(connected: Seeded) -> None:
    connected.says()
    order(connected, mode="after", outcome="hang")
    connection = http.client.HTTPConnection("127.0.0.1", connected.simulator.port)
    body = f'{{"recipient":{{"id":"{connected.igsid}"}},"message":{{"text":"x"}}}}'
    headers = {"Authorization": f"Bearer {connected.token}", "Content-Type": "application/json"}
    connection.request("POST", "/me/messages", body, headers)
    assert connected.sink.wait(2)[1]["message"]["text"] == "x"
    entry = eventually(
        lambda: next((one for one in connected.simulator.read("/wire")["entries"] if one["summary"] == "hang"), None)
    )
    assert entry["status"] is None
    connection.close()


def test_an_answer_can_be_late(seeded: Seeded) -> None:
    order(seeded, match="/me", mode="after", outcome="error", status=500, delay_seconds=0.05)
    assert seeded.graph("GET", "/me").status == 500
    entry = seeded.simulator.read("/wire")["entries"][-1]
    assert entry["milliseconds"] >= 50


def test_faults_are_cleared(seeded: Seeded) -> None:
    order(seeded, match="/me", count=100)
    seeded.simulator.call("DELETE", "/_simulator/faults")
    assert seeded.graph("GET", "/me").status == 200
