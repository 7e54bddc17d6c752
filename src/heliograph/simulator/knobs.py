"""What the page of knobs at ``/faults`` lists, from the tables that the knobs turn."""

from typing import Any

from heliograph.simulator.connections import SWITCHES
from heliograph.simulator.faults import MATCHES
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN
from heliograph.simulator.scenarios import ACTIONS, SCENARIOS
from heliograph.simulator.webhooks.kinds import KINDS

_WEBHOOK_KINDS = (
    ("duplicate", "comes twice"),
    ("reorder", "comes after the next one of its thread"),
    ("delay", "comes late"),
    ("batch", "leaves together with others"),
    ("drop", "is lost"),
    ("corrupt", "has a wrong signature at first"),
    ("corrupt_body", "has half a body at first"),
    ("slow", "comes in drops"),
)


def words() -> dict[str, Any]:
    """The lists of the template."""
    ways = [one for one in SCENARIOS.values() if one.is_way]
    groups = [("Answers badly", ways)]
    for action, meaning in ACTIONS.items():
        rows = [one for one in SCENARIOS.values() if one.action == action and not one.is_way]
        if rows:
            groups.append((f"A good client: {meaning}", rows))
    return {
        "webhook_kinds": _WEBHOOK_KINDS,
        "events": KINDS,
        "matches": [(name, meaning) for name, (meaning, _) in MATCHES.items()],
        "scenarios": groups,
        "switches": list(SWITCHES.values()),
        "scopes": [one for one in FACEBOOK_LOGIN.all_scopes if one != FACEBOOK_LOGIN.send_scope],
    }
