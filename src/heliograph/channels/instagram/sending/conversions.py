"""Conversion events: what a person did in the conversation, told to Meta's ad measurement.

Source: Meta's onboarding guide of the Conversions API for business messaging, section on ads that click to Instagram
Direct. The token needs ``instagram_manage_events``.
"""

from collections.abc import Mapping
from typing import Any

from heliograph.channels.base import ChannelError, Conversions, SendOutcome
from heliograph.channels.instagram.meta.answers import refusal
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError

PERMISSION = "instagram_manage_events"


async def post(
    graph: Graph, account_id: str, person: str, payload: Mapping[str, Any], token: str, secret: str | None
) -> Conversions:
    """Find the account's dataset (Meta makes it when there is none), and send it the events.

    Raises :class:`ChannelError`.
    """
    dataset = await _call(graph, f"/{account_id}/dataset", None, token, secret)
    dataset_id = dataset.get("id")
    if not isinstance(dataset_id, str) or not dataset_id.isdecimal():
        raise ChannelError(SendOutcome.RETRY, "Meta named no dataset for the account. Try again.")
    body = {**payload, "data": [filled_in(event, account_id, person) for event in payload["data"]]}
    answer = await _call(graph, f"/{dataset_id}/events", body, token, secret)
    received = answer.get("events_received")
    if not isinstance(received, int):
        raise ChannelError(SendOutcome.UNKNOWN, "Meta did not tell how many events it received; it may have them.")
    return Conversions(dataset_id, received)


def filled_in(event: Mapping[str, Any], account_id: str, person: str) -> dict[str, Any]:
    """An event with the channel, and with who it was. Pure. Other things the caller knows of the person stay."""
    given = event.get("user_data")
    known = given if isinstance(given, dict) else {}
    who = {**known, "instagram_business_account_id": account_id, "ig_sid": person}
    return {**event, "messaging_channel": "instagram", "user_data": who}


async def _call(
    graph: Graph, path: str, body: Mapping[str, Any] | None, token: str, secret: str | None
) -> dict[str, Any]:
    try:
        return await graph.call("POST", path, token, secret=secret, body=body, name="conversions")
    except GraphError as error:
        refused = refusal(error)
        text = f"Meta refused the conversion events. {_advice(refused.outcome)}Meta said: {error}"
        raise ChannelError(refused.outcome, text) from error
    except NotSentError as error:
        raise ChannelError(SendOutcome.RETRY, f"Meta could not be reached: {error}. Try again.") from error
    except NoAnswerError as error:
        text = f"Meta did not answer: {error}. It may have received the events."
        raise ChannelError(SendOutcome.UNKNOWN, text) from error


def _advice(outcome: SendOutcome) -> str:
    return {
        SendOutcome.RECONNECT: "The Page token is no longer valid: update the integration with a new pageAccessToken. ",
        SendOutcome.CONFIGURATION: f"The token needs the permission {PERMISSION}. ",
        SendOutcome.RATE_LIMITED: "Its rate limit is reached: send less, or wait. ",
        SendOutcome.RETRY: "It was not able to take them: try again. ",
    }.get(outcome, "")
