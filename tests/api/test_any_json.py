"""Arbitrary JSON at every body: never a 5xx, every refusal in the wire's form."""

import http.client
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.operations import OPERATIONS, filled
from tests.api.switchboards import switchboard_of

# Names the API knows, so that what is thrown gets past the door; values that are right sometimes.
NAMES = [
    "type", "displayName", "settings", "metadata", "webhooks", "target", "triggers", "appId", "appSecret",
    "pageAccessToken", "participants", "userId", "userExternalId", "author", "content", "text", "htmlText",
    "markdownText", "actions", "items", "title", "mediaUrl", "uri", "payload", "fields", "name", "label", "coordinates",
    "lat", "long", "switchboardIntegration", "integrationType", "nextSwitchboardIntegrationId", "messageHistoryCount",
    "reason", "externalId", "brandId", "participantId", "matchCriteria", "confirmation", "apple", "interactiveDataRef",
    "template", "destination", "integrationId", "profile", "email", "avatarUrl", "signedUpAt", "iconUrl",
]  # fmt: skip
WORDS = [
    "text", "image", "file", "carousel", "list", "location", "form", "formResponse", "template", "business", "user",
    "instagram", "custom", "personal", "link", "reply", "typing:start", "conversation:message", "none",
    "next", "bot", "ticketClosed",
    "https://example.com/a.png", "https://[", "//x", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-23:59", "a@b.c",
]  # fmt: skip

strings = st.one_of(st.sampled_from(WORDS), st.text(max_size=20), st.sampled_from(["", "\0", "\ud800", "x" * 5000]))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), strings, st.sampled_from([2**63, 2**64, 10**400, -0.0])
)
names = st.one_of(st.sampled_from(NAMES), st.text(max_size=8))
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=12
)
BODIES = sorted(name for name, request in OPERATIONS.items() if request.body is not None)


@st.composite
def mutated(draw: st.DrawFn, good: Any) -> Any:
    """A body that is right, with something else in one or several places."""
    if draw(st.integers(0, 3)) == 0:
        return draw(anything)
    if isinstance(good, dict):
        body = {name: draw(mutated(value)) if draw(st.booleans()) else value for name, value in good.items()}
        if draw(st.integers(0, 2)) == 0:
            body[draw(names)] = draw(anything)
        return body
    if isinstance(good, list):
        return [draw(mutated(item)) for item in good] * draw(st.integers(0, 2))
    return good


@pytest.fixture(scope="module")
def target(house: House) -> tuple[Shop, dict[str, str]]:
    app_id, key = house.app(multiConvoEnabled=True)
    integration_id = house.connected(app_id)
    shop = Shop(app_id, key, integration_id, house.person(app_id, integration_id))
    custom = house.custom(app_id)
    switchboard = switchboard_of(house, app_id, bot=custom["id"])
    group = house.post(shop.path + "/conversations", {"type": "sdkGroup"}).body["conversation"]
    ids = {
        "spareId": house.custom(app_id)["id"],
        "whatsappId": house.post(shop.path + "/integrations", {"type": "whatsapp"}).body["integration"]["id"],
        "switchboardId": switchboard.id,
        "switchboardIntegrationId": switchboard.places["bot"],
        "appId": app_id,
        "customId": custom["id"],
        "webhookId": custom["webhooks"][0]["id"],
        "userId": shop.person.user_id,
        "conversationId": shop.person.conversation_id,
        "groupId": group["id"],
    }
    return shop, ids


@pytest.mark.parametrize("operation", BODIES)
def test_arbitrary_json_is_never_a_server_error(
    house: House, target: tuple[Shop, dict[str, str]], operation: str
) -> None:
    _, ids = target
    request = OPERATIONS[operation]
    path = filled(request.path, ids)
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    headers = {"Authorization": house.account.header, "Content-Type": "application/json"}

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(mutated(filled(request.body, ids)))
    def throw(body: Any) -> None:
        raw = json.dumps(body).encode("utf-8", "surrogatepass")
        connection.request(request.method, path, raw, headers)
        response = connection.getresponse()
        text = response.read()
        assert response.headers["content-type"] == "application/json"
        answer = json.loads(text)
        assert response.status < 500, answer
        if response.status >= 400:
            assert set(answer) == {"errors"}
            assert answer["errors"]
            for error in answer["errors"]:
                assert set(error) == {"code", "title"}
                assert error["code"]
                assert error["title"]
        else:
            assert response.status in (200, 201)

    try:
        throw()
    finally:
        connection.close()
