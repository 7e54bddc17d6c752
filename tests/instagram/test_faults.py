"""The whole of the room against the simulator while things go wrong on the way, one by one and all at once."""

import random
from datetime import timedelta
from typing import Any

import pytest

from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.sending import judging
from tests.instagram.house import House, Shop
from tests.instagram.owner import Owner
from tests.simulator.support import eventually

PATIENCE = 15


@pytest.fixture
def calm(owner: Owner) -> Any:
    """No fault outlives its test."""
    yield
    owner.simulator.call("DELETE", "/_simulator/faults")
    owner.simulator.call("DELETE", "/_simulator/webhook-faults")
    owner.simulator.call("PATCH", "/_simulator/delivery", {"echo_before_answer": False})


@pytest.fixture
def shop(owner: Owner, calm: None) -> Shop:
    """The owner's account, connected."""
    return owner.connect()[0]


@pytest.fixture
def person(owner: Owner, shop: Shop) -> str:
    """A customer who has just written."""
    person = owner.customer()
    owner.says(person, "Hello")
    eventually(lambda: shop.texts(person))
    return person


def delivered(shop: Shop, message: str, *, by: float = PATIENCE) -> None:
    try:
        eventually(lambda: shop.outcome(message, by) == ["channel", "user"], by)
    except AssertionError as late:
        raise AssertionError(f"{message}: {shop.deliveries(message)} {shop.parts(message)}") from late


def test_first_contact_brings_the_profile_along(owner: Owner, shop: Shop, person: str) -> None:
    (client,) = shop.house.rows("select * from clients where external_id = $1", person)
    assert client["raw"]["username"]
    assert client["display_name"] == client["raw"]["name"]
    assert client["raw"]["profile_pic"].endswith(".png")
    assert client["avatar_url"].startswith(f"{shop.house.url}/sc/media/v2/people/")


def test_every_act_of_a_person_arrives(owner: Owner, shop: Shop, person: str) -> None:
    story = owner.simulator.control(f"/accounts/{owner.account}/stories")
    picture = f"http://127.0.0.1:{owner.simulator.port}/_simulator/pictures/{owner.account}.png"
    oops = owner.says(person, "oops")
    owner.says(person, "lovely", story_id=story["id"])
    owner.acts(person, "messages", attachments=[{"type": "image", "url": picture}, {"type": "image", "url": picture}])
    owner.acts(person, "mentions")
    owner.acts(person, "postbacks", title="Help", payload="HELP")
    owner.simulator.control("/unsend", 200, mid=oops)
    owner.acts(person, "owner-messages", text="typed in the app")
    eventually(lambda: len(shop.messages(person)) == 6)
    message = shop.post(person, {"type": "text", "text": "Size?", "actions": [reply("S"), reply("M")]})
    delivered(shop, message)
    owner.says(person, "M", quick_reply_payload="m")
    owner.acts(person, "seen", 200)
    eventually(lambda: shop.told()[-1] == "read")
    assert [m["content"].get("text") for m in shop.messages(person)] == [
        "Hello", "", "lovely", None, None, "typed in the app", "Size?", "M",
    ]  # fmt: skip
    assert shop.messages(person)[2]["metadata"]["instagram.storyId"] == story["id"]
    assert shop.messages(person)[-1]["content"] == {"type": "text", "text": "M", "payload": "m"}
    assert [name for name in shop.told() if name in ("referral", "postback")] == ["referral", "postback"]
    assert owner.thread(person)[-2]["quick_replies"] == [
        {"content_type": "text", "title": "S", "payload": "s"},
        {"content_type": "text", "title": "M", "payload": "m"},
    ]


def reply(label: str) -> dict[str, str]:
    return {"type": "reply", "text": label, "payload": label.lower()}


def test_activities_show_on_the_phone(owner: Owner, shop: Shop, person: str) -> None:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/activity"
    shop.house.api("POST", path, {"author": {"type": "business"}, "type": "conversation:read"})
    eventually(lambda: owner.thread(person)[-1]["seen"])
    shop.house.api("POST", path, {"author": {"type": "business"}, "type": "typing:start"})
    eventually(lambda: owner.simulator.read(f"/threads/{owner.account}/{person}")["typing"])


