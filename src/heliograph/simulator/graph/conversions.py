"""Conversion events: ``POST /{ig-account-id}/dataset`` and ``POST /{dataset-id}/events``.

Source: Meta's onboarding guide of the Conversions API for business messaging, and its page on server event parameters.
An account has one dataset, made when it is first asked for.
"""

from typing import Any

from heliograph.simulator import ids
from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import tokens
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Account, Dataset

MOST_EVENTS = 1000
OLDEST_SECONDS = 7 * 24 * 3600


async def dataset(call: Call, node: Account) -> dict[str, Any]:
    """The id of an account's dataset."""
    _check_token(call, node)
    found = next((one for one in call.world.state.datasets.values() if one.account_id == node.id), None)
    if found is None:
        state = call.world.state
        found = state.add(Dataset(state.fresh(lambda: ids.digits(16)), node.id))
    return {"id": found.id}


async def events(call: Call, node: Dataset) -> dict[str, Any]:
    """Take events; one that is wrong refuses all."""
    account = call.world.state.accounts[node.account_id]
    _check_token(call, account)
    data = call.params.get("data")
    if not isinstance(data, list) or not 0 < len(data) <= MOST_EVENTS:
        raise refuse("parameter", reason=f"Param data must be an array of 1 to {MOST_EVENTS} events")
    for index, event in enumerate(data):
        _check_event(call, account, index, event)
    node.received += len(data)
    call.world.state.save(node)
    call.note = ", ".join(sorted({event["event_name"] for event in data}))
    return {"events_received": len(data), "messages": [], "fbtrace_id": ids.trace_id()}


def _check_token(call: Call, account: Account) -> None:
    token, page = call.page_token()
    if page.id != account.page_id:
        raise call.unsupported(call.segments[0])
    if not tokens.covers(token, call.flavour.events_scope, account.id):
        raise refuse("permission")


def _check_event(call: Call, account: Account, index: int, event: Any) -> None:
    if not isinstance(event, dict):
        raise _wrong(index, "", "must be an object")
    if not isinstance(event.get("event_name"), str) or not event["event_name"]:
        raise _wrong(index, "[event_name]", "is required")
    at = event.get("event_time")
    if not isinstance(at, int):
        raise _wrong(index, "[event_time]", "must be a Unix timestamp")
    now = call.world.clock.now_ms() // 1000
    if not now - OLDEST_SECONDS <= at <= now + 60:
        raise refuse("event_too_old")
    for name, value in (("action_source", "business_messaging"), ("messaging_channel", "instagram")):
        if event.get(name) != value:
            raise _wrong(index, f"[{name}]", f'must be "{value}"')
    _check_person(call, account, index, event.get("user_data"))


def _check_person(call: Call, account: Account, index: int, who: Any) -> None:
    given = who if isinstance(who, dict) else {}
    if given.get("instagram_business_account_id") != account.id:
        raise _wrong(index, "[user_data][instagram_business_account_id]", "must be the account of the dataset")
    thread = call.world.state.by_igsid.get(str(given.get("ig_sid")))
    if thread is None or thread.account_id != account.id:
        raise _wrong(index, "[user_data][ig_sid]", "must be somebody who wrote to the account")


def _wrong(index: int, where: str, what: str) -> Exception:
    return refuse("parameter", reason=f"Param data[{index}]{where} {what}")
