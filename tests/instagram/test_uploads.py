"""Stored files that are sent again: Meta's own copy is made once, and sent by its id (Meta reference 2.5)."""

import json
from typing import Any

import pytest

from heliograph.channels.instagram.sending import uploads
from heliograph.storage import new_ulid
from tests.instagram.contents import attachment
from tests.instagram.house import House, Shop, new_mid
from tests.instagram.meta import PlayedMeta, accepted, refused

UPLOAD = ("POST", "me/message_attachments")


class Asked:
    """What was uploaded, and what Meta answers."""

    def __init__(self, meta: PlayedMeta, monkeypatch: pytest.MonkeyPatch, told: Any = None) -> None:
        self.meta = meta
        monkeypatch.setitem(meta.answers, UPLOAD, told or (200, {"attachment_id": "1857777774821032"}))
        self._before = len(meta.others)

    @property
    def count(self) -> int:
        return self.meta.others[self._before :].count(UPLOAD)


def stored(shop: Shop, name: str = "menu.png", app_id: str = "") -> str:
    """A file that is stored here; its address."""
    file = new_ulid()
    shop.house.execute(
        "insert into attachments (id, app_id, name, media_type, size) values ($1, $2, $3, 'image/png', 10)",
        file,
        app_id or shop.app_id,
        name,
    )
    return f"https://chat.example/sc/attachments/v2/{file}/{name}"


def send(shop: Shop, person: str, url: str, times: int = 1) -> None:
    for _ in range(times):
        assert shop.outcome(shop.post(person, {"type": "image", "mediaUrl": url})) == ["channel"]


def by_id(meta_id: str = "1857777774821032") -> dict[str, Any]:
    return {"attachment": {"type": "image", "payload": {"attachment_id": meta_id}}}


def sent(meta: PlayedMeta, *people: str) -> list[Any]:
    return [one.body["message"] for person in people for one in meta.asked[person]]


