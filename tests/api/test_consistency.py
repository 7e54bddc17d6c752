"""What holds when requests meet: no orphans, no second default, the same number of statements however long the list."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.routing import APIRoute

from heliograph.api import apps, clients, conversations, integrations, keys, messages, participants, users, webhooks
from tests.api.conftest import Shop
from tests.api.house import Answer, House
from tests.api.operations import BUSINESS, HOOK, TEXT
from tests.simulator.support import eventually


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """All calls at the same time."""
    gate = threading.Barrier(len(calls))

    def after_the_gate(call: Callable[[], Answer]) -> Answer:
        gate.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(after_the_gate, calls))


def test_of_conversations_started_at_once_one_is_the_default(house: House, shop: Shop) -> None:
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    user = house.person(shop.app_id, shop.integration_id)
    for table, column in (("participants", "conversation_id"), ("conversations", "id")):
        house.run(house.database.execute(f"delete from {table} where {column} = $1", user.conversation_id))
    body = {"type": "personal", "participants": [{"userId": user.user_id}]}
    answers = at_once(*[lambda: house.post(shop.path + "/conversations", body)] * 5)
    assert Counter(answer.body["conversation"]["isDefault"] for answer in answers) == {True: 1, False: 4}


def test_the_tenth_webhook_is_made_once(house: House, shop: Shop) -> None:
    path = f"{shop.path}/integrations/{house.custom(shop.app_id)['id']}/webhooks"
    assert [house.post(path, HOOK).status for _ in range(7)] == [201] * 7
    answers = at_once(*[lambda: house.post(path, HOOK)] * 5)
    assert Counter(answer.status for answer in answers) == {201: 2, 400: 3}


@pytest.mark.parametrize("attempt", range(8))
def test_an_app_that_is_deleted_in_full_traffic_leaves_no_orphans(house: House, attempt: int) -> None:
    app_id, key = house.app(multiConvoEnabled=True)
    integration_id = house.connected(app_id)
    person = house.person(app_id, integration_id)
    path = f"/v2/apps/{app_id}"
    conversation = f"{path}/conversations/{person.conversation_id}"
    custom = house.custom(app_id)["id"]
    start = {"type": "personal", "participants": [{"userId": person.user_id}]}
    once = {"Idempotency-Key": "k"}
    *answers, deleted = at_once(
        lambda: house.post(conversation + "/messages", TEXT, key=key),
        lambda: house.post(conversation + "/messages", TEXT, key=key, headers=once),
        lambda: house.post(path + "/conversations", start, key=key),
        lambda: house.post(f"{path}/integrations/{custom}/webhooks", HOOK, key=key),
        lambda: house.post(f"{path}/keys", {"displayName": "k"}),
        lambda: house.patch(f"{path}/users/{person.user_id}", {"metadata": {"a": attempt}}),
        lambda: house.delete(f"{path}/integrations/{integration_id}"),
        lambda: house.delete(path),
    )
    assert deleted.status == 200
    assert {answer.status for answer in answers} <= {200, 201, 401, 404}
    house.erased()
    for table in ("api_keys", "integrations", "webhooks", "users", "clients", "conversations", "participants",
                  "messages", "events", "idempotency_keys"):  # fmt: skip
        assert house.rows(f"select 1 from {table} where app_id = $1", app_id) == [], table
    lanes = house.rows("select kind, key from lanes union all select kind, key from jobs")
    assert not [lane for lane in lanes if person.conversation_id in lane["key"]]


def test_a_deleted_app_is_gone_at_once_whatever_holds_its_conversations(house: House, shop: Shop) -> None:
    body = {"type": "text", "text": "x"}
    house.run(house.database.execute(_MANY_MESSAGES, shop.app_id, shop.person.conversation_id, body))

    async def delete_and_kill() -> tuple[Answer, Answer]:
        async with house.database.transaction() as connection:
            await connection.execute("select from conversations where id = $1 for update", shop.person.conversation_id)
            deleted = await asyncio.to_thread(house.delete, shop.path)
            after = await asyncio.to_thread(house.get, shop.conversation)
            for _ in range(1000):
                if await house.database.fetchval(_HOW_MANY, shop.person.conversation_id) < 5000:
                    break
                await asyncio.sleep(0.01)
            await house.kill_eraser()
        house.start_eraser()
        return deleted, after

    deleted, after = house.run(delete_and_kill())
    assert (deleted.status, deleted.body, after.status) == (200, {}, 404)
    house.erased()
    assert house.rows("select 1 from messages where app_id = $1", shop.app_id) == []
    assert house.rows("select 1 from conversations where app_id = $1", shop.app_id) == []


def test_what_stragglers_write_is_erased_after_the_grace(house: House, shop: Shop) -> None:
    async def restart(grace: float) -> None:
        await house.kill_eraser()
        house.start_eraser(grace)

    async def the_grace_is_over() -> None:
        async with house.database.transaction() as connection:
            await connection.execute("update jobs set enqueued_at = now() - interval '2 h' where kind = 'erase'")
            await connection.execute("update lanes set due_at = now() where kind = 'erase'")

    house.erased()  # what others left does not get this grace
    house.run(restart(3600))
    try:
        assert house.delete(shop.path).status == 200
        waits = "select 1 from lanes where kind = 'erase' and lease = 0 and due_at > now() + interval '30 min'"
        eventually(lambda: house.rows(waits))
        assert not house.rows("select 1 from conversations where app_id = $1", shop.app_id)
        late = "insert into mids (integration_id, mid, app_id) values ($2, 'late', $1)"
        house.run(house.database.execute(late, shop.app_id, shop.integration_id))
        house.run(the_grace_is_over())
        house.erased()
    finally:
        house.run(restart(0))
        house.run(the_grace_is_over())
    assert house.rows("select 1 from mids where app_id = $1", shop.app_id) == []


_MANY_MESSAGES = """
insert into messages (id, app_id, conversation_id, author_type, received, body)
select md5(n || $2), $1, $2, 'business', now(), $3::json from generate_series(1, 5000) n
"""
_HOW_MANY = "select count(*) from messages where conversation_id = $1"


def test_who_names_no_key_needs_no_connection(house: House) -> None:
    async def with_all_taken() -> list[int]:
        async with contextlib.AsyncExitStack() as taken:
            for _ in range(house.database.pool.get_max_size()):
                await taken.enter_async_context(house.database.pool.acquire())
            calls = [
                asyncio.to_thread(house.get, "/v2/apps", headers={"Authorization": header})
                for header in ("", "Bearer x", "Basic ?", "Basic bm90IGEga2V5")
            ]
            return [answer.status for answer in await asyncio.wait_for(asyncio.gather(*calls), 20)]

    assert house.run(with_all_taken()) == [401] * 4


@pytest.mark.parametrize("listed", ["integrations", "messages", "participants", "clients", "conversations"])
def test_a_list_costs_the_same_statements_however_long_it_is(house: House, shop: Shop, listed: str) -> None:
    paths = {
        "integrations": shop.path + "/integrations",
        "messages": shop.conversation + "/messages",
        "participants": shop.conversation + "/participants",
        "clients": f"{shop.path}/users/{shop.person.user_id}/clients",
        "conversations": f"{shop.path}/conversations?filter[userId]={shop.person.user_id}",
    }
    house.custom(shop.app_id)
    few = statements(house, lambda: house.get(paths[listed], key=shop.key))
    for _ in range(7):
        house.custom(shop.app_id)
        house.post(shop.conversation + "/messages", TEXT)
    house.patch(shop.path, {"settings": {"multiConvoEnabled": True}})
    start = {"type": "personal", "participants": [{"userId": shop.person.user_id}]}
    house.post(shop.path + "/conversations", start)
    many = statements(house, lambda: house.get(paths[listed], key=shop.key))
    assert few == many <= 4


def test_posting_costs_a_constant_handful_of_statements(house: House, shop: Shop) -> None:
    house.custom(shop.app_id)
    count = statements(house, lambda: house.post(shop.conversation + "/messages", TEXT, key=shop.key))
    assert count <= 12


def statements(house: House, call: Callable[[], Answer]) -> int:
    """How many statements a request makes (but for those of the pool itself)."""
    seen: list[str] = []

    def watch(record: Any) -> None:
        if "pg_advisory_unlock_all" not in record.query:
            seen.append(record.query)

    async def set_watch(on: bool) -> None:
        for holder in house.database.pool._holders:
            if holder._con is not None and not holder._con.is_closed():
                (holder._con.add_query_logger if on else holder._con.remove_query_logger)(watch)

    house.run(set_watch(True))
    answer = call()
    house.run(set_watch(False))
    assert answer.status in (200, 201)
    assert seen
    return len(seen)


def test_answers_are_what_the_document_says_they_are(house: House, shop: Shop) -> None:
    """The models of answers stand in the OpenAPI document only; this keeps them true."""
    custom = house.custom(shop.app_id)
    key = house.post(shop.path + "/keys", {"displayName": "k"})
    message = house.post(
        shop.conversation + "/messages", {"author": BUSINESS, "content": {"type": "text", "text": "x"}}
    )
    hooks = f"{shop.path}/integrations/{custom['id']}/webhooks"
    answers = {
        "GetApp": house.get(shop.path),
        "ListApps": house.get("/v2/apps?page[size]=1"),
        "CreateAppKey": key,
        "ListAppKeys": house.get(shop.path + "/keys"),
        "ListIntegrations": house.get(shop.path + "/integrations"),
        "GetIntegration": house.get(f"{shop.path}/integrations/{custom['id']}"),
        "GetWebhook": house.get(f"{hooks}/{custom['webhooks'][0]['id']}"),
        "ListWebhooks": house.get(hooks),
        "GetUser": house.get(f"{shop.path}/users/{shop.person.user_id}"),
        "ListClients": house.get(f"{shop.path}/users/{shop.person.user_id}/clients"),
        "GetConversation": house.get(shop.conversation),
        "ListConversations": house.get(f"{shop.path}/conversations?filter[userId]={shop.person.user_id}"),
        "ListParticipants": house.get(shop.conversation + "/participants"),
        "PostMessage": message,
        "ListMessages": house.get(shop.conversation + "/messages"),
    }
    rooms = (apps, keys, integrations, webhooks, users, clients, conversations, participants, messages)
    models = {
        route.operation_id: route.response_model
        for room in rooms
        for route in room.router.routes
        if isinstance(route, APIRoute)
    }
    for operation, answer in answers.items():
        parsed = models[operation].model_validate(answer.body)
        assert parsed.lean() == answer.body, operation
