"""Control: what goes wrong on order, how webhooks are delivered, and the clock."""

import dataclasses
import secrets
from typing import Any, Final

from fastapi import APIRouter

from heliograph.simulator import ids
from heliograph.simulator.control import fault_models as models
from heliograph.simulator.control import lookup
from heliograph.simulator.control.held import Held
from heliograph.simulator.control.lookup import ControlError
from heliograph.simulator.faults import GraphFault, WebhookFault
from heliograph.simulator.scenarios import SCENARIOS
from heliograph.simulator.webhooks.settings import PROFILES, DeliverySettings

router = APIRouter(tags=["going wrong"])

JUMPS: Final = {"25h": 25 * 3600, "8d": 8 * 86400, "61d": 61 * 86400}
"""The named jumps of the clock, in seconds."""


@router.get("/faults")
async def faults(world: Held) -> dict[str, Any]:
    """The faults on order, for Graph calls and for webhooks, and how often each kind has struck."""
    return {
        "faults": [one.told() for one in world.faults.graph],
        "webhook_faults": [one.told() for one in world.faults.webhook],
        "struck": dict(world.faults.struck),
    }


@router.get("/scenarios")
async def scenarios() -> dict[str, Any]:
    """Ready-made faults by name: every error of Meta's, and ways of answering badly."""
    return {
        "scenarios": [
            {"name": one.name, "meaning": one.meaning, "action": one.action, **one.fault} for one in SCENARIOS.values()
        ]
    }


@router.post("/faults", status_code=201)
async def new_fault(world: Held, body: models.NewFault) -> dict[str, Any]:
    """Let Graph calls that match go wrong: the next ones, or a share of them."""
    given = body.model_dump(exclude={"name", "person"})
    name = body.name
    if name is not None:
        scenario = SCENARIOS.get(name)
        if scenario is None:
            raise ControlError("name", f"There is no scenario {name}. GET /_simulator/scenarios lists them.")
        given |= {key: value for key, value in scenario.fault.items() if key not in body.model_fields_set}
    person_id = lookup.person(world, body.person).id if body.person else None
    name = name or (_code(body) if body.outcome == "error" else body.outcome)
    fault = GraphFault(**_order(world, given), name=name, person_id=person_id)
    world.faults.order(fault)
    return fault.told()


@router.delete("/faults")
async def clear_faults(world: Held) -> dict[str, bool]:
    """Clear every fault for Graph calls."""
    world.faults.graph.clear()
    world.faults.changed()
    return {"cleared": True}


@router.post("/faults/clear")
async def clear_all(world: Held) -> dict[str, bool]:
    """Clear every fault of both kinds and the counters; what was held back leaves at once."""
    world.faults.clear()
    world.delivery.let_go()
    return {"cleared": True}


@router.delete("/faults/{fault_id}")
async def cancel_fault(world: Held, fault_id: str) -> dict[str, bool]:
    """Take one order back, of either kind."""
    if not world.faults.cancel(fault_id):
        raise ControlError("fault_id", f"No fault {fault_id} is on order (any more).", 404)
    return {"cleared": True}


@router.post("/webhook-faults", status_code=201)
async def new_webhook_fault(world: Held, body: models.NewWebhookFault) -> dict[str, Any]:
    """Let webhook events go wrong: the next ones, or a share of them."""
    fault = WebhookFault(**_order(world, body.model_dump()))
    world.faults.order(fault)
    return fault.told()


@router.delete("/webhook-faults")
async def clear_webhook_faults(world: Held) -> dict[str, bool]:
    """Clear every fault for webhooks; what was held back leaves at once."""
    world.faults.webhook.clear()
    world.faults.changed()
    world.delivery.let_go()
    return {"cleared": True}


def _order(world: Held, given: dict[str, Any]) -> dict[str, Any]:
    """The common part of an order: without a rate the next one, with a rate a standing share."""
    if given["account_id"]:
        lookup.account(world, given["account_id"])
    if given["rate"] is None:
        given["count"] = given["count"] or 1
    rate, seed = given["rate"] or 1.0, given["seed"]
    return {**given, "id": ids.digits(8), "rate": rate, "seed": secrets.randbelow(2**31) if seed is None else seed}


def _code(body: models.NewFault) -> str:
    return f"{body.code}/{body.subcode}" if body.subcode else str(body.code)


@router.get("/delivery")
async def delivery(world: Held) -> dict[str, Any]:
    """How webhooks are delivered."""
    return dataclasses.asdict(world.delivery.settings)


@router.patch("/delivery")
async def change_delivery(world: Held, body: models.Delivery) -> dict[str, Any]:
    """Change how webhooks are delivered. A profile comes first, then what else is given."""
    profile = PROFILES[body.profile] if body.profile else {}
    given = body.model_dump(exclude_none=True, exclude={"profile"})
    changed = {**dataclasses.asdict(world.delivery.settings), **profile, **given}
    changed["retry_delays"] = tuple(changed["retry_delays"])
    world.set_delivery(DeliverySettings(**changed))
    return await delivery(world)


@router.get("/clock")
async def clock(world: Held) -> dict[str, Any]:
    """The simulator's time in milliseconds since 1970, and its distance from real time."""
    return {"now": world.clock.now_ms(), "offset_seconds": world.clock.offset_ms / 1000}


@router.post("/clock")
async def move_clock(world: Held, body: models.ClockChange) -> dict[str, Any]:
    """Move the clock: windows, tokens, codes, stories and links to media age. Offset 0 returns to real time.

    Time moves forward only, but for a return by offset_seconds. That undoes nothing: what was said in the future stays.
    """
    given = body.model_dump(exclude_none=True)
    if len(given) != 1:
        raise ControlError("advance_seconds", "Give one of jump, advance_seconds and offset_seconds.")
    if body.offset_seconds is not None:
        world.move_clock(round(body.offset_seconds * 1000))
    else:
        seconds = JUMPS[body.jump] if body.jump else body.advance_seconds or 0
        world.move_clock(world.clock.offset_ms + round(seconds * 1000))
    return await clock(world)
