"""What can happen to the connection between an app and an account, as a table of switches.

A switch that reality lets go back can be undone; a token that died can not, only a new login gives another one.
To add one, write what it does, how it is taken back if it can be, and how one sees that it is on; then a row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from heliograph.simulator import switch_acts as acts
from heliograph.simulator.connection import Connection
from heliograph.simulator.switch_acts import Act


@dataclass(frozen=True, slots=True)
class Switch:
    """One row. ``symptom`` is what a client sees; ``undo`` is None where reality has no way back."""

    name: str
    meaning: str
    symptom: str
    do: Act
    on: Callable[[Connection], bool]
    undo: Act | None = None
    takes_scope: bool = False


def _death(name: str, subcode: int, meaning: str, undo: bool = False) -> Switch:
    back = acts.revive(subcode) if undo else None
    return Switch(name, meaning, f"every call answers 190/{subcode}", acts.die(subcode), acts.dead(subcode), back)


_TABLE = (
    Switch("app_removed", "The person removed the app", "every call answers 190/458", acts.remove_app, acts.dead(458)),
    _death("checkpoint", 459, "The person must pass a checkpoint", undo=True),
    _death("password_changed", 460, "The person changed the password"),
    _death("unconfirmed", 464, "The person must confirm the account", undo=True),
    _death("token_revoked", 467, "The token was revoked"),
    _death("role_lost", 492, "The person lost the role on the Page"),
    Switch("token_expired", "The token has expired", "every call answers 190/463", acts.expire, acts.expired),
    Switch(
        "scope_dropped", "The person took a permission back", "10 or 200, and debug_token lacks the scope",
        acts.drop_scope, lambda at: at.remembers(f"scope_dropped {at.scope}"), acts.give_scope, takes_scope=True,
    ),
    Switch(
        "asset_dropped", "The person took the account out of a permission", "10 or 200, granular_scopes lacks the asset",
        acts.drop_asset, lambda at: at.remembers(f"asset_dropped {at.scope}"), acts.give_asset, takes_scope=True,
    ),
    Switch(
        "unlinked", "The account is no longer linked to its Page", "sends answer 100/2534013, webhooks stop",
        acts.link(False), lambda at: at.page.account_id is None, acts.link(True),
    ),
    Switch(
        "messages_off", "“Allow access to messages” is off", "sends, profiles and threads answer 200/2534041",
        acts.allow(False), lambda at: not at.account.allow_messages, acts.allow(True),
    ),
    Switch(
        "app_unsubscribed", "The app's webhook subscription is gone", "webhooks stop",
        acts.unsubscribe_app, lambda at: all(not app.callback_url for app in at.apps), acts.subscribe_app,
    ),
    Switch(
        "page_unsubscribed", "The Page is not subscribed to the app", "webhooks of this account stop",
        acts.unsubscribe_page, acts.page_unsubscribed, acts.subscribe_page,
    ),
    Switch(
        "human_agent_off", "The app lacks the Human Agent feature", "after 24 h sends answer 10/2534022",
        acts.app_flag("human_agent", False), lambda at: not any(app.human_agent for app in at.apps),
        acts.app_flag("human_agent", True),
    ),
    Switch(
        "proof_demanded", "The app demands appsecret_proof", "calls without it answer 100",
        acts.app_flag("require_proof", True), lambda at: any(app.require_proof for app in at.apps),
        acts.app_flag("require_proof", False),
    ),
    Switch(
        "not_live", "The app is in Development mode", "only people and accounts with a role on it are reached and heard",
        acts.app_flag("live", False), lambda at: not any(app.live for app in at.apps),
        acts.app_flag("live", True),
    ),
    Switch(
        "tasks_lost", "The person may no longer answer messages for the Page", "sends, profiles and threads are refused",
        acts.lose_tasks, lambda at: at.remembers("tasks_lost"), acts.give_tasks,
    ),
)  # fmt: skip

SWITCHES: Final[dict[str, Switch]] = {one.name: one for one in _TABLE}
"""Every switch by its name."""
