"""(b) End to end: from Meta's webhook to the customer's, every message counted at both ends.

- *steady*: an open loop of 50 messages/s; a message's time runs from the moment it fell due.
- *saturation*: a closed loop on the delivery, 256 messages between sender and customer at any time.
- *burst*: as many webhooks as are acknowledged, then the backlog is worked off.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench.customer import Count, count
from bench.figures import Cpu, spread
from bench.load import Load, Sent
from bench.report import Section, step
from bench.stage import Stage, until

RATE = 50
IN_FLIGHT = 256
CONNECTIONS = 64
MARK_PER_SECOND = 700
MARK_P99_MS = 100
_PATIENCE = 60.0
_LEAD_IN = 1.0  # seconds of the saturated stretch that do not count


async def measure(stage: Stage, seconds: float) -> Section:
    """The three stretches; ``seconds`` is the length of the saturated one."""
    section = Section("b", "end to end, webhook in to customer's webhook out")
    section.data["persons"] = len(stage.people)
    await _steady(stage, section, seconds * 1.5)
    await _saturation(stage, section, seconds)
    await _burst(stage, section, int(400 * seconds))
    counts: list[dict[str, Any]] = [section.data[name] for name in ("steady", "saturation", "burst")]
    bad = {name: sum(one[name] for one in counts) for name in ("lost", "doubled", "out_of_order")}
    total = sum(one["messages"] for one in counts)
    section.rows.append(
        (f"all {total:,} messages", f"{bad['lost']} lost, {bad['doubled']} doubled, {bad['out_of_order']} out of order")
    )
    section.mark("nothing lost, doubled or out of order", not any(bad.values()))
    return section


async def _steady(stage: Stage, section: Section, seconds: float) -> None:
    async def work(load: Load) -> Sent:
        return await load.steady(RATE, seconds)

    sent, found, used = await _stretch(stage, work, int(RATE * seconds))
    section.data["steady"] = {
        **_data(found, used),
        "per_second": RATE,
        "ack_p99_ms": round(spread(sent.answers).p99, 2),
    }
    section.rows.append((f"at {RATE}/s", f"{found.latency} ({used.each(found.sent)['server']} µs of server CPU each)"))
    section.mark(f"p99 under {MARK_P99_MS} ms at {RATE}/s", found.latency.p99 < MARK_P99_MS)
    step(f"(b) {RATE}/s: {found.latency}")


async def _saturation(stage: Stage, section: Section, seconds: float) -> None:
    async def work(load: Load) -> Sent:
        return await load.windowed(stage, IN_FLIGHT, seconds + _LEAD_IN)

    sent, found, used = await _stretch(stage, work, int(1000 * seconds))
    begin, end = sent.began + _LEAD_IN, sent.began + _LEAD_IN + seconds
    rate = sum(begin <= at < end for at in found.arrivals) / seconds
    each = used.each(found.sent)
    section.data["saturation"] = {**_data(found, used), "per_second": round(rate), "in_flight": IN_FLIGHT}
    section.rows.append((f"saturated, {IN_FLIGHT} in flight", f"{rate:,.0f} messages/s, {found.latency}"))
    section.rows.append(
        ("  CPU per message", f"server {each['server']}, PostgreSQL {each['postgres']}, load {each['load']} µs")
    )
    section.mark(f"at least {MARK_PER_SECOND} messages/s at saturation", rate >= MARK_PER_SECOND)
    step(f"(b) saturated: {rate:,.0f} messages/s, {found.latency}, CPU {each}")


async def _burst(stage: Stage, section: Section, messages: int) -> None:
    async def work(load: Load) -> Sent:
        return await load.burst(messages)

    sent, found, used = await _stretch(stage, work, messages)
    last = found.arrivals[-1] if found.arrivals else time.perf_counter()
    rate = found.sent / (last - sent.began)
    backlog = sum(at > sent.ended for at in found.arrivals)
    drain = backlog / (last - sent.ended) if backlog else 0.0
    section.data["burst"] = {
        **_data(found, used),
        "per_second": round(rate),
        "acknowledged_per_second": round(sent.rate),
        "backlog": backlog,
        "drained_per_second": round(drain),
    }
    section.rows.append(
        (
            f"burst of {messages:,}",
            f"{sent.rate:,.0f}/s taken, {rate:,.0f}/s delivered over all, {drain:,.0f}/s backlog",
        )
    )
    step(
        f"(b) burst of {messages:,}: {sent.rate:,.0f}/s acknowledged, {rate:,.0f}/s delivered, CPU {used.each(messages)}"
    )


async def _stretch(stage: Stage, work: Callable[[Load], Awaitable[Sent]], ready: int) -> tuple[Sent, Count, Cpu]:
    """Send, wait until everything came or nothing more does, and count."""
    await stage.idle()
    stage.customer.clear()
    load = await Load.open(stage, CONNECTIONS, ready)
    before = stage.cpu()
    sent = await work(load)
    await until(lambda: stage.customer.messages >= len(sent.started), _PATIENCE)
    used = stage.cpu() - before
    load.close()
    await stage.idle()  # whatever would come twice has come by then
    found = count(sent.started, stage.customer.read("user"))
    stage.customer.clear()
    return sent, found, used


def _data(found: Count, used: Cpu) -> dict[str, Any]:
    return {
        "messages": found.sent,
        "lost": found.lost,
        "doubled": found.doubled,
        "out_of_order": found.out_of_order,
        "p50_ms": round(found.latency.p50, 2),
        "p99_ms": round(found.latency.p99, 2),
        "largest_ms": round(found.latency.largest, 2),
        "cpu_us_per_message": used.each(found.sent),
    }
