"""Bad input: the right status, the wire's form, a title that names the field, and nothing written."""

import json
import tracemalloc
from typing import Any

import pytest
import structlog.testing

from heliograph.api import body as bodies
from heliograph.api.errors import ApiError
from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.operations import BUSINESS, HOOK, TEXT

APPS = "/v2/apps"
KEYS = "{app}/keys"
INTEGRATIONS = "{app}/integrations"
WEBHOOKS = "{app}/integrations/{custom}/webhooks"
CONVERSATIONS = "{app}/conversations"
CONVERSATION = "{app}/conversations/{conversation}"
MESSAGES = CONVERSATION + "/messages"
ACTIVITY = CONVERSATION + "/activity"
USER = "{app}/users/{user}"

LINK = {"type": "link", "text": "More", "uri": "https://example.com"}
ITEM = {"title": "Tacos", "actions": [LINK]}


def text(**more: Any) -> dict[str, Any]:
    return {"author": BUSINESS, "content": {"type": "text", "text": "x", **more}}


def message(**content: Any) -> dict[str, Any]:
    return {"author": BUSINESS, "content": content}


# method, path, body, status, code, what the title names
BODIES: list[tuple[str, str, Any, int, str, str]] = [
    ("POST", APPS, {}, 400, "bad_request", "should have required property 'displayName'"),
    ("POST", APPS, {"displayName": None}, 400, "bad_request", "displayName must be a string"),
    ("POST", APPS, {"displayName": ""}, 400, "bad_request", "displayName must have at least 1 character"),
    ("POST", APPS, {"displayName": "x" * 101}, 400, "bad_request", "displayName must have at most 100 characters"),
    ("POST", APPS, {"displayName": 7}, 400, "bad_request", "displayName must be a string"),
    ("POST", APPS, {"displayName": "a\0b"}, 400, "bad_request", "displayName must not contain a NUL"),
    ("POST", APPS, {"displayName": "a", "x\0": 1}, 400, "bad_request", "NUL"),
    ("POST", APPS, [], 400, "bad_request", "must be a JSON object"),
    ("POST", APPS, "text", 400, "bad_request", "must be a JSON object"),
    ("POST", APPS, {"displayName": "a", "settings": 1}, 400, "bad_request", "settings must be an object"),
    ("POST", APPS, {"displayName": "a", "settings": {"echoPostback": "yes"}}, 400, "bad_request", "settings.echoPostback"),
    (
        "POST",
        APPS,
        {"displayName": "a", "settings": {"conversationRetentionSeconds": -1}},
        400,
        "bad_request",
        "settings.conversationRetentionSeconds must be at least 0",
    ),
    ("PATCH", "{app}", {"metadata": {"a": "x" * 4096}}, 400, "bad_request", "metadata is limited to 4096 bytes in size."),
    ("PATCH", "{app}", {"metadata": {"a": {"b": 1}}}, 400, "bad_request", "metadata must be flat"),
    ("PATCH", "{app}", {"metadata": {"a": None}}, 400, "bad_request", "metadata must be flat"),
    ("PATCH", "{app}", {"metadata": []}, 400, "bad_request", "metadata must be an object"),
    ("PATCH", "{app}", {"displayName": None}, 400, "bad_request", "displayName"),
    ("POST", KEYS, {"displayName": []}, 400, "bad_request", "displayName"),
    ("GET", KEYS + "/app_nope", None, 404, "not_found", "Resource not found"),
    ("DELETE", KEYS + "/app_000000000000000000000000", None, 404, "not_found", "Resource not found"),
    ("POST", INTEGRATIONS, {}, 400, "bad_request", "should have required property 'type'"),
    ("POST", INTEGRATIONS, {"type": "fax"}, 400, "bad_request", "Invalid integration type"),
    ("POST", INTEGRATIONS, {"type": "telegram"}, 400, "bad_request", "should have required property 'token'"),
    ("POST", INTEGRATIONS, {"type": 3}, 400, "bad_request", "type must be a string"),
    ("POST", INTEGRATIONS, {"type": "custom"}, 400, "bad_request", "'webhooks'"),
    ("POST", INTEGRATIONS, {"type": "custom", "webhooks": []}, 400, "bad_request", "webhooks must have at least 1"),
    ("POST", INTEGRATIONS, {"type": "custom", "webhooks": [HOOK, HOOK]}, 400, "bad_request", "webhooks must have at most 1"),
    (
        "POST",
        INTEGRATIONS,
        {"type": "custom", "webhooks": [{**HOOK, "triggers": ["conversation:mesage"]}]},
        400,
        "bad_request",
        "webhooks[0].triggers has an unknown trigger: conversation:mesage",
    ),
    ("POST", INTEGRATIONS, {"type": "instagram", "appId": "1", "appSecret": "s"}, 400, "bad_request", "'pageAccessToken'"),
    (
        "POST",
        INTEGRATIONS,
        {"type": "instagram", "appId": "1", "appSecret": "s", "pageAccessToken": "t", "humanAgentTag": "sometimes"},
        400,
        "bad_request",
        "humanAgentTag must be one of afterWindow, always, never",
    ),
    (
        "POST",
        INTEGRATIONS,
        {"type": "instagram", "appId": "1", "appSecret": "s", "pageAccessToken": "revoked"},
        400,
        "bad_request",
        "pageAccessToken was refused by Meta",
    ),
    ("PATCH", "{app}/integrations/{instagram}", {"pageAccessToken": "revoked"}, 400, "bad_request", "refused by Meta"),
    ("GET", INTEGRATIONS + "/000000000000000000000000", None, 404, "integration_not_found", "Integration not found"),
    ("PATCH", INTEGRATIONS + "/000000000000000000000000", {}, 404, "integration_not_found", "Integration not found"),
    ("DELETE", INTEGRATIONS + "/x", None, 404, "integration_not_found", "Integration not found"),
    ("GET", "{app}/integrations/{instagram}/keys", None, 400, "bad_request", "only for custom integrations"),
    ("GET", "{app}/integrations/{instagram}/webhooks", None, 403, "forbidden", "Only custom integrations"),
    ("POST", WEBHOOKS, {"target": "ftp://example.com", "triggers": ["user:merge"]}, 400, "bad_request", "target must be"),
    ("POST", WEBHOOKS, {"target": "https://", "triggers": ["user:merge"]}, 400, "bad_request", "target must be"),
    ("POST", WEBHOOKS, {"target": "https://a:b/", "triggers": ["user:merge"]}, 400, "bad_request", "target must be"),
    ("POST", WEBHOOKS, {"target": HOOK["target"], "triggers": []}, 400, "bad_request", "triggers must have at least 1"),
    ("POST", WEBHOOKS, {"target": HOOK["target"], "triggers": "user:merge"}, 400, "bad_request", "triggers must be"),
    ("POST", WEBHOOKS, {"target": HOOK["target"], "triggers": [1]}, 400, "bad_request", "triggers[0] must be a string"),
    ("GET", WEBHOOKS + "/000000000000000000000000", None, 404, "not_found", "Resource not found"),
    ("GET", "{app}/users/nobody", None, 404, "user_not_found", "User not found"),
    ("GET", "{app}/users/no%00body", None, 404, "not_found", "Resource not found"),
    ("GET", "{app}/users/nobody/clients", None, 404, "user_not_found", "User not found"),
    ("PATCH", "{app}/users/nobody", {}, 404, "user_not_found", "User not found"),
    ("PATCH", USER, {"signedUpAt": "yesterday"}, 400, "bad_request", "signedUpAt must be an ISO 8601 time"),
    ("PATCH", USER, {"signedUpAt": "0001-01-01T00:00:00+14:00"}, 400, "bad_request", "signedUpAt"),
    ("PATCH", USER, {"profile": {"email": "nobody"}}, 400, "bad_request", "profile.email must be an email address"),
    ("PATCH", USER, {"profile": {"avatarUrl": "no uri"}}, 400, "bad_request", "profile.avatarUrl must be an absolute URI"),
    ("PATCH", USER, {"profile": {"givenName": "x" * 129}}, 400, "bad_request", "profile.givenName"),
    ("POST", CONVERSATIONS, {}, 400, "bad_request", "'type'"),
    ("POST", CONVERSATIONS, {"type": "group"}, 400, "bad_request", "type must be one of personal, sdkGroup"),
    (
        "POST",
        CONVERSATIONS,
        {"type": "sdkGroup", "participants": [{"userId": "{user}"}]},
        400,
        "bad_request",
        "participants[0].subscribeSDKClient is required",
    ),
    ("POST", CONVERSATIONS, {"type": "personal"}, 400, "bad_request", "participants"),
    ("POST", CONVERSATIONS, {"type": "personal", "participants": [{}]}, 400, "bad_request", "participants[0]"),
    (
        "POST",
        CONVERSATIONS,
        {"type": "personal", "participants": [{"userId": "0" * 24}]},
        404,
        "user_not_found",
        "User not found",
    ),
    (
        "POST",
        CONVERSATIONS,
        {"type": "personal", "participants": [{"userId": "{user}"}]},
        400,
        "bad_request",
        "multiConvoEnabled",
    ),
    ("GET", CONVERSATIONS, None, 400, "bad_request", "filter[userId], filter[userExternalId]"),
    ("GET", CONVERSATIONS + "?filter[userId]=a&filter[userExternalId]=b", None, 400, "bad_request", "filter[userId]"),
    ("GET", CONVERSATIONS + "?filter[userId]=" + "0" * 24, None, 404, "user_not_found", "User not found"),
    ("GET", CONVERSATIONS + '?filter={"userId":7}', None, 400, "bad_request", "filter[userId] must be"),
    ("GET", CONVERSATIONS + "/000000000000000000000000", None, 404, "conversation_not_found", "Conversation not found"),
    ("PATCH", CONVERSATION, {"iconUrl": "x" * 2049}, 400, "bad_request", "iconUrl must have at most 2048"),
    ("GET", CONVERSATIONS + "/x/participants", None, 404, "conversation_not_found", "Conversation not found"),
    ("GET", CONVERSATIONS + "/x/messages", None, 404, "not_found", "Resource not found"),
    ("DELETE", CONVERSATIONS + "/x/messages", None, 404, "conversation_not_found", "Conversation not found"),
    ("DELETE", CONVERSATIONS + "/x/messages/y", None, 404, "conversation_not_found", "Conversation not found"),
    ("DELETE", MESSAGES + "/y", None, 404, "not_found", "Resource not found"),
    ("POST", CONVERSATIONS + "/x/messages", TEXT, 404, "conversation_not_found", "Conversation not found"),
    ("POST", MESSAGES, {"content": {"type": "text", "text": "x"}}, 400, "bad_request", "'author'"),
    ("POST", MESSAGES, {"author": BUSINESS}, 400, "bad_request", "'content'"),
    ("POST", MESSAGES, {**TEXT, "author": {}}, 400, "bad_request", "'author.type'"),
    ("POST", MESSAGES, {**TEXT, "author": {"type": "bot"}}, 400, "bad_request", "author.type must be one of business, user"),
    ("POST", MESSAGES, {**TEXT, "author": {"type": "user"}}, 400, "bad_request", "author: exactly one of userId"),
    ("POST", MESSAGES, {**TEXT, "author": {"type": "user", "userId": "0" * 24}}, 404, "user_not_found", "author"),
    ("POST", MESSAGES, {**TEXT, "author": {**BUSINESS, "subtypes": ["robot"]}}, 400, "bad_request", "author.subtypes[0]"),
    ("POST", MESSAGES, {**TEXT, "author": {**BUSINESS, "avatarUrl": "x"}}, 400, "bad_request", "author.avatarUrl"),
    ("POST", MESSAGES, message(type="telegram"), 400, "bad_request", "content.type must be one of carousel, file, form"),
    ("POST", MESSAGES, message(text="x"), 400, "bad_request", "content.type must be one of"),
    ("POST", MESSAGES, {"author": BUSINESS, "content": 5}, 400, "bad_request", "content"),
    ("POST", MESSAGES, message(type="text"), 400, "bad_request", "content: text is required unless actions"),
    ("POST", MESSAGES, text(text="x" * 4097), 400, "bad_request", "content.text must have at most 4096 characters"),
    ("POST", MESSAGES, text(htmlText="a", markdownText="b"), 400, "bad_request", "htmlText and markdownText exclude"),
    ("POST", MESSAGES, text(actions=[{"type": "fly"}]), 400, "bad_request", "content.actions[0].type must be one of buy"),
    ("POST", MESSAGES, text(actions=[{"type": "reply", "text": "a"}]), 400, "bad_request", "'content.actions[0].payload'"),
    ("POST", MESSAGES, text(actions={}), 400, "bad_request", "content.actions must be an array"),
    ("POST", MESSAGES, message(type="image"), 400, "bad_request", "'content.mediaUrl'"),
    ("POST", MESSAGES, message(type="file", mediaUrl="file:///etc/passwd"), 400, "bad_request", "content.mediaUrl must"),
    ("POST", MESSAGES, message(type="carousel", items=[]), 400, "bad_request", "content.items must have at least 1"),
    ("POST", MESSAGES, message(type="carousel", items=[ITEM] * 11), 400, "bad_request", "at most 10 element"),
    ("POST", MESSAGES, message(type="list", items=[{**ITEM, "actions": []}]), 400, "bad_request", "items[0].actions"),
    ("POST", MESSAGES, message(type="list", items=[{**ITEM, "actions": [LINK] * 4}]), 400, "bad_request", "at most 3"),
    (
        "POST",
        MESSAGES,
        message(type="list", items=[{**ITEM, "actions": [{"type": "reply", "text": "a", "payload": "b"}]}]),
        400,
        "bad_request",
        "content.items[0].actions[0].type must be one of buy, link, postback, webview",
    ),
    ("POST", MESSAGES, message(type="location", coordinates={"lat": "1", "long": 2}), 400, "bad_request", "coordinates.lat"),
    ("POST", MESSAGES, message(type="form", fields=[]), 400, "bad_request", "content.fields must have at least 1"),
    (
        "POST",
        MESSAGES,
        message(type="form", fields=[{"type": "text", "name": "a", "label": "A"}] * 2),
        400,
        "bad_request",
        "names that differ",
    ),
    ("POST", MESSAGES, message(type="template"), 400, "bad_request", "'content.template'"),
    ("POST", MESSAGES, {**TEXT, "metadata": {"a": []}}, 400, "bad_request", "metadata must be flat"),
    ("POST", MESSAGES, {**TEXT, "schema": "whatsapp"}, 400, "bad_request", "schema"),
    ("POST", MESSAGES, {**TEXT, "destination": {"integrationId": "0" * 24}}, 400, "bad_request", "destination"),
    ("POST", MESSAGES, {**TEXT, "destination": {"integrationType": "telegram"}}, 400, "bad_request", "destination"),
    (
        "POST",
        CONVERSATIONS + "/x/messages",
        {**TEXT, "destination": {"integrationType": "telegram"}},
        404,
        "conversation_not_found",
        "Conversation not found",
    ),
    (
        "POST",
        MESSAGES,
        {**TEXT, "author": {"type": "user", "userId": "{user}"}, "destination": {"integrationType": "none"}},
        400,
        "bad_request",
        "destination.integrationType",
    ),
    ("POST", ACTIVITY, {"author": BUSINESS, "type": "waving"}, 400, "bad_request", "type must be one of conversation:read"),
    ("POST", ACTIVITY, {"author": {"type": "user", "userId": "{user}"}, "type": "typing:start"}, 400, "bad_request", "type"),
    ("POST", CONVERSATIONS + "/x/activity", {"author": BUSINESS, "type": "typing:stop"}, 404, "conversation_not_found", ""),
]  # fmt: skip

