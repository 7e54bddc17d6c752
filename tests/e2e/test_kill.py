"""Invariants 1 to 6, the hard way: the server is killed again and again while messages flow in both directions."""

import asyncio
import threading
import time
from collections import Counter
from http.client import HTTPException

from tests.e2e.stack import Stack, call, stack, wait_for
from tests.support import open_directory, opened

PEOPLE = 5
EACH = 24
KILLS = 4


def test_kill_9_loses_nothing_and_doubles_nothing(each_database: str) -> None:
    """Customers write, the business answers every message, the server dies four times without warning.

    At the end: every customer message was told (by distinct id) once, in order, and is listed once; every accepted
    answer is on the phone at most once, and is there unless it was told as failed.
    """
    with open_directory() as directory, stack(each_database, directory, unknown_grace="3", graph_timeout="2") as house:
        account = house.seed["instagram_account_id"]
        people = []
        for number in range(PEOPLE):
            made = house.control("POST", "people", {"name": f"Person {number}"})
            people.append(house.control("GET", f"people/{made['id']}/igsid/{account}")["igsid"])
        accepted: dict[str, str] = {}
        done = threading.Event()
        threads = [
            threading.Thread(target=_write, args=(house, people), daemon=True),
            threading.Thread(target=_kill, args=(house, done), daemon=True),
        ]
        answering = threading.Thread(target=_answer_all, args=(house, accepted, done), daemon=True)
        for thread in [*threads, answering]:
            thread.start()
        for thread in threads:
            thread.join(120)
        expected = {f"{person}:{number}" for person in people for number in range(EACH)}
        wait_for(lambda: set(house.target.texts()) >= expected, 60, "every customer message was told")
        wait_for(lambda: len(accepted) >= len(expected), 60, "every message was answered")
        done.set()
        answering.join(30)
        wait_for(lambda: _settled(house) >= set(accepted), 60, "every answer was told as delivered or failed")

        _check_inbound(house, people, expected)
        _check_outbound(house, people, accepted)


def _write(house: Stack, people: list[str]) -> None:
    """The customers, taking turns."""
    for number in range(EACH):
        for person in people:
            house.customer_says(f"{person}:{number}", person)
        time.sleep(0.05)  # paces the load; nothing waits for it


def _kill(house: Stack, done: threading.Event) -> None:
    """Kill the server once it has told a little more each time, and start it again."""
    for round_ in range(1, KILLS + 1):
        target = round_ * PEOPLE * EACH // (KILLS + 2)
        wait_for(lambda target=target: len(house.target.of("conversation:message")) >= target, 60)
        house.server.kill()
        house.server.start()


def _answer_all(house: Stack, accepted: dict[str, str], done: threading.Event) -> None:
    """The business: answers each message once, trying again with the same idempotency key while the server is away."""
    answered: set[str] = set()
    while not done.is_set():
        for payload in house.target.of("conversation:message"):
            message = payload["message"]
            if message["author"]["type"] != "user" or message["id"] in answered:
                continue
            posted = _post(house, payload["conversation"]["id"], f"re {message['content']['text']}", message["id"])
            if posted:
                answered.add(message["id"])
                accepted[posted] = f"re {message['content']['text']}"
        time.sleep(0.01)


def _post(house: Stack, conversation: str, text: str, key: str) -> str | None:
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": text}}
    try:
        status, answer = call("POST", house.messages_url(conversation), body, house.key, {"idempotency-key": key})
    except (OSError, HTTPException):  # the server is away, or went in the middle; the same key makes the next try safe
        return None
    return str(answer["messages"][0]["id"]) if status == 201 else None


def _settled(house: Stack) -> set[str]:
    """Messages whose fate was told: accepted by the channel, or failed."""
    kinds = ("conversation:message:delivery:channel", "conversation:message:delivery:failure")
    return {payload["message"]["id"] for kind in kinds for payload in house.target.of(kind)}


