"""What Meta answered the steps of a group of turns: weighed, gathered in the plan, written down."""

from collections.abc import Sequence
from dataclasses import asdict

from heliograph.channels.base import SendOutcome
from heliograph.channels.instagram.meta import pauses, refusals
from heliograph.channels.instagram.meta.answers import Answer
from heliograph.channels.instagram.notes import for_doctor
from heliograph.channels.instagram.sending import ledger, loading
from heliograph.channels.instagram.sending.in_vain import Looked
from heliograph.channels.instagram.sending.judging import Ask, weigh
from heliograph.channels.instagram.sending.turn import Plan, Step
from heliograph.storage import Connection
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

# What tells that something is wrong with the connection, and not with the message.
_ASKS_FOR_THE_DOCTOR = (SendOutcome.RECONNECT, SendOutcome.CONFIGURATION)


async def see_echoes(connection: Connection, steps: Sequence[Step]) -> None:
    """Whose echo came while the thread was being read has been sent, whatever the thread told."""
    looked = {step.turn.todo.key: step.turn for step in steps if step.turn.todo is not None and step.turn.todo.look}
    if not looked:
        return
    for message_id, parts in (await loading.parts_of(connection, [key[0] for key in looked])).items():
        for part in parts:
            turn = looked.get((message_id, part["part"]))
            if turn is not None and part["state"] == "sent":
                turn.answer = Answer(SendOutcome.SENT, part["mid"])


def weigh_all(plan: Plan, steps: Sequence[Step], looked: Looked) -> None:
    """What each answer leads to, gathered in the plan; the jobs that are over with it are finished."""
    for step in steps:
        if step.turn.passed:
            step.finish()
        elif step.turn.todo is not None and step.turn.answer is not None:
            _weigh(plan, step, step.turn.todo, step.turn.answer, looked)


def _weigh(plan: Plan, step: Step, todo: Ask, answer: Answer, looked: Looked) -> None:
    message_id, part = todo.key
    leads_to = weigh(todo, answer, plan.now)
    plan.outcomes.append(answer.outcome)
    log.info(
        "part " + answer.outcome, message=message_id, conversation=step.turn.lane.key, part=part, code=answer.code,
        subcode=answer.subcode, tag=todo.tag,
    )  # fmt: skip
    if leads_to.state == "sent":
        row = todo.row
        plan.taken.append(ledger.Taken(message_id, part, answer.mid, row["integration_id"], row["app_id"]))
    elif leads_to.state:
        said = answer.code, answer.subcode, answer.text
        plan.moves.append(ledger.Move(message_id, part, leads_to.state, *said))
    plan.said.hear(todo.row, answer, tagged=todo.tag is not None, failed=leads_to.failure is not None)
    if leads_to.failure is not None and answer.outcome in _ASKS_FOR_THE_DOCTOR:
        plan.ailing.add(todo.row["integration_id"])
    if leads_to.looked:
        looked.note(message_id, part)
    if leads_to.stop is not None:
        plan.stops.append((step, leads_to.stop))
    if leads_to.failure is not None:
        if leads_to.refused:
            plan.refusals[todo.row["integration_id"]] = todo.row["page_token"], leads_to.failure
        plan.endings[message_id] = leads_to.failure
        if leads_to.in_doubt:
            plan.in_doubt.append(message_id)
        plan.owned_elsewhere.append((todo.row["client_id"], answer))
        step.finish()
    elif leads_to.wait is not None:
        step.settle(leads_to.wait)
    else:
        after = {**todo.part, "state": leads_to.state, "attempts": todo.part["attempts"] + (not todo.look)}
        step.parts = [after if one["part"] == part else one for one in todo.parts]
        step.tag = leads_to.tag
        if all(one["state"] == "sent" for one in step.parts):
            plan.endings[message_id] = None
            step.finish()


async def write_answers(connection: Connection, plan: Plan) -> None:
    """Write down what Meta said: of parts, of the access to accounts, of how long they are left alone."""
    if plan.taken:
        await ledger.take(connection, plan.taken)
    if plan.moves:
        await ledger.move(connection, plan.moves)
        plan.moves = []
    for integration_id, (token, failure) in sorted(plan.refusals.items(), key=lambda one: one[0]):
        await refusals.access_refused(connection, integration_id, token, asdict(failure))
    await refusals.note(connection, plan.said)
    await for_doctor.want(connection, plan.ailing | plan.said.tag_refused)
    if plan.stops:
        left, new = await pauses.pause(connection, [stop for _, stop in plan.stops])
        plan.paused = {subject: left[subject] for subject in new}
        for step, stop in plan.stops:
            if step.settled and step.job is not None:
                step.retry_after = left[stop.subject]
