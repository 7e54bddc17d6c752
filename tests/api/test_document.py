"""The document at /openapi.json: valid, complete, and true of what the running API answers."""

from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from heliograph.api.auth import SCOPES
from heliograph.api.reference import event_examples, events
from heliograph.api.reference.tables import COMPONENTS, OPERATIONS, TAGS
from heliograph.api.reference.walk import every, references
from heliograph.events import TRIGGERS
from tests.api import operations as table
from tests.api.conftest import Shop
from tests.api.documented import Document, Shapes, closed, operations, resolved
from tests.api.house import House
from tests.api.test_scopes import call, ids_of, keys_of

# The original's, and of ours: ListCommitments, two about an integration's health, and four of invitations.
ALL_OPERATIONS = 68 + 7

# What has no success to show in a shop on Instagram.
SAYS_NO = {
    *("DownloadMessageRef", "GetDevice", "SyncUser", "CreateSwitchboard", "RevokeAccess"),
    *("GetIntegrationHealth", "CheckIntegrationHealth"),
}


@pytest.fixture(scope="module")
def document(house: House) -> Document:
    return dict(house.get("/openapi.json").body)


def test_it_is_valid_openapi(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    faults = [
        f"{list(fault.instance_path)}: {fault.message[:200]}" for fault in OPENAPI_31_VALIDATOR.iter_errors(document)
    ]
    assert not faults


def test_every_reference_leads_somewhere_and_nothing_lies_about(document: Document) -> None:
    shelf = document["components"]["schemas"]
    assert set(references(document)) == set(shelf)


def test_the_tables_know_the_whole_wire() -> None:
    assert len(OPERATIONS) == ALL_OPERATIONS
    for name, entry in OPERATIONS.items():
        assert entry.answer is None or entry.answer in COMPONENTS, name
    assert set(events.EVENTS) == set(event_examples.PAYLOADS) == TRIGGERS - {"passthrough:messaging"}


def test_everything_has_a_word_of_explanation(document: Document) -> None:
    silent = [
        f"{owner}.{name}"
        for owner, schema in document["components"]["schemas"].items()
        for part in every(schema)
        for name, field in part.get("properties", {}).items()
        if not field.get("description")
    ]
    for _, _, operation in operations(document):
        name = operation["operationId"]
        silent += [name for word in ("summary", "description") if not operation.get(word)]
        silent += [f"{name} {each['name']}" for each in operation.get("parameters", ()) if not each.get("description")]
        silent += [f"{name} {status}" for status, each in operation["responses"].items()
                   if not resolved(document, each).get("description")]  # fmt: skip
    assert not silent


def test_tags_are_known_and_in_order(document: Document) -> None:
    order = [tag["name"] for tag in document["tags"]]
    assert order == [name for name in TAGS if name in order]
    assert {tag for _, _, operation in operations(document) for tag in operation["tags"]} == set(order)


def test_every_operation_tells_who_may_call(document: Document) -> None:
    for _, _, operation in operations(document):
        reach = sorted(SCOPES.get(operation["operationId"], ()))
        expected = [{"basicAuth": reach}, {"bearerAuth": reach}] if reach else []
        assert operation["security"] == expected, operation["operationId"]
        assert not reach or "401" in operation["responses"]
        assert "4XX" not in operation["responses"]


def test_examples_have_the_shape_they_are_examples_of(document: Document) -> None:
    shapes = Shapes(closed(document))
    faults: list[str] = []

    def check(where: str, content: dict[str, Any]) -> None:
        samples = [sample["value"] for sample in content.get("examples", {}).values()]
        samples += [content["example"]] if "example" in content else []
        faults.extend(f"{where}: {fault}" for sample in samples for fault in shapes.faults(content["schema"], sample))

    for _, _, operation in operations(document):
        name = operation["operationId"]
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            assert "example" in content or kind.startswith("multipart"), name
            check(f"{name} request", content)
        for status, answer in operation["responses"].items():
            for kind, content in resolved(document, answer).get("content", {}).items():
                if kind == "text/html":
                    continue
                assert "example" in content or "examples" in content, (name, status)
                check(f"{name} {status}", content)
    for name, webhook in document["webhooks"].items():
        check(name, webhook["post"]["requestBody"]["content"]["application/json"])
    assert not faults


def test_examples_of_what_is_not_served_yet_have_their_shape_too() -> None:
    shapes = Shapes(closed({"components": {"schemas": dict(COMPONENTS)}}))
    for name, entry in OPERATIONS.items():
        if entry.answer is not None:
            assert not shapes.faults({"$ref": f"#/components/schemas/{entry.answer}"}, entry.response), name


def test_links_lead_to_operations_and_name_their_parameters(document: Document) -> None:
    paths = {operation["operationId"]: path for path, _, operation in operations(document)}
    found = 0
    for _, _, operation in operations(document):
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                found += 1
                for parameter in link["parameters"]:
                    assert "{" + parameter.removeprefix("path.") + "}" in paths[link["operationId"]]
    assert found > 20


def test_the_document_is_served_under_both_prefixes(house: House) -> None:
    plain, prefixed = house.get("/openapi.json").body, house.get("/sc/openapi.json").body
    assert prefixed.pop("servers") == [{"url": "/sc"}]
    assert prefixed == plain == house.get("/openapi.json").body


def test_every_real_answer_has_the_documented_shape(house: House, shop: Shop, document: Document) -> None:
    """Closed schemas: an answer may carry nothing that the document does not tell of."""
    shapes, by_name = Shapes(closed(document)), {each["operationId"]: each for _, _, each in operations(document)}
    ids = ids_of(house, shop)
    house.post(shop.conversation + "/messages", {**table.TEXT, "metadata": {"a": 1}})
    faults: list[str] = []
    keys = keys_of(house, ids)
    for name in sorted(set(by_name) & set(SCOPES), key=when):
        answer = call(house, name, ids, keys[min(SCOPES[name])])  # account before app before integration
        schema = shapes.answer(by_name[name], answer.status)
        if schema is None or (answer.status >= 300 and name not in SAYS_NO):
            faults.append(f"{name}: {answer.status} {answer.body}")
        else:
            faults += [f"{name}: {fault}" for fault in shapes.faults(schema, answer.body)]
    assert not faults


def when(name: str) -> int:
    """Reading and writing first, then what takes away, from the smallest thing to the app."""
    taking = ["DeleteWebhook", "DeleteCustomIntegrationKey", "DeleteIntegration", "DeleteAppKey", "DeleteMessage"]
    late = [
        *taking, "DeleteAllMessages", "RemoveClient", "LeaveConversation", "DeleteSwitchboardIntegration",
        "DeleteSwitchboard", "DeleteConversation", "DeleteUserPersonalInformation", "DeleteUser", "DeleteApp",
    ]  # fmt: skip
    return late.index(name) + 1 if name in late else 0


@pytest.mark.parametrize("name", sorted(set(table.OPERATIONS) & set(SCOPES)))
def test_refusals_have_the_documented_shape(house: House, shop: Shop, document: Document, name: str) -> None:
    """Without a key, with an unknown query, with ids that name nothing."""
    shapes = Shapes(closed(document))
    (operation,) = [each for _, _, each in operations(document) if each["operationId"] == name]
    request = table.OPERATIONS[name]
    nothing = dict.fromkeys(
        ("customId", "webhookId", "keyId", "integrationKeyId", "userId", "conversationId", "messageId", "clientId",
         "deviceId", "switchboardId", "switchboardIntegrationId", "integrationId", "zendeskId"), "0" * 24,
    )  # fmt: skip
    body = table.filled(request.body, {**nothing, "appId": shop.app_id})
    path = table.filled(request.path, {**nothing, "appId": shop.app_id})
    lost = table.filled(request.path, {**nothing, "appId": "0" * 24})
    odd = path + ("&" if "?" in path else "?") + "odd=1"
    tries = [(path, {"Authorization": ""}), (odd, {})] + ([(lost, {}), (path, {})] if path.count("/") > 4 else [])
    for where, headers in tries:
        answer = house.request(request.method, where, body, headers=headers)
        schema = shapes.answer(operation, answer.status)
        assert schema is not None, (where, answer.status)
        assert not shapes.faults(schema, answer.body), where


def test_real_events_have_the_documented_shape(house: House, shop: Shop, document: Document) -> None:
    """Whatever the operations told the webhooks, short as it is stored."""
    shapes = Shapes(closed(document))
    ids = ids_of(house, shop)
    house.custom(shop.app_id, *sorted(TRIGGERS))
    for name in ("CreateConversation", "PostMessage", "PostActivity"):
        assert call(house, name, ids, house.account).status < 300
    read = {"author": {"type": "user", "userId": shop.person.user_id}, "type": "conversation:read"}
    assert house.post(shop.conversation + "/activity", read).status == 200
    by_user = {"author": {"type": "user", "userId": shop.person.user_id}, "content": {"type": "text", "text": "Hi"}}
    assert house.post(shop.conversation + "/messages", by_user).status == 201
    told = [row["body"] for row in house.rows("select body::json as body from events where app_id = $1", shop.app_id)]
    faults = [
        f"{event['type']}: {fault}"
        for event in told
        for fault in shapes.faults({"$ref": f"#/components/schemas/{events.component(event['type'])}"}, event)
    ]
    assert not faults
    assert {event["type"] for event in told} >= {
        "conversation:create", "conversation:message", "conversation:read", "conversation:typing",
    }  # fmt: skip
