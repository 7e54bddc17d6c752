"""Attachments: files go when they are removed, and with the last message that shows them."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from heliograph.messaging import attachments
from heliograph.messaging.attachments import PIECE_BYTES
from tests.api.conftest import Shop
from tests.api.files import Slow, fetch, rows_of, uploaded
from tests.api.house import Answer, House, Key
from tests.api.operations import BUSINESS, TEXT
from tests.simulator.support import eventually
from tests.support import wait_until, waits_for_a_lock


def said(house: House, shop: Shop, content: dict[str, Any], conversation: str = "") -> dict[str, Any]:
    body = {"author": BUSINESS, "content": content}
    answer = house.post((conversation or shop.conversation) + "/messages", body, key=shop.key)
    assert answer.status == 201, answer.body
    return dict(answer.body["messages"][0])


def image(url: str) -> dict[str, Any]:
    return {"type": "image", "mediaUrl": url}


def removal(house: House, shop: Shop, url: str, key: Key | None = None) -> Answer:
    return house.post(f"{shop.path}/attachments/remove", {"mediaUrl": url}, key=key or shop.key)


def test_removing_tells_what_is_not_ours_and_what_is_not_there(house: House, shop: Shop) -> None:
    url = uploaded(house, shop)
    path = urlsplit(url).path
    for other in (
        "https://badhost.com/image.png",
        "https://badhost.com" + path,
        house.url + "/v2/apps",
        path,
        "x",
        "//[",
    ):
        answer = removal(house, shop, other)
        assert (answer.status, answer.error["code"]) == (400, "bad_request"), other
        assert answer.error["title"] == f"Unsupported media URL for attachment deletion: {other}"
    app_id, key = house.app()
    answer = house.post(f"/v2/apps/{app_id}/attachments/remove", {"mediaUrl": url}, key=key)
    assert (answer.status, answer.error) == (404, {"code": "not_found", "title": "Attachment not found"})
    assert removal(house, shop, url).body == {}
    assert removal(house, shop, url).status == 404
    assert (
        house.post(f"{shop.path}/attachments/remove", {}).error["title"] == "should have required property 'mediaUrl'"
    )
    assert rows_of(house, shop) == []


def test_a_file_for_messages_goes_with_the_last_message_that_shows_it(house: House, shop: Shop) -> None:
    url, kept = uploaded(house, shop, query="&for=message"), uploaded(house, shop)
    card = {"title": "T", "mediaUrl": url, "actions": [{"type": "link", "text": "L", "uri": "https://a.example"}]}
    first = said(house, shop, image(url))
    second = said(house, shop, {"type": "carousel", "items": [card, card]})
    third = said(house, shop, {"type": "file", "mediaUrl": kept})
    assert second["content"]["items"][0]["mediaType"] == "image/png"
    assert "mediaSize" not in second["content"]["items"][0]
    for message, status in ((first, 200), (third, 200), (second, 404)):
        assert house.delete(f"{shop.conversation}/messages/{message['id']}").status == 200
        assert fetch(url).status == status
    assert fetch(kept).status == 200


def test_deleting_all_messages_takes_their_files_and_leaves_those_for_later(house: House, shop: Shop) -> None:
    here = f"&for=message&conversationId={shop.person.conversation_id}"
    shown, later = uploaded(house, shop, query=here), uploaded(house, shop, query=here)
    said(house, shop, image(shown))
    said(house, shop, image(shown))
    assert house.delete(shop.conversation + "/messages").status == 200
    assert (fetch(shown).status, fetch(later).status) == (404, 200)

    async def delete_conversation() -> None:
        async with house.database.transaction() as connection:
            await attachments.let_go_of_conversations(connection, [shop.person.conversation_id])

    unbound = uploaded(house, shop, query=here.removeprefix("&for=message"))
    house.run(delete_conversation())
    assert (fetch(later).status, fetch(unbound).status) == (404, 200)


def test_a_conversation_takes_a_file_only_when_no_other_shows_it(house: House, shop: Shop) -> None:
    other = house.person(shop.app_id, shop.integration_id)
    url = uploaded(house, shop, query="&for=message")
    said(house, shop, image(url))
    said(house, shop, image(url), f"{shop.path}/conversations/{other.conversation_id}")
    for conversation_id, status in ((shop.person.conversation_id, 200), (other.conversation_id, 404)):
        house.delete(f"{shop.path}/conversations/{conversation_id}/messages")
        assert fetch(url).status == status


def test_of_two_messages_that_go_at_once_the_second_takes_the_file(house: House, shop: Shop) -> None:
    url = uploaded(house, shop, query="&for=message")
    first, second = (said(house, shop, image(url))["id"] for _ in range(2))

    async def delete(message_id: str, seen: asyncio.Event, go: asyncio.Event) -> None:
        async with house.database.transaction() as connection:
            await connection.fetchval("select 1")
            seen.set()
            await attachments.let_go_of_messages(connection, [message_id])
            await go.wait()

    async def both() -> None:
        gates = [asyncio.Event() for _ in range(4)]
        one = asyncio.create_task(delete(first, gates[0], gates[1]))
        await gates[0].wait()
        other = asyncio.create_task(delete(second, gates[2], gates[3]))
        await gates[2].wait()
        await wait_until(lambda: waits_for_a_lock(house.database, "attachment"))
        for gate in gates:
            gate.set()
        await asyncio.gather(one, other)

    house.run(both())
    assert fetch(url).status == 404


def test_a_file_of_another_app_or_of_nobody_is_shown_but_not_bound(house: House, shop: Shop) -> None:
    url = uploaded(house, shop, query="&for=message")
    app_id, key = house.app()
    integration_id = house.connected(app_id)
    stranger = Shop(app_id, key, integration_id, house.person(app_id, integration_id))
    for address in (url, f"{house.url}/sc/attachments/v2/{'0' * 26}/a.png", "https://cdn.example/a.png"):
        message = said(house, stranger, image(address))
        assert "mediaSize" not in message["content"]
    house.delete(stranger.conversation + "/messages")
    assert fetch(url).status == 200


def test_a_repeat_with_the_same_idempotency_key_binds_once_and_not_to_what_is_deleted(house: House, shop: Shop) -> None:
    url = uploaded(house, shop, query="&for=message")
    body, headers = {"author": BUSINESS, "content": image(url)}, {"Idempotency-Key": "k"}
    path = shop.conversation + "/messages"
    ids = {house.post(path, body, headers=headers).body["messages"][0]["id"] for _ in range(2)}
    assert len(ids) == 1
    kept = said(house, shop, image(url))
    house.delete(f"{path}/{ids.pop()}")
    assert house.post(path, body, headers=headers).status == 201
    house.delete(f"{path}/{kept['id']}")
    assert fetch(url).status == 404


def test_a_message_without_a_file_of_ours_costs_no_statement(house: House, shop: Shop, monkeypatch: Any) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(attachments, "describe", never)
    monkeypatch.setattr(attachments, "link", never)
    assert house.post(shop.conversation + "/messages", TEXT).status == 201
    said(house, shop, image("https://cdn.example/a.png"))


def test_a_deleted_app_serves_nothing_and_is_erased_with_its_files(house: House, shop: Shop) -> None:
    urls = [uploaded(house, shop, bytes([n]) * 10) for n in range(9)]
    said(house, shop, image(uploaded(house, shop, query="&for=message")))
    slow = Slow(house, shop, 2 * PIECE_BYTES)
    slow.send(b"x" * PIECE_BYTES)
    eventually(lambda: len(rows_of(house, shop)) == 11)
    assert house.delete(shop.path).status == 200
    assert {fetch(url).status for url in urls} == {404}
    house.erased()
    slow.send(b"x" * PIECE_BYTES)
    assert slow.end().status == 404
    assert rows_of(house, shop) == []
    assert house.rows("select 1 from attachment_uses where conversation_id = $1", shop.person.conversation_id) == []
