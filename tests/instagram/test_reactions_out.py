"""Reactions of the business: activities of ours, sender actions of Meta's (Meta reference 2.2)."""

from typing import Any

import pytest

from heliograph.channels.instagram.sending import activities
from heliograph.storage import new_id
from heliograph.telemetry import metrics
from tests.instagram.house import House, Shop, new_mid
from tests.instagram.meta import PlayedMeta, accepted, refused


def react(shop: Shop, person: str, message: str | None, status: int = 200, **more: Any) -> Any:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/activity"
    given = {} if message is None else {"messageId": message}
    return shop.house.api("POST", path, {"author": {"type": "business"}, "type": "react", **given, **more}, status)


def actions(meta: PlayedMeta, person: str) -> list[dict[str, Any]]:
    return [one.body for one in meta.asked[person] if "sender_action" in one.body]


def counted(activity: str, outcome: str) -> float:
    return float(metrics.ACTIVITIES.labels(activity, outcome)._value.get())


def test_a_message_of_the_person_is_reacted_to_by_our_id(shop: Shop, meta: PlayedMeta, person: str) -> None:
    mid = new_mid()
    shop.given(shop.text(person, "Thank you", mid))
    message = shop.messages(person)[-1]["id"]
    react(shop, person, message)
    react(shop, person, message, reaction="🔥")
    react(shop, person, message, type="unreact")
    shop.quiet()
    assert actions(meta, person) == [
        {"recipient": {"id": person}, "sender_action": action, "payload": {"message_id": mid, **reaction}}
        for action, reaction in (("react", {"reaction": "love"}), ("react", {"reaction": "🔥"}), ("unreact", {}))
    ]
    assert "reaction" not in str(shop.told())


def test_a_message_is_named_by_metas_id_too(shop: Shop, meta: PlayedMeta, person: str) -> None:
    react(shop, person, "aWdfZAG1f")
    shop.quiet()
    assert actions(meta, person)[0]["payload"] == {"message_id": "aWdfZAG1f", "reaction": "love"}


def test_a_message_of_ours_that_waits_in_the_same_lane_is_reacted_to_when_it_is_there(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    mid = new_mid()
    meta.script(person, accepted(mid))
    react(shop, person, shop.post(person, "Hi"))
    shop.quiet()
    assert actions(meta, person)[0]["payload"]["message_id"] == mid


def test_whoever_keeps_reactions_hears_of_those_that_meta_took_and_of_no_other(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []

    async def reacted(_: Any, row: Any, mid: str, reaction: str | None) -> None:
        heard.append((row["integration_id"], mid, reaction))

    monkeypatch.setattr(activities, "reacted", reacted)
    before = counted("react", "not taken")
    monkeypatch.setitem(meta.answers, ("POST", "me/messages"), refused(100))
    react(shop, person, "m1")
    shop.quiet()
    assert counted("react", "not taken") == before + 1
    monkeypatch.delitem(meta.answers, ("POST", "me/messages"))
    react(shop, person, "m2", reaction="like")
    react(shop, person, "m2", type="unreact")
    shop.quiet()
    assert heard == [(shop.integration_id, "m2", "like"), (shop.integration_id, "m2", None)]


def test_a_message_that_instagram_does_not_have_is_not_reacted_to(shop: Shop, meta: PlayedMeta, person: str) -> None:
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages"
    silent = {
        "author": {"type": "business"},
        "content": {"type": "text", "text": "note"},
        "destination": {"integrationType": "none"},
    }
    react(shop, person, shop.house.api("POST", path, silent, 201)["messages"][0]["id"])
    shop.quiet()
    assert actions(meta, person) == []


def test_a_message_that_is_not_of_this_conversation_is_not_found(shop: Shop, person: str) -> None:
    other = shop.person()
    for message in (new_id(), shop.messages(other)[0]["id"]):
        assert react(shop, person, message, 404)["errors"][0]["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"message": None}, "messageId is required when type is react"),
        (
            {"message": "m", "author": {"type": "user", "userId": "u"}},
            "must be conversation:read when author.type is user",
        ),
        ({"message": "m", "reaction": ""}, "reaction must have at least 1"),
        ({"message": ""}, "messageId must have at least 1"),
    ],
)
def test_what_is_no_reaction_is_refused(shop: Shop, person: str, body: dict[str, Any], title: str) -> None:
    assert title in react(shop, person, **body, status=400)["errors"][0]["title"]


def test_in_a_conversation_without_a_channel_nobody_can_be_told(house: House, shop: Shop) -> None:
    user = house.api("POST", f"/v2/apps/{shop.app_id}/users", {"externalId": new_id(), "profile": {}}, 201)["user"]
    body = {"type": "personal", "participants": [{"userId": user["id"]}]}
    made = house.api("POST", f"/v2/apps/{shop.app_id}/conversations", body, 201)["conversation"]
    path = f"/v2/apps/{shop.app_id}/conversations/{made['id']}/activity"
    answer = house.api("POST", path, {"author": {"type": "business"}, "type": "react", "messageId": "m"}, 400)
    assert "on no channel" in answer["errors"][0]["title"]
