"""Steps: the jobs of an `inbound` lane, understood and put in the order in which they happened. Rules of single items.

Meta does not keep an order (Meta reference 1.4). Within what waits together, its times decide; what happens to a message
never comes before the message.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.accounts.records import Account
from heliograph.channels.instagram.journal.leftovers import Leftover
from heliograph.lanes import Job
from heliograph.messaging import contacts, intake
from heliograph.storage import Connection

# Why a tap or a mention of somebody who never wrote is left (`ignoreAutoConversationStart`).
NO_START = "switched_off:conversation_start"

# What happens to a message that is named.
_ABOUT_A_MESSAGE = (wire.Unsend, wire.Reaction, wire.Edit)
# What a person does that Meta counts: it opens the window (Meta reference 2.3).
_ACTIONS = (wire.Message, wire.StoryMention, wire.Postback, wire.NotUnderstood)


@dataclass(slots=True, kw_only=True)
class Step:
    """One job of a lane: an item, its event, and the integrations it is for. ``app`` is the Facebook app.

    Without an ``event`` there is nothing to do any more: the item was erased since.
    """

    job: Job
    journal_id: int
    path: str
    account: str = ""
    person: str = ""
    event: wire.Event | None = None
    routes: list[Account] = field(default_factory=list)
    received_at: datetime | None = None
    app: str = ""
    standby: bool = False
    backfill_run: int | None = None  # the run that found what no webhook told


def in_order(steps: Sequence[Step]) -> list[Step]:
    """The steps by Meta's time; those of one time, and those that tell none, stay behind those before them.

    A reaction, an edit or an unsend comes behind its message, if that is among them, whatever the times say. So does
    what a backfill run found, behind the webhook of the same message, which tells more.
    """
    by_webhook = {
        said: getattr(step.event, "at", None) for step in steps if step.backfill_run is None and (said := _says(step))
    }
    moments: list[datetime | None] = []
    # Where each run's webhook has come to: its times are whole seconds (5.2), its order is Meta's.
    come_to: dict[int, datetime] = {}
    for step in steps:
        at = getattr(step.event, "at", None)
        if step.backfill_run is not None:
            at = by_webhook.get(_says(step) or "") or at
            if at is not None:
                at = come_to[step.journal_id] = max(at, come_to.get(step.journal_id, at))
        moments.append(at if at is not None else (moments[-1] if moments else None))
    earliest = next((moment for moment in moments if moment is not None), None)
    if earliest is None:
        return list(steps)
    ranked = sorted(
        range(len(steps)),
        key=lambda number: (moments[number] or earliest, steps[number].backfill_run is not None, number),
    )
    ahead = {mid for step in steps if (mid := _says(step)) is not None}
    waiting: dict[str, list[Step]] = defaultdict(list)
    ordered: list[Step] = []
    for step in (steps[number] for number in ranked):
        about = step.event.mid if isinstance(step.event, _ABOUT_A_MESSAGE) else None
        if about is not None and about in ahead:
            waiting[about].append(step)
            continue
        ordered.append(step)
        said = _says(step)
        if said is not None:
            ahead.discard(said)
            ordered += waiting.pop(said, ())
    return ordered


def _says(step: Step) -> str | None:
    """The mid that a step brings."""
    brings = isinstance(step.event, wire.Message | wire.StoryMention | wire.Postback)
    return step.event.mid if brings and step.event is not None else None  # type: ignore[union-attr]


# Of messages that we have, whose conversation it is. Served by mids_pkey, messages_pkey, participants_of_conversation
# and clients_pkey.
_WHOSE = """
select k.integration_id, k.mid, c.external_id
from unnest($1::text[], $2::text[]) as e (integration_id, mid)
join mids k on k.integration_id = e.integration_id and k.mid = e.mid and k.part = 0
join messages m on m.id = k.message_id
join participants p on p.conversation_id = m.conversation_id
join clients c on c.id = p.client_id and c.integration_id = k.integration_id
"""


async def find_people(connection: Connection, steps: Iterable[Step]) -> None:
    """Fill in the person of items that name nobody, as some reads do (1.5), by the message that they name."""
    wanted = [
        (step, route.route.integration_id, step.event.mid)
        for step in steps
        if not step.person and isinstance(step.event, wire.Read | wire.Reaction | wire.Edit | wire.Unsend)
        for route in step.routes
        if step.event.mid
    ]
    if not wanted:
        return
    rows = await connection.fetch(_WHOSE, [one[1] for one in wanted], [one[2] for one in wanted])
    whose = {(row["integration_id"], row["mid"]): row["external_id"] for row in rows}
    for step, integration_id, mid in wanted:
        step.person = step.person or whose.get((integration_id, mid), "")


def leftover_reason(step: Step) -> str | None:
    """Why an item as a whole cannot be applied; None when it can."""
    event = step.event
    if step.account == "0":
        return "dashboard_test"
    if isinstance(event, wire.NotUnderstood):
        return event.reason
    if isinstance(event, wire.PolicyNotice):
        return f"policy:{event.action}"
    if isinstance(event, wire.StoryMention) and event.echo:
        return "echo:story_mention"
    if not step.routes:
        return "not_connected"
    if step.person == step.account:
        return "self"
    return None if step.person else "no_person"


def actions(step: Step, routes: Iterable[Account]) -> list[contacts.Action]:
    """What a person did opens the window, whether we understand and want it or not: Meta counts it."""
    event = step.event
    if not step.person or not isinstance(event, _ACTIONS) or event.at is None:
        return []
    if isinstance(event, wire.Message | wire.StoryMention) and event.echo:
        return []
    return [(route.route.integration_id, step.person, event.at) for route in routes]


def starts(step: Step, route: Account) -> bool:
    """Whether this may make somebody known who never wrote before."""
    if not step.person or step.person == step.account:
        return False
    if isinstance(step.event, wire.StoryMention | wire.Postback | wire.Referred):
        return intake.may_start(route.route)
    return isinstance(step.event, wire.Message)


def switched_off(route: Account, event: wire.Event) -> str | None:
    """Why this integration does not want an event; None when it does."""
    if isinstance(event, wire.StoryMention) and not route.story_mentions:
        return "switched_off:story_mention"
    if isinstance(event, wire.Message) and event.story is not None and not route.story_replies:
        return "switched_off:story_reply"
    return None


def leftover(step: Step, reason: str) -> Leftover:
    """The step as something that stays behind."""
    detail = step.event.reason if isinstance(step.event, wire.PolicyNotice) else ""
    return Leftover(step.journal_id, step.path, step.account, step.person, reason, detail[:500])