QUERIES = [
    ("{app}?verbose=1", "verbose"),
    ("{app}/integrations?sort=asc", "sort"),
    ("{app}/integrations?page[from]=1", "page[from]"),
    ('{app}/integrations?page={"from":1}', "page[from]"),
    ("{app}/integrations?page=1", "page must be given as"),
    ("{app}/integrations?page[size]=0", "page[size]"),
    ("{app}/integrations?page[size]=101", "page[size]"),
    ("{app}/integrations?page[size]=ten", "page[size]"),
    ('{app}/integrations?page={"size":true}', "page[size]"),
    ("{app}/integrations?page[after]=abc", "page[after]"),
    ('{app}/integrations?page={"before":7}', "page[before]"),
    ("{app}/integrations?page[after]=" + "0" * 24 + "&page[before]=" + "0" * 24, "exclude"),
    ("{app}/integrations?page[size]=1&page[size]=2", "page[size] must be given once"),
    ("{app}/integrations?filter[types]=fax", "filter[types]"),
    ("{app}/integrations?filter[type]=custom", "filter[type]"),
    ("{app}/integrations?filter[types]=%00", "NUL"),
    ("{app}/integrations?" + "&".join("a=1" for _ in range(60)), "more than 50"),
    (MESSAGES + "?page[before]=zzz", "page[before]"),
]