@pytest.mark.parametrize(
    ("age", "tag"), [({"hours": 1}, None), ({"hours": 25}, "HUMAN_AGENT"), ({"days": 6, "hours": 23}, "HUMAN_AGENT")]
)
def test_the_tag_is_on_metas_wire_between_a_day_and_a_week(
    owner: Owner, shop: Shop, age: dict[str, float], tag: str | None
) -> None:
    person = owner.customer()
    owner.says(person, "Hello", age_seconds=timedelta(**age).total_seconds())
    eventually(lambda: shop.texts(person))
    message = shop.post(person, "Hi")
    delivered(shop, message)
    (sent,) = [one for one in owner.thread(person) if one["from"] == "business"]
    assert sent["tag"] == tag


def test_after_eight_days_the_answer_fails_and_says_why(owner: Owner, shop: Shop) -> None:
    person = owner.customer()
    owner.says(person, "Hello", age_seconds=8 * 86400)
    eventually(lambda: shop.texts(person))
    error = shop.failure(shop.post(person, "Hi"))
    assert error["code"] == "message_outside_window"
    assert "7-day window closed on" in error["message"]
    assert owner.on_the_phone(person) == []


def test_an_app_without_the_human_agent_feature_hears_metas_refusal(owner: Owner, town: House) -> None:
    app = owner.simulator.control("/apps", human_agent=False)
    token = owner.new_token(app_id=app["id"])
    shop, _ = owner.connect(appId=app["id"], appSecret=app["secret"], pageAccessToken=token)
    person = owner.customer()
    owner.says(person, "Hello", age_seconds=25 * 3600)
    eventually(lambda: shop.texts(person))
    error = shop.failure(shop.post(person, "Hi"))
    assert error["code"] == "message_outside_window"
    assert error["underlyingError"]["subcode"] == 2534022


def test_a_person_who_blocked_the_account_cannot_be_reached(owner: Owner, shop: Shop, person: str) -> None:
    someone = next(t["person"] for t in owner.simulator.read("/threads")["threads"] if t["igsid"] == person)
    owner.simulator.call("PATCH", f"/_simulator/people/{someone}", {"reachable": False})
    error = shop.failure(shop.post(person, "Hi"))
    assert error["code"] == "unreachable"
    assert error["underlyingError"]["subcode"] == 1545041


def test_a_switch_that_the_owner_turned_off_is_named(owner: Owner, shop: Shop, person: str) -> None:
    owner.simulator.call("PATCH", f"/_simulator/accounts/{owner.account}", {"allow_messages": False})
    assert "Allow access to messages" in shop.failure(shop.post(person, "Hi"))["message"]


# One fault at a time ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("short_patience")
@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "after", "outcome": "drop"},
        {"mode": "after", "outcome": "error", "status": 500, "code": 1, "subcode": 1357046},
        {"mode": "after", "outcome": "hang"},
    ],
)
def test_an_answer_that_was_lost_is_found_again_by_the_echo(
    owner: Owner, shop: Shop, person: str, fault: dict[str, Any]
) -> None:
    owner.fault(**fault)
    message = shop.post(person, "Hi")
    delivered(shop, message)
    assert owner.on_the_phone(person) == ["Hi"]
    assert shop.texts(person) == ["Hello", "Hi"]


def test_an_answer_and_an_echo_that_were_both_lost_are_found_in_the_thread(
    owner: Owner, shop: Shop, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.house.channel._messages.outbound, "_grace", timedelta(seconds=0.2))
    owner.simulator.control("/webhook-faults", kind="drop", account_id=owner.account)
    owner.fault(mode="after", outcome="drop")
    message = shop.post(person, "Hi")
    assert shop.outcome(message, PATIENCE) == ["channel"]
    assert owner.on_the_phone(person) == ["Hi"]
    (row,) = shop.parts(message)
    assert row["mid"] == owner.thread(person)[-1]["mid"]


def test_a_picture_whose_answer_and_echo_were_lost_is_found_too(
    owner: Owner, shop: Shop, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.house.channel._messages.outbound, "_grace", timedelta(seconds=0.2))
    owner.simulator.control("/webhook-faults", kind="drop", account_id=owner.account)
    owner.fault(mode="after", outcome="drop")
    url = f"http://127.0.0.1:{owner.simulator.port}/_simulator/pictures/{owner.account}.png"
    message = shop.post(person, {"type": "image", "mediaUrl": url})
    assert shop.outcome(message, PATIENCE) == ["channel"]
    assert len(owner.on_the_phone(person)) == 1


