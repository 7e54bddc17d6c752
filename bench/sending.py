"""(c) Messages of the business: accepted by the API, and on to Meta.

Each caller posts to conversations of its own, one message after the other. Every send is echoed by our stub of Meta, as
Meta does; so the server also takes the echo and tells its webhooks, as in production.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.connections import Caller, callers, request
from bench.customer import count
from bench.figures import spread
from bench.report import Section, step
from bench.stage import Stage, until

CALLERS = 32
RATE = 20
_PATIENCE = 90.0


@dataclass(slots=True)
class _Posted:
    began: float = field(default_factory=time.perf_counter)
    accepted: dict[int, float] = field(default_factory=dict)  # number to the time of the 201
    took: list[float] = field(default_factory=list)
    next_number: int = 0


async def measure(stage: Stage, seconds: float) -> Section:
    """At a fixed rate for the time to Meta, then as fast as is accepted."""
    section = Section("c", "API messages: accepted, and handed to Meta")
    steady = await _stretch(stage, seconds, RATE)
    section.data["steady"] = {**steady, "per_second": RATE}
    section.rows.append(
        (f"at {RATE}/s: 201", f"p50 {steady['accept_p50_ms']:.1f} ms, p99 {steady['accept_p99_ms']:.1f} ms")
    )
    section.rows.append(
        (f"at {RATE}/s: 201 to Meta", f"p50 {steady['to_meta_p50_ms']:.1f} ms, p99 {steady['to_meta_p99_ms']:.1f} ms")
    )
    step(f"(c) {RATE}/s: {section.rows[-1][1]} to Meta")
    full = await _stretch(stage, seconds, None)
    section.data["saturation"] = {**full, "callers": CALLERS}
    section.rows += [
        (f"{CALLERS} callers", f"{full['accepted_per_second']:,}/s accepted, p50 {full['accept_p50_ms']:.1f} ms,"
         f" p99 {full['accept_p99_ms']:.1f} ms"),
        ("  handed to Meta", f"{full['to_meta_per_second']:,}/s, 201 to Meta p50 {full['to_meta_p50_ms']:,.0f} ms,"
         f" p99 {full['to_meta_p99_ms']:,.0f} ms"),
        ("  CPU per message", "server {server}, PostgreSQL {postgres}, load {load} µs".format(**full["cpu_us_per_message"])),
    ]  # fmt: skip
    step(f"(c) {CALLERS} callers: {section.rows[-3][1]}; CPU {full['cpu_us_per_message']}")
    bad = sum(run[name] for run in (steady, full) for name in ("lost", "doubled", "out_of_order"))
    section.mark("each message at Meta once and in order", bad == 0)
    return section


async def _stretch(stage: Stage, seconds: float, rate: float | None) -> dict[str, Any]:
    await stage.idle()
    stage.meta.sends.clear()
    connections = await callers(stage.port, CALLERS)
    before, posted = stage.cpu(), _Posted()
    await asyncio.gather(*(_caller(stage, posted, one, at, seconds, rate) for at, one in enumerate(connections)))
    ended = time.perf_counter()
    await until(lambda: len(stage.meta.sends) >= len(posted.accepted), _PATIENCE)
    await stage.idle()
    used = stage.cpu() - before
    for one in connections:
        one.transport.close()
    stage.customer.clear()
    found = count(posted.accepted, stage.meta.sends)
    accept = spread(posted.took)
    return {
        "messages": found.sent,
        "accepted_per_second": round(len(posted.took) / (ended - posted.began)),
        "accept_p50_ms": round(accept.p50, 2),
        "accept_p99_ms": round(accept.p99, 2),
        "to_meta_per_second": round(found.sent / (found.arrivals[-1] - posted.began)) if found.arrivals else 0,
        "to_meta_p50_ms": round(found.latency.p50, 2),
        "to_meta_p99_ms": round(found.latency.p99, 2),
        "lost": found.lost,
        "doubled": found.doubled,
        "out_of_order": found.out_of_order,
        "cpu_us_per_message": used.each(found.sent),
    }


async def _caller(
    stage: Stage, posted: _Posted, connection: Caller, at: int, seconds: float, rate: float | None
) -> None:
    """Post until the time is over: one after the other, or (with a rate) when this caller's next turn has come."""
    own = stage.conversations[at::CALLERS]
    turn = 0
    while time.perf_counter() - posted.began < seconds:
        if rate is not None:
            due = posted.began + (turn * CALLERS + at) / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        number, posted.next_number = posted.next_number, posted.next_number + 1
        call = _post(stage, own[turn % len(own)], number)
        start = time.perf_counter()
        status, body = await connection.call(call)
        now = time.perf_counter()
        if status != 201:
            raise RuntimeError(f"a message was answered {status}: {body[:200]!r}")
        posted.accepted[number] = now
        posted.took.append(now - start)
        turn += 1


def _post(stage: Stage, conversation: str, number: int) -> bytes:
    text = f"Good news: the walnut shelf is back, and it would be with you on Thursday \u2013 answer {number}"
    body = {"author": {"type": "business"}, "content": {"type": "text", "text": text}}
    path = f"/v2/apps/{stage.app_id}/conversations/{conversation}/messages"
    headers = {"Authorization": stage.authorization, "Content-Type": "application/json", "Accept": "application/json"}
    return request("POST", path, stage.port, headers, orjson.dumps(body))
