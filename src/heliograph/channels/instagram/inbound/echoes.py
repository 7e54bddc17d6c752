"""Echoes: messages of the account, told apart into our own sends and what was written elsewhere (Meta reference 1.6).

    known mid ──▶ own send, it reached the person
    like a part in flight ──▶ waits for the answer to the send ──▶ [patience over, or outcome unknown] settles the part
    anything else ──▶ written in Instagram's app, or by another program: a message of the business

An echo names no app and no send of ours: all it can be known by is its mid, and what it says.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.inbound import confirmations
from heliograph.channels.instagram.meta.graph import CLOCK_TOLERANCE
from heliograph.channels.instagram.sending import ledger, loading
from heliograph.channels.instagram.sending.delivery_events import USER, delivery_event
from heliograph.channels.instagram.sending.matching import attachments
from heliograph.events import Event
from heliograph.storage import Connection

# An echo that overtook the answer to its own send waits for it: this often, and no longer than this.
ECHO_PAUSE_SECONDS = 0.2
ECHO_PATIENCE = timedelta(minutes=2)
_CLOCK_SLACK = CLOCK_TOLERANCE + timedelta(seconds=5)

Key = tuple[str, str]  # integration, person

# What is shared comes back under the name of what it is (1.6).
_ALIKE = {"MEDIA_SHARE": "share", "ig_post": "share", "ig_reel": "share", "reel": "share", "web_url": "open_url"}


async def known(
    connection: Connection, echoes: Mapping[tuple[str, str], Key]
) -> tuple[set[tuple[str, str]], dict[Key, list[Any]]]:
    """Which echoes we know by their (integration, mid); and what is with Meta for the same people."""
    if not echoes:
        return set(), {}
    # In this order: what was recorded in between is then known by its mid.
    in_flight = await loading.open_parts_of(connection, list(set(echoes.values())))
    rows = await connection.fetch(
        "select k.integration_id, k.mid from mids k join unnest($1::text[], $2::text[]) as e (integration_id, mid)"
        " using (integration_id, mid) where k.part = 0",
        [key[0] for key in echoes],
        [key[1] for key in echoes],
    )
    return {(row["integration_id"], row["mid"]) for row in rows}, in_flight


def begun(open_parts: Iterable[Any], at: datetime) -> list[Any]:
    """The parts that were with Meta by then, as far as clocks tell; Meta writes times of the past in whole seconds."""
    return [part for part in open_parts if part["started_at"] - _CLOCK_SLACK <= at]


def same_part(echo: wire.Message, open_parts: Iterable[Any]) -> Any:
    """The part in flight that this echo is of, by what it says; None when it is of none.

    What Meta does not show may be any part whose answer is still to come. A template whose words Meta gives back in
    another form is taken for the template that is in flight: better than telling it as somebody else's.
    """
    parts = list(open_parts)
    if echo.unsupported:
        return next((part for part in parts if part["state"] == "sending"), None)
    said = _said(echo)
    exact = next((part for part in parts if _asked(part["request"]) == said), None)
    if exact is not None or [one.type for one in echo.attachments] != ["template"]:
        return exact
    return next((part for part in parts if _is_template(part["request"])), None)


def _is_template(request: Mapping[str, Any]) -> bool:
    return [one["type"] for one in attachments(request)] == ["template"]


def _said(echo: wire.Message) -> tuple[str, tuple[Any, ...]]:
    return echo.text, tuple(
        _template(one.title, one.elements) if one.type == "template" else _ALIKE.get(one.type, one.type)
        for one in echo.attachments
    )


def _asked(request: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """The same of a part as it was sent (2.1)."""
    return request.get("text", ""), tuple(_kind(attachment) for attachment in attachments(request))


def _kind(attachment: Mapping[str, Any]) -> Any:
    kind = attachment["type"]
    if kind != "template":
        return _ALIKE.get(kind, kind)
    # Read as its echo would be, so that both are compared in one form.
    echo = wire.read_attachment(attachment)
    return _template(echo.title, echo.elements) if echo is not None else kind


def _template(title: str, elements: Iterable[wire.Element]) -> tuple[Any, ...]:
    """What a template is known by: its words. Meta fills in the titles of products itself."""
    cards = tuple(
        element.id or (element.title, element.subtitle, tuple(button.title for button in element.buttons))
        for element in elements
    )
    return "template", title, cards


async def delivered(
    connection: Connection,
    echoes: Sequence[tuple[str, str]],
    settled: Iterable[tuple[Any, str]],
    reads: Sequence[tuple[str, str, str]],
    now: datetime,
) -> list[Event]:
    """``delivery:user`` for own messages that came back as echoes, or were seen.

    ``echoes``: (integration, mid) of own parts. ``settled``: parts of unknown outcome, with the mid that settles each.
    ``reads``: (client, integration, mid).
    """
    echoed, taken = (
        list(echoes),
        [
            ledger.Taken(part["message_id"], part["part"], mid, part["integration_id"], part["app_id"])
            for part, mid in settled
        ],
    )
    if taken:
        await ledger.lock_of(connection, [one.message_id for one in taken])
        await ledger.take(connection, taken)
        echoed += [(one.integration_id, one.mid) for one in taken]
    confirmed: list[str] = []
    if echoed:
        touched = await confirmations.echoed(connection, echoed)
        confirmed += await confirmations.reached(connection, touched, now)
    if reads:
        confirmed += await confirmations.seen(connection, reads, now)
    if not confirmed:
        return []
    return [delivery_event(USER, row, now) for row in await ledger.about(connection, confirmed)]
