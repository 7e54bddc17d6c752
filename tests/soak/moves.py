"""Everything that can happen in a run, as a table: what it is called, how often, when it can, and what it does.

A move talks to the outside as the real one would: the person writes at the simulator, the business posts to the API, the
server gets a real SIGKILL. What was said goes into the book; nothing is checked here.
"""

import contextlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.stack import call
from tests.soak.book import Person, Posted
from tests.soak.ground import Ground

HOUR, DAY = 3600, 86400
# It waits for young messages, and for older ones that Meta does not show: up to ten minutes.
_PATIENCE_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table. ``weight`` is how often it comes up beside the others."""

    name: str
    weight: int
    do: Callable[[Ground, Person], None]
    can: Callable[[Ground], bool] = lambda _: True


# What people and businesses do ------------------------------------------------------------------------------------


def write(ground: Ground, person: Person) -> None:
    """The person writes a text."""
    ground.note_disturbance(person)
    person.mids.append(ground.house.customer_says(ground.book.text("hello"), person.igsid)["mid"])


def write_on(ground: Ground, person: Person) -> None:
    """The person writes three texts in a row."""
    for _ in range(3):
        write(ground, person)


def send_picture(ground: Ground, person: Person) -> None:
    """The person sends a picture with a text below."""
    ground.note_disturbance(person)
    picture = {"type": "image", "url": f"{ground.house.simulator_url}/picture-{ground.book.said}.png"}
    said = ground.house.customer_says(ground.book.text("look"), person.igsid, attachments=[picture])
    person.mids.append(said["mid"])


def own_app(ground: Ground, person: Person) -> None:
    """The account's owner writes in the Instagram app."""
    ground.note_disturbance(person)
    ground.house.control(
        "POST", "owner-messages", ground.house.who(person.igsid) | {"text": ground.book.text("from the app")}
    )


def unsend(ground: Ground, person: Person) -> None:
    """The person takes back what they wrote last."""
    if person.mids:
        ground.note_disturbance(person)
        ground.house.control("POST", "unsend", {"mid": person.mids.pop()})


def edit(ground: Ground, person: Person) -> None:
    """The person changes what they wrote first."""
    if person.mids:
        ground.note_disturbance(person)
        ground.house.control("POST", "edits", {"mid": person.mids[0], "text": ground.book.text("rather")})


def look(ground: Ground, person: Person) -> None:
    """The person opens the thread."""
    ground.house.control("POST", "seen", ground.house.who(person.igsid))


def answer(ground: Ground, person: Person) -> None:
    """The business answers by API; a lost answer of ours is asked for again with the same key."""
    conversation = ground.conversation_of(person)
    if not conversation:
        return
    text = ground.book.text("re")
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": text}}
    url = ground.house.messages_url(conversation)
    status, told = call("POST", url, body, ground.house.key, {"idempotency-key": text})
    assert status == 201, (status, told)
    person.posted.append(Posted(told["messages"][0]["id"], text))


def answer_twice(ground: Ground, person: Person) -> None:
    """Two answers, the second before the first has gone."""
    answer(ground, person)
    answer(ground, person)


# What goes wrong ----------------------------------------------------------------------------------------------------


def _webhooks(kind: str, count: int = 1, **more: object) -> Callable[[Ground, Person], None]:
    def order(ground: Ground, _: Person) -> None:
        fault = {"kind": kind, "count": count, "delay_seconds": 0.5, **more}
        ground.house.control("POST", "webhook-faults", fault)

    return order


def _sends(**fault: object) -> Callable[[Ground, Person], None]:
    def order(ground: Ground, _: Person) -> None:
        ground.house.control("POST", "faults", {"match": "send", **fault})

    return order


def _later(seconds: float) -> Callable[[Ground, Person], None]:
    def move_clock(ground: Ground, _: Person) -> None:
        ground.house.control("POST", "clock", {"advance_seconds": seconds})
        ground.passed += seconds

    return move_clock


def _target(status: int) -> Callable[[Ground, Person], None]:
    def answer_with(ground: Ground, _: Person) -> None:
        ground.house.target.status = status

    return answer_with


def restart(ground: Ground, _: Person) -> None:
    """kill -9, and another process at once."""
    ground.kill()
    ground.start()


def backfill(ground: Ground, _: Person) -> None:
    """An operator asks for what webhooks missed, and does not always wait until the last of it may have come."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        ground.house.command("backfill", seconds=_PATIENCE_SECONDS)


def _in_reach(ground: Ground) -> bool:
    """Backfill goes back 30 days by itself: what was missed longer ago is asked for by date."""
    return ground.passed < 20 * DAY


def _up(ground: Ground) -> bool:
    return ground.up


def _down(ground: Ground) -> bool:
    return not ground.up


def _connected(ground: Ground) -> bool:
    return ground.up and ground.connected


def _revoked(ground: Ground) -> bool:
    return ground.up and not ground.connected


MOVES: tuple[Move, ...] = (
    Move("receive", 12, write),
    Move("receive three", 3, write_on),
    Move("receive a picture", 3, send_picture),
    Move("owner writes in the app", 3, own_app),
    Move("unsend", 2, unsend),
    Move("edit", 2, edit),
    Move("seen", 3, look),
    Move("send", 14, answer, _up),
    Move("send two", 4, answer_twice, _up),
    Move("webhook duplicated", 2, _webhooks("duplicate", 3)),
    Move("webhook reordered", 2, _webhooks("reorder")),
    Move("webhook delayed", 2, _webhooks("delay")),
    Move("webhooks batched and shuffled", 1, _webhooks("batch", 4, size=4, shuffle=True)),
    # Only what Meta's threads tell can be brought in again: they tell neither of edits nor of what was taken back.
    Move("message dropped", 2, _webhooks("drop", event="message")),
    Move("echo dropped", 1, _webhooks("drop", event="echo")),
    Move("webhook corrupted", 1, _webhooks("corrupt")),
    Move("time out after accepting", 3, _sends(mode="after", outcome="drop")),
    Move("time out before accepting", 2, _sends(mode="before", outcome="drop")),
    Move("no answer after accepting", 1, _sends(mode="after", outcome="hang")),
    Move("may have been sent", 1, _sends(mode="after", status=400, code=1, subcode=1357046)),
    Move("temporarily unavailable", 2, _sends(mode="before", status=500, code=2)),
    Move("refused for good", 1, _sends(mode="before", status=400, code=100, subcode=2534015)),
    Move("window passes", 1, _later(25 * HOUR)),
    Move("seven days pass", 1, _later(8 * DAY), _in_reach),
    Move("webhook target down", 2, _target(503)),
    Move("webhook target up", 4, _target(200)),
    Move("revoke", 1, lambda ground, _: ground.revoke(), _connected),
    Move("reconnect", 4, lambda ground, _: ground.reconnect(), _revoked),
    Move("kill -9", 1, lambda ground, _: ground.kill(), _up),
    Move("start", 6, lambda ground, _: ground.start(), _down),
    Move("kill -9 and restart", 2, restart, _up),
    Move("backfill", 1, backfill, _connected),
)
"""The table. `rounds` draws from it by weight, hypothesis by its own lights."""
