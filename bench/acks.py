"""(a) Acknowledged webhooks per second, beside a server that only checks the signature.

Saturation: 128 connections, each sending its next webhook when the last got its 200. (With 64 the server, which answers in
groups, has idle moments.) The two take turns, and the ratio is the median of the turns' own ratios, so that a noisy machine
is noisy for both. The server is measured twice:

- *everything*: a connected account. In the same process and on the same cores each message is also understood, stored,
  told and delivered to the customer while acknowledgements are counted.
- *receiving*: an account that is not connected. The way to the 200 is the same to the byte (journal, lane, commit);
  afterwards the item is only put aside. This is what acknowledging itself costs.
"""

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.figures import spread
from bench.load import Load
from bench.report import Section, step
from bench.stage import Stage

CONNECTIONS = 128
MARK = 0.5
_BUILT_PER_SECOND = 9000  # more than the server acknowledges; what lacks is built on the way


@dataclass(slots=True)
class _Side:
    rates: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """For the report."""
        found = spread(self.answers)
        return {
            "per_second": round(median(self.rates)),
            "rounds": [round(rate) for rate in self.rates],
            "p50_ms": round(found.p50, 2),
            "p99_ms": round(found.p99, 2),
        }


async def measure(stage: Stage, seconds: float, rounds: int) -> Section:
    """Take turns, ``seconds`` each."""
    sides = {"bare": _Side(), "everything": _Side(), "receiving": _Side()}
    for turn in range(rounds):
        for name, side in sides.items():
            account = stage.account.elsewhere() if name == "receiving" else stage.account
            ready = 2000 if name == "bare" else int(_BUILT_PER_SECOND * seconds)
            load = await Load.open(stage, CONNECTIONS, ready, bare=name == "bare", account=account)
            sent = await load.flood(seconds)
            load.close()
            side.rates.append(sent.rate)
            side.answers += sent.answers
            step(f"(a) {turn + 1}/{rounds} {name}: {sent.rate:,.0f} webhooks/s, {spread(sent.answers)}")
            await stage.idle()
            stage.customer.clear()
    data = {name: side.data() for name, side in sides.items()}
    section = Section(
        "a", f"acknowledged webhooks, {CONNECTIONS} connections", data={**data, "connections": CONNECTIONS}
    )
    for name, text in (
        ("bare", "signature check only"),
        ("everything", "server, delivering meanwhile"),
        ("receiving", "server, receiving only"),
    ):
        side_data = data[name]
        ratio = median(rate / bare for rate, bare in zip(sides[name].rates, sides["bare"].rates, strict=True))
        side_data["ratio"] = round(ratio, 3)
        figures = f"{side_data['per_second']:,}/s, p50 {side_data['p50_ms']:.1f} ms, p99 {side_data['p99_ms']:.1f} ms"
        section.rows.append((text, figures if name == "bare" else f"{figures}, ratio {ratio:.2f}"))
    for name in ("everything", "receiving"):
        section.mark(f"{name}: at least {MARK} of the bare handler", data[name]["ratio"] >= MARK)
    return section