# raw body, headers, status, code
RAW = [
    (b"{", {}, 400, "bad_request"),
    (b"", {}, 400, "bad_request"),
    (b"\xff\xfe", {}, 400, "bad_request"),
    (b'{"displayName": NaN}', {}, 400, "bad_request"),
    (b'{"displayName": "\\ud800"}', {}, 400, "bad_request"),
    (b'{"displayName": 1e999}', {}, 400, "bad_request"),
    (b'{"displayName": "a", "x": ' + b"[" * 5000, {}, 400, "bad_request"),
    (b'{"displayName": "a", "x": ' + b"[" * 200 + b"]" * 200 + b"}", {}, 400, "bad_request"),
    (b"displayName=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
    (b'{"displayName": "a"}', {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    (b'{"displayName": "' + b"x" * 110_000 + b'"}', {}, 413, "payload_too_large"),
    (b" " * 3_000_000, {}, 413, "payload_too_large"),
]


def names(house: House, shop: Shop) -> dict[str, str]:
    return {
        "{app}": shop.path,
        "{custom}": house.custom(shop.app_id)["id"],
        "{instagram}": shop.integration_id,
        "{user}": shop.person.user_id,
        "{conversation}": shop.person.conversation_id,
    }


def fill(value: str, holes: dict[str, str]) -> str:
    for hole, filling in holes.items():
        value = value.replace(hole, filling)
    return value


def test_every_bad_body_and_unknown_id_is_told_by_name_and_writes_nothing(house: House, shop: Shop) -> None:
    holes = names(house, shop)
    before = contents(house, shop)
    for method, path, body, status, code, title in BODIES:
        sent = None if body is None else json.loads(fill(json.dumps(body), holes))
        answer = house.request(method, fill(path, holes).replace('"', "%22"), sent)
        case = (method, path, body)
        assert answer.status == status, (case, answer.body)
        assert answer.error["code"] == code, (case, answer.body)
        assert title in answer.error["title"], (case, answer.error)
    assert contents(house, shop) == before


@pytest.mark.parametrize(("path", "title"), QUERIES)
def test_a_bad_query_is_told_by_name(house: House, shop: Shop, path: str, title: str) -> None:
    filled = fill(path, {"{app}": shop.path, "{conversation}": shop.person.conversation_id})
    answer = house.get(filled.replace('"', "%22"))
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert title in answer.error["title"]


@pytest.mark.parametrize(("raw", "headers", "status", "code"), RAW, ids=range(len(RAW)))
def test_a_bad_raw_body_is_refused(house: House, raw: bytes, headers: dict[str, str], status: int, code: str) -> None:
    answer = house.request("POST", "/v2/apps", raw=raw, headers=headers)
    assert (answer.status, answer.error["code"]) == (status, code), answer.body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v2/nothing", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("GET", "/v2/apps/", 404, "not_found"),
        ("GET", "/sc", 404, "not_found"),
        ("GET", "/sc/sc/v2/apps", 404, "not_found"),
        ("PUT", "/v2/apps", 405, "method_not_allowed"),
        ("DELETE", "/v2/apps", 405, "method_not_allowed"),
    ],
)
def test_unknown_paths_and_methods_answer_in_the_same_form(
    house: House, method: str, path: str, status: int, code: str
) -> None:
    answer = house.request(method, path)
    assert (answer.status, answer.error["code"]) == (status, code)


def test_several_faults_are_told_at_once(house: House) -> None:
    answer = house.post("/v2/apps", {"settings": {"echoPostback": 1}, "metadata": 2})
    assert answer.status == 400
    titles = " ".join(error["title"] for error in answer.body["errors"])
    assert all(name in titles for name in ("displayName", "settings.echoPostback", "metadata"))


def test_unknown_keys_and_nulls_where_nullable_are_accepted(house: House, shop: Shop) -> None:
    body = {
        "author": {"type": "business", "displayName": None, "subtypes": None, "colour": "red"},
        "content": {"type": "text", "text": "x", "htmlText": None, "actions": None, "font": {"size": 7}},
        "metadata": None, "destination": None, "override": {}, "quotedMessage": None,
    }  # fmt: skip
    answer = house.post(shop.conversation + "/messages", body, key=shop.key)
    assert answer.status == 201, answer.body
    assert answer.body["messages"][0]["content"] == {"type": "text", "text": "x"}
    assert answer.body["messages"][0]["author"] == {"type": "business"}


def test_long_names_do_not_multiply() -> None:
    raw = json.dumps({"n" * 10_000: ["", 1] * 12_500}, separators=(",", ":")).encode()
    tracemalloc.start()
    try:
        bodies.parse("application/json", raw)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    with pytest.raises(ApiError) as caught:
        bodies.parse("application/json", json.dumps({"n" * 10_000: ["", {"a": "\0"}]}).encode())
    assert len(caught.value.titles[0]) < 300


def test_what_nobody_expected_is_a_500_that_tells_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("the reason is nobody's business")

    monkeypatch.setattr("heliograph.messaging.apps.list_apps", broken)
    with structlog.testing.capture_logs() as logged:
        answer = house.get("/v2/apps")
    assert (answer.status, answer.error["code"]) == (500, "internal_error")
    # Workers of this process may have something to say, too.
    of_requests = [line for line in logged if "operation" in line]
    assert [(line["event"], line["operation"], line["exc_info"]) for line in of_requests] == [
        ("request failed", "ListApps", True)
    ]
    assert "reason" not in json.dumps(answer.body)


TABLES = ("apps", "api_keys", "integrations", "webhooks", "users", "clients", "conversations", "participants",
          "messages", "events", "idempotency_keys", "lanes", "jobs", "switchboards", "switchboard_integrations")  # fmt: skip


def contents(house: House, shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """Everything that a request could have written."""
    house.erased()
    return {table: house.rows(f"select * from {table} t order by t::text") for table in TABLES}