def _check_inbound(house: Stack, people: list[str], expected: set[str]) -> None:
    ids_by_text: dict[str, set[str]] = {}
    order: dict[str, list[int]] = {person: [] for person in people}
    seen: set[str] = set()
    for payload in house.target.of("conversation:message"):
        message = payload["message"]
        if message["author"]["type"] != "user":
            continue
        text = message["content"]["text"]
        ids_by_text.setdefault(text, set()).add(message["id"])
        if message["id"] not in seen:  # at-least-once: a repeat is allowed, a second message is not
            seen.add(message["id"])
            person, _, number = text.partition(":")
            order[person].append(int(number))
    assert set(ids_by_text) == expected
    assert all(len(ids) == 1 for ids in ids_by_text.values())
    assert {person: numbers for person, numbers in order.items() if numbers != sorted(numbers)} == {}
    for conversation in {p["conversation"]["id"] for p in house.target.of("conversation:message")}:
        listed = call("GET", house.messages_url(conversation), key=house.key)[1]["messages"]
        texts = Counter(m["content"]["text"] for m in listed if m["author"]["type"] == "user")
        assert set(texts.values()) == {1}


def _check_outbound(house: Stack, people: list[str], accepted: dict[str, str]) -> None:
    shown = Counter(m["text"] for person in people for m in house.phone(person) if m["from"] == "business")
    assert not [text for text, times in shown.items() if times > 1], "sent twice"
    failed = {p["message"]["id"] for p in house.target.of("conversation:message:delivery:failure")}
    missing = [text for message_id, text in accepted.items() if message_id not in failed and text not in shown]
    assert not missing, "told as sent, but not on the phone"
    told_failed_but_shown = [accepted[i] for i in failed if i in accepted and accepted[i] in shown]
    assert not told_failed_but_shown
    assert len(shown) >= len(accepted) * 0.8, "most answers go out even so"


def test_sigterm_drains_and_stops_in_time(database_url: str) -> None:
    """What was accepted before SIGTERM is delivered by the next server, and stopping takes under ten seconds."""
    with open_directory() as directory, stack(database_url, directory) as house:
        house.target.status = 503  # a lane waits for its retry while we stop
        house.customer_says("hello")
        wait_for(lambda: "delivery retry" in house.server.log())
        assert house.server.terminate() < 10
        assert house.server.process is not None
        assert house.server.process.returncode == 0
        house.target.status = 200
        house.server.start()
        assert house.server.cpu_seconds() < 3, "a warm start takes under three seconds"
        wait_for(lambda: "hello" in house.target.texts(), 30)


def _noted(database_url: str, house: Stack) -> bool:
    """Whether no delivery of this house is under way: one that is not noted yet when its server dies is made again."""
    (webhook,) = house.custom["webhooks"]

    async def ask() -> bool:
        async with opened(database_url, largest=1) as database:
            sql = "select exists (select from lanes where kind = 'webhook' and grp = $1)"
            return not await database.fetchval(sql, webhook["id"])

    return asyncio.run(ask())


def test_two_servers_share_the_work(each_database: str) -> None:
    """A second process on the same database: either takes requests, the work is done once, one may die."""
    with open_directory() as directory, stack(each_database, directory) as house:
        second = house.another_server()
        second.start()
        for number in range(20):
            house.customer_says(f"hello {number}")
        wait_for(lambda: len(house.target.texts()) == 20)
        conversation = house.target.of("conversation:message")[0]["conversation"]["id"]
        path = f"/v2/apps/{house.app_id}/conversations/{conversation}/messages"
        body = {"author": {"type": "business"}, "content": {"type": "text", "text": "from the second"}}
        status, _ = call("POST", second.url + path, body, house.key)
        assert status == 201
        wait_for(lambda: _noted(each_database, house), 90, what="what was delivered is noted")
        second.kill()
        wait_for(lambda: house.phone()[-1]["text"] == "from the second", 90)
        assert house.target.texts() == [f"hello {number}" for number in range(20)]
