"""Cursors, in every encoding that real clients send."""

import json
from urllib.parse import quote

import pytest
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import AppsApi, IntegrationsApi, MessagesApi

from tests.api.conftest import Shop
from tests.api.house import Answer, House, path_of


def hooks(house: House, shop: Shop, count: int) -> list[str]:
    """The ids of a shop's integrations: the Instagram one, and ``count`` custom ones."""
    return [shop.integration_id, *(house.custom(shop.app_id)["id"] for _ in range(count))]


def ids(answer: Answer, name: str = "integrations") -> list[str]:
    assert answer.status == 200, answer.body
    return [item["id"] for item in answer.body[name]]


def deep_object(**page: str | int) -> str:
    return "&".join(f"page[{name}]={value}" for name, value in page.items())


def escaped_deep_object(**page: str | int) -> str:
    return "&".join(f"page%5B{name}%5D={value}" for name, value in page.items())


def json_text(**page: str | int) -> str:
    return "page=" + quote(json.dumps(page))


@pytest.mark.parametrize("encode", [deep_object, escaped_deep_object, json_text])
def test_every_encoding_walks_there_and_back(house: House, shop: Shop, encode: object) -> None:
    assert callable(encode)
    all_ids = hooks(house, shop, 4)
    path = shop.path + "/integrations?"
    first = house.get(path + encode(size=2))
    assert ids(first) == all_ids[:2]
    assert first.body["meta"] == {"hasMore": True, "afterCursor": all_ids[1]}
    assert set(first.body["links"]) == {"next"}
    second = house.get(path + encode(size=2, after=all_ids[1]))
    assert ids(second) == all_ids[2:4]
    assert second.body["meta"] == {"hasMore": True, "afterCursor": all_ids[3], "beforeCursor": all_ids[2]}
    last = house.get(path + encode(size=2, after=all_ids[3]))
    assert ids(last) == all_ids[4:]
    assert last.body["meta"] == {"hasMore": False, "beforeCursor": all_ids[4]}
    back = house.get(path + encode(size=2, before=all_ids[4]))
    assert ids(back) == all_ids[2:4]
    assert back.body["meta"] == {"hasMore": True, "afterCursor": all_ids[3], "beforeCursor": all_ids[2]}
    beginning = house.get(path + encode(size=2, before=all_ids[2]))
    assert ids(beginning) == all_ids[:2]
    assert beginning.body["meta"] == {"hasMore": False, "afterCursor": all_ids[1]}


def test_the_first_key_alone_is_enough(house: House, shop: Shop) -> None:
    """The JavaScript client drops every key of ``page`` and ``filter`` but the first."""
    all_ids = hooks(house, shop, 1)
    assert ids(house.get(f"{shop.path}/integrations?page[after]={all_ids[0]}")) == all_ids[1:]
    assert ids(house.get(f"{shop.path}/integrations?filter[types]=custom")) == all_ids[1:]


@pytest.mark.parametrize("prefix", ["", "/sc"])
def test_links_lead_to_the_next_page_with_everything_that_was_asked(house: House, shop: Shop, prefix: str) -> None:
    all_ids = hooks(house, shop, 3)
    answer = house.get(
        f"{prefix}{shop.path}/integrations?" + deep_object(size=1) + "&filter[types]=custom,instagram",
        headers={"Host": "chat.example.org", "X-Forwarded-Proto": "https"},
    )
    seen = ids(answer)
    while "next" in answer.body["links"]:
        link = answer.body["links"]["next"]
        assert link.startswith((f"https://chat.example.org{prefix}/v2/apps/", house.url + prefix))
        answer = house.get(path_of(link))
        seen += ids(answer)
    assert seen == all_ids
    while "prev" in answer.body["links"]:
        answer = house.get(path_of(answer.body["links"]["prev"]))
    assert ids(answer) == all_ids[:1]


def test_the_official_client_pages(house: House, shop: Shop) -> None:
    all_ids = hooks(house, shop, 2)
    with house.client(shop.key, "/sc") as client:
        api = IntegrationsApi(client)
        first = api.list_integrations(shop.app_id, page=m.Page(size=2))
        assert [item.id for item in first.integrations] == all_ids[:2]
        rest = api.list_integrations(shop.app_id, page=m.Page(after=first.meta.after_cursor, size=2))
        assert [item.id for item in rest.integrations] == all_ids[2:]
        custom = api.list_integrations(shop.app_id, filter=m.IntegrationListFilter(types="custom"))
        assert [item.id for item in custom.integrations] == all_ids[1:]
    with house.client(house.account) as client:
        assert len(AppsApi(client).list_apps(page=m.Page(size=1)).apps) == 1


def test_messages_come_newest_page_first_a_hundred_at_a_time(house: House, shop: Shop) -> None:
    posted = [post(house, shop, str(number)) for number in range(205)]
    path = shop.conversation + "/messages"
    newest = house.get(path + "?page[size]=3")
    assert ids(newest, "messages") == posted[105:]
    assert newest.body["meta"] == {"hasMore": True, "beforeCursor": posted[105]}
    middle = house.get(path_of(newest.body["links"]["prev"]))
    assert ids(middle, "messages") == posted[5:105]
    assert middle.body["meta"] == {"hasMore": True, "afterCursor": posted[104], "beforeCursor": posted[5]}
    oldest = house.get(path_of(middle.body["links"]["prev"]))
    assert ids(oldest, "messages") == posted[:5]
    assert oldest.body["meta"] == {"hasMore": False, "afterCursor": posted[4]}
    forth = house.get(path_of(oldest.body["links"]["next"]))
    assert ids(forth, "messages") == posted[5:105]
    with house.client(shop.key) as client:
        page = MessagesApi(client).list_messages(
            shop.app_id, shop.person.conversation_id, page=m.Page(before=posted[105])
        )
        assert [message.id for message in page.messages] == posted[5:105]


def test_paging_goes_on_when_the_cursors_message_was_deleted(house: House, shop: Shop) -> None:
    posted = [post(house, shop, str(number)) for number in range(4)]
    path = shop.conversation + "/messages"
    assert house.delete(f"{path}/{posted[2]}").status == 200
    assert ids(house.get(f"{path}?page[after]={posted[2]}"), "messages") == posted[3:]
    assert ids(house.get(f"{path}?page[before]={posted[2]}"), "messages") == posted[:2]


def post(house: House, shop: Shop, text: str) -> str:
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": text}}
    answer = house.post(shop.conversation + "/messages", body, key=shop.key)
    assert answer.status == 201
    return str(answer.body["messages"][0]["id"])
