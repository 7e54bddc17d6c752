"""The four actions: pass, offer, accept, release (Sunshine reference 1.8, 3.3).

    lock conversation ──▶ switchboard ──▶ may they? ──▶ whom? ──▶ write the row ──▶ tell

The conversation's row decides between two actions at once: the second one finds what the first one left.

An action that cannot be done changes nothing and is told as its ``:failure`` event. It is also refused to the caller
when the request was at fault (it names nobody, or there is no switchboard); what the conversation has come to since is
nobody's fault, and is told by the event alone. ``releaseControl`` cannot fail: there is no such event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heliograph.events import Audience, Event, publish
from heliograph.messaging import shapes
from heliograph.messaging.posting_conversation import ConversationNotFoundError
from heliograph.messaging.switchboard.targets import InvalidTargetError, Place, resolve
from heliograph.storage import Connection

INVALID_ACTION = "switchboard_invalid_action"
INVALID_TARGET = "switchboard_invalid_target"


class NotAllowedError(Exception):
    """An integration's own key may not do this. The text says why."""


@dataclass(frozen=True, slots=True)
class Action:
    """What is asked for. ``caller``: the integration whose own key asks; None for other keys.

    ``details`` are ``metadata`` and ``reason``, as far as given; they go into the event.
    """

    app_id: str
    conversation_id: str
    caller: str | None
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an action could not be done; ``callers_fault``: the request could never have been right."""

    code: str
    message: str
    callers_fault: bool


# Served by conversations_pkey. The switchboard is read after the lock: as it is now, and not when the wait began.
_LOCK = "select v.* from conversations v where v.id = $2 and v.app_id = $1 for update"
_PLACES = """
select i.* from switchboards s join switchboard_integrations i on i.switchboard_id = s.id
where s.app_id = $1 and s.enabled order by i.id
"""
_MOVE = """
update conversations set active_switchboard_integration_id = $2, pending_switchboard_integration_id = $3 where id = $1
"""

# The last ones, oldest first. Served by messages_of_conversation.
_HISTORY = """
select body from (
    select seq, body from messages where conversation_id = $1 and not deleted order by seq desc limit $2
) m order by seq
"""


_NO_SWITCHBOARD = Failure(INVALID_ACTION, "The app has no enabled switchboard", callers_fault=True)
_OFFER_TO_ACTIVE = Failure(
    INVALID_TARGET, "Cannot offer control to the active switchboard integration.", callers_fault=False
)
_NOTHING_PENDING = Failure(INVALID_ACTION, "There is no pendingSwitchboardIntegration", callers_fault=False)


async def pass_control(connection: Connection, action: Action, target: str) -> Failure | None:
    """Give control to a switchboard integration; an offer is withdrawn. Passing to whom is in control does nothing.

    Raises :class:`ConversationNotFoundError`.
    """
    scene = await _enter(connection, action)
    place = scene.place_of(target)
    if isinstance(place, Failure):
        return await scene.fail("passControl", place)
    if place["id"] != scene.active:
        history = await scene.history(place["message_history_count"])
        await scene.move("passControl", place["id"], None, history)
    return None


async def offer_control(connection: Connection, action: Action, target: str) -> Failure | None:
    """Offer control to a switchboard integration; an earlier offer is withdrawn.

    Raises :class:`ConversationNotFoundError`.
    """
    scene = await _enter(connection, action)
    place = scene.place_of(target)
    if isinstance(place, Failure):
        return await scene.fail("offerControl", place)
    if place["id"] == scene.active:
        return await scene.fail("offerControl", _OFFER_TO_ACTIVE)
    await scene.move("offerControl", scene.active, place["id"])
    return None


async def accept_control(connection: Connection, action: Action) -> Failure | None:
    """Give control to whom it was offered.

    Raises :class:`ConversationNotFoundError`, and :class:`NotAllowedError` for an integration that was offered nothing.
    """
    scene = await _enter(connection, action)
    if not scene.is_the_caller(scene.pending):
        raise NotAllowedError("Control was not offered to this integration")
    if scene.pending is None:
        return await scene.fail("acceptControl", _NOTHING_PENDING)
    await scene.move("acceptControl", scene.pending, None)
    return None


async def release_control(connection: Connection, action: Action) -> None:
    """Take control from whoever has it, and every offer back. When there is neither, nothing is told.

    Raises :class:`ConversationNotFoundError`, and :class:`NotAllowedError` for an integration that is not in control.
    """
    scene = await _enter(connection, action)
    if not scene.is_the_caller(scene.active):
        raise NotAllowedError("This integration is not in control of the conversation")
    if scene.active is not None or scene.pending is not None:
        await scene.move("releaseControl", None, None)


@dataclass(slots=True)
class _Scene:
    """A locked conversation and who is on the switchboard. ``active`` and ``pending`` are on it, or None."""

    connection: Connection
    action: Action
    row: dict[str, Any]
    places: Sequence[Place]
    active: str | None
    pending: str | None

    def is_the_caller(self, place_id: str | None) -> bool:
        """Whether the caller may act as this one: other keys than an integration's own may act as anybody."""
        return self.action.caller is None or (place_id is not None and place_id == self._own())

    def place_of(self, target: str) -> Place | Failure:
        """Whom the request means. ``next`` is counted from the caller where it has a place, else from the active."""
        if not self.places:
            return _NO_SWITCHBOARD
        try:
            return resolve(target, self.places, after=self._own() or self.active)
        except InvalidTargetError as error:
            return Failure(INVALID_TARGET, str(error), callers_fault=True)

    async def history(self, count: int | None) -> list[dict[str, Any]]:
        """The conversation's last messages."""
        if count is None:
            return []
        return [row["body"] for row in await self.connection.fetch(_HISTORY, self.row["id"], count)]

    async def move(
        self, name: str, active: str | None, pending: str | None, history: Sequence[dict[str, Any]] = ()
    ) -> None:
        """Write who is in control now, and tell those it concerns, whatever they hear otherwise.

        The messages are for whom control goes to, and for nobody else: the event is then told in two ways.
        """
        before = {self.active, self.pending}
        await self.connection.execute(_MOVE, self.row["id"], active, pending)
        self.active, self.pending = active, pending
        also = frozenset(id_ for id_ in {*before, active, pending} if id_ is not None)
        if history:
            await self._tell(name, Audience(also, only=active), messageHistory=list(history))
            await self._tell(name, Audience(also, but=active))
        else:
            await self._tell(name, Audience(also))

    async def fail(self, name: str, failure: Failure) -> Failure:
        """Tell that it could not be done: also to the caller, in control or not."""
        own = self._own()
        error = {"code": failure.code, "message": failure.message}
        await self._tell(f"{name}:failure", Audience(frozenset({own} if own else ())), error=error)
        return failure

    def _own(self) -> str | None:
        return next((p["id"] for p in self.places if p["integration_id"] == self.action.caller), None)

    async def _tell(self, name: str, audience: Audience, **more: Any) -> None:
        row = {
            **self.row,
            "active_switchboard_integration_id": self.active,
            "pending_switchboard_integration_id": self.pending,
            "switchboard": {"integrations": {place["id"]: shapes.on_switchboard(place) for place in self.places}},
        }
        payload = {"conversation": shapes.conversation_brief(row), **self.action.details, **more}
        # The time was read before the wait for the conversation: what was written meanwhile must not come after it.
        at = max(self.action.at, self.row["last_updated_at"])
        event = Event(self.action.app_id, f"switchboard:{name}", payload, at, self.row["id"], audience=audience)
        await publish(self.connection, [event])


async def _enter(connection: Connection, action: Action) -> _Scene:
    row = await connection.fetchrow(_LOCK, action.app_id, action.conversation_id)
    if row is None:
        raise ConversationNotFoundError
    places = list(await connection.fetch(_PLACES, action.app_id))
    known = {place["id"] for place in places}
    active, pending = (row[f"{role}_switchboard_integration_id"] for role in ("active", "pending"))
    return _Scene(
        connection, action, dict(row), places,
        active if active in known else None, pending if pending in known else None,
    )  # fmt: skip