def test_a_send_that_never_arrived_is_not_claimed_to_have(
    owner: Owner, shop: Shop, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.house.channel._messages.outbound, "_grace", timedelta(seconds=0.2))
    owner.fault(mode="before", outcome="drop")
    assert "It was not sent" in shop.failure(shop.post(person, "Hi"), PATIENCE)["message"]
    assert owner.on_the_phone(person) == []


def test_an_echo_that_overtakes_the_answer(owner: Owner, shop: Shop, person: str) -> None:
    owner.simulator.call("PATCH", "/_simulator/delivery", {"echo_before_answer": True})
    message = shop.post(person, "Hi")
    delivered(shop, message)
    assert shop.texts(person) == ["Hello", "Hi"]


@pytest.mark.parametrize("kind", ["duplicate", "delay", "reorder", "corrupt"])
def test_webhooks_that_come_twice_late_swapped_or_spoiled_apply_once(
    owner: Owner, shop: Shop, person: str, kind: str
) -> None:
    count = 1 if kind == "reorder" else 2
    owner.simulator.control("/webhook-faults", kind=kind, count=count, account_id=owner.account, delay_seconds=0.3)
    said = [str(number) for number in range(5)]
    for text in said:
        owner.says(person, text)
    eventually(lambda: len(shop.texts(person)) == 6, PATIENCE)
    shop.quiet()
    assert sorted(shop.texts(person)) == sorted(["Hello", *said])
    assert shop.told().count("message") == 6


# All at once --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_goes_wrong_nothing_is_lost_doubled_or_out_of_order(
    owner: Owner, shop: Shop, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Both ways at once, through faults of the Graph API and of the webhooks."""
    monkeypatch.setattr(judging, "PAUSES", dict.fromkeys(judging.PAUSES, (0.02,) * 20))
    monkeypatch.setattr(pauses, "SCHEDULE", (0.02,))
    chance = random.Random(seed)
    people = [owner.customer() for _ in range(4)]
    for person in people:
        owner.says(person, "start")
    eventually(lambda: all(shop.texts(person) for person in people))
    said = {person: ["start"] for person in people}
    posted: dict[str, dict[str, str]] = {person: {} for person in people}
    for number in range(48):
        person = chance.choice(people)
        match chance.randrange(6):
            case 0:
                fault = {"mode": chance.choice(["before", "after"]), "outcome": "error", "status": 500, "code": 2}
                # Meta would not say "not taken" of what it took: an error answer afterwards is an unknown one
                unclear = {"code": 1, "subcode": 1357046} if fault["mode"] == "after" else {}
                owner.fault(**{**fault, **unclear})
            case 1:
                owner.fault(mode="after", outcome="drop")
            case 2:
                kind = chance.choice(["duplicate", "delay", "corrupt"])
                owner.simulator.control("/webhook-faults", kind=kind, account_id=owner.account, delay_seconds=0.2)
            case 3:
                owner.simulator.call("PATCH", "/_simulator/delivery", {"echo_before_answer": chance.random() < 0.5})
            case _:
                pass
        if chance.random() < 0.5:
            said[person].append(f"in {number}")
            owner.says(person, f"in {number}")
        else:
            posted[person][shop.post(person, f"out {number}")] = f"out {number}"
    for person in people:
        for message in posted[person]:
            delivered(shop, message, by=20)
    eventually(lambda: all(len(shop.texts(p)) == len(said[p]) + len(posted[p]) for p in people), PATIENCE)
    shop.quiet(PATIENCE)
    for person in people:
        assert owner.on_the_phone(person) == list(posted[person].values())
        stored = shop.messages(person)
        inbound = [m["content"]["text"] for m in stored if m["author"]["type"] == "user"]
        assert sorted(inbound) == sorted(said[person])
        assert [m["content"]["text"] for m in stored if m["author"]["type"] == "business"] == list(
            posted[person].values()
        )
        told = [e for e in shop.events() if e["payload"].get("message", {}).get("id") in posted[person]]
        assert len(told) == 3 * len(posted[person])
    assert shop.leftovers() == []