def test_a_stored_file_is_uploaded_at_its_second_send_and_then_sent_by_id(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, url = Asked(meta, monkeypatch), stored(shop)
    other = shop.person()
    send(shop, person, url)
    assert asked.count == 0
    send(shop, person, url)
    send(shop, other, url)
    assert sent(meta, person, other) == [attachment("image", url), by_id(), by_id()]
    assert asked.count == 1
    (row,) = shop.house.rows("select * from instagram_uploads where integration_id = $1", shop.integration_id)
    assert (row["sends"], row["meta_id"], row["app_id"]) == (3, "1857777774821032", shop.app_id)


@pytest.mark.parametrize("whose", ["elsewhere", "another app", "gone"])
def test_what_is_not_stored_here_always_goes_by_its_address(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    asked = Asked(meta, monkeypatch)
    url = {
        "elsewhere": "https://shop.example/today.png",
        "another app": stored(shop, app_id=shop.house.new_app()),
        "gone": f"https://chat.example/sc/attachments/v2/{new_ulid()}/menu.png",
    }[whose]
    send(shop, person, url, 3)
    assert sent(meta, person) == [attachment("image", url)] * 3
    assert asked.count == 0


def test_every_picture_of_several_goes_by_its_own_id(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Asked(meta, monkeypatch)
    shop.house.execute(
        "update instagram_accounts set carousel_mode = 'text' where integration_id = $1", shop.integration_id
    )
    mine, theirs = stored(shop), "https://shop.example/b.png"
    link = {"type": "link", "text": "Shop", "uri": "https://shop.example"}
    items = [{"title": "Tacos", "mediaUrl": url, "actions": [link]} for url in (mine, theirs)]
    for _ in range(2):
        shop.outcome(shop.post(person, {"type": "carousel", "items": items}))
    albums = [message["attachments"] for message in sent(meta, person) if "attachments" in message]
    pictures = [attachment("image", url)["attachment"] for url in (mine, theirs)]
    assert albums == [pictures, [by_id()["attachment"], pictures[1]]]


@pytest.mark.parametrize("told", [refused(100, 2018008), refused(10, status=403), (504, b""), (200, {"ok": True})])
def test_an_upload_that_fails_hinders_nothing_and_is_not_tried_again_at_once(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch, told: Any
) -> None:
    asked, url = Asked(meta, monkeypatch, told), stored(shop)
    send(shop, person, url, 3)
    assert sent(meta, person) == [attachment("image", url)] * 3
    assert asked.count == 1
    shop.house.execute(
        "update instagram_uploads set tried_at = now() - interval '61 minutes' where integration_id = $1",
        shop.integration_id,
    )
    monkeypatch.setitem(meta.answers, UPLOAD, (200, {"attachment_id": "7"}))
    send(shop, person, url)
    assert sent(meta, person)[-1] == by_id("7")


def test_an_id_that_meta_does_not_know_any_more_is_forgotten_and_the_file_goes_by_its_address(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, url = Asked(meta, monkeypatch), stored(shop)
    send(shop, person, url, 2)
    meta.script(person, refused(100, 2018074), accepted(new_mid()))
    send(shop, person, url)
    assert sent(meta, person)[-2:] == [by_id(), attachment("image", url)]
    send(shop, person, url)
    assert sent(meta, person)[-1] == attachment("image", url)
    assert asked.count == 1


def test_an_id_that_was_given_in_an_override_and_is_unknown_fails_as_meta_says(
    shop: Shop, meta: PlayedMeta, person: str
) -> None:
    meta.script(person, refused(100, 2018074))
    path = f"/v2/apps/{shop.app_id}/conversations/{shop.conversation(person)}/messages"
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": "x"}}
    body["override"] = {"instagram": {"payload": by_id("1")}}
    message = shop.house.api("POST", path, body, 201)["messages"][0]["id"]
    assert shop.failure(message)["code"] == "media_rejected"
    assert sent(meta, person) == [by_id("1")]


def test_a_file_that_is_deleted_takes_its_copy_along(
    shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Asked(meta, monkeypatch)
    url = stored(shop)
    send(shop, person, url, 2)
    shop.house.execute("delete from attachments where app_id = $1", shop.app_id)
    send(shop, person, url)
    assert sent(meta, person)[-1] == attachment("image", url)
    assert shop.house.rows("select 1 from instagram_uploads where integration_id = $1", shop.integration_id) == []


def test_copies_go_with_their_integration(shop: Shop, meta: PlayedMeta, person: str) -> None:
    send(shop, person, stored(shop))
    shop.house.execute("delete from integrations where id = $1", shop.integration_id)
    assert shop.house.rows("select 1 from instagram_uploads where app_id = $1", shop.app_id) == []


@pytest.mark.parametrize(
    ("url", "kind", "is_stored"),
    [
        ("https://chat.example/sc/attachments/v2/01JK699PBZ645YAFJW2RF45F0B/menu.pdf", "file", True),
        ("https://chat.example/under/sc/attachments/v2/01JK699PBZ645YAFJW2RF45F0B/m", "image", True),
        ("https://chat.example/sc/attachments/v2/01JK699PBZ645YAFJW2RF45F0B/menu.pdf", "template", False),
        ("https://chat.example/sc/attachments/v2/01JK699PBZ645YAFJW2RF45F0B", "image", False),
        ("https://chat.example/a?b=/attachments/v2/01JK699PBZ645YAFJW2RF45F0B/m", "image", False),
        ("https://chat.example/attachments/v2/short/m", "image", False),
        (None, "image", False),
    ],
)
def test_which_addresses_may_be_of_stored_files(url: str | None, kind: str, is_stored: bool) -> None:
    found = uploads._stored({"type": kind, "payload": {"url": url}})
    assert found == ("01JK699PBZ645YAFJW2RF45F0B" if is_stored else None)


def test_the_upload_asks_for_a_copy_that_can_be_used_again(
    house: House, shop: Shop, meta: PlayedMeta, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The body of Meta reference 2.5, and no more than one call."""
    called: list[Any] = []
    real = house.graph.call

    async def call(method: str, path: str, token: str, **more: Any) -> Any:
        if path.endswith("message_attachments"):
            called.append((method, path, token, more["params"], json.loads(json.dumps(more["body"]))))
        return await real(method, path, token, **more)

    Asked(meta, monkeypatch)
    monkeypatch.setattr(house.graph, "call", call)
    url = stored(shop)
    send(shop, person, url, 3)
    wanted = {"message": {"attachment": {"type": "image", "payload": {"url": url, "is_reusable": True}}}}
    assert called == [("POST", "/me/message_attachments", shop.token, {"platform": "instagram"}, wanted)]
