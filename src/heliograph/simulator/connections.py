"""What can happen to the connection between an app and an account, as a table of switches.

A switch that reality lets go back can be undone; a token that died can not, only a new login gives another one.
To add one, write what it does, how it is taken back if it can be, and how one sees that it is on; then a row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN
from heliograph.simulator.models import Account, App, Consent, Page, Token
from heliograph.simulator.world import World

_PERSONAL = frozenset({458, 459, 460, 464})
"""What happens to a person's login, and so to every token they gave; the other deaths are those of one Page."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One account and its Page, towards one app or all. ``scope`` is for switches that narrow a token."""

    world: World
    page: Page
    account: Account
    apps: tuple[App, ...]
    scope: str = FACEBOOK_LOGIN.send_scope

    def tokens(self, personal: bool = False) -> Iterator[Token]:
        """The tokens of the Page; with ``personal`` every token that its owner gave."""
        known = {app.id for app in self.apps}
        for token in self.world.state.tokens.values():
            theirs = personal and token.owner_id == self.page.owner_id
            if token.app_id in known and (theirs or token.page_id == self.page.id):
                yield token

    def consents(self) -> Iterator[Consent]:
        """What the login dialog remembers of the owner, so that a login which only reconnects keeps a narrowing."""
        for app in self.apps:
            known = self.world.consents
            if consent := known.of(app.id, self.page.owner_id) or known.learn(app.id, self.page.owner_id):
                yield consent
                self.world.state.save(consent)

    def remember(self, name: str, what: Any) -> None:
        """Keep what a switch took away, to be able to give it back."""
        kept = self.world.state.settings.setdefault("switched", {})
        kept.setdefault(f"{name} {self.page.id}", what)
        self.world.state.save_settings()

    def recall(self, name: str) -> Any:
        """What was taken away, once; None when nothing was."""
        found = self.world.state.settings.get("switched", {}).pop(f"{name} {self.page.id}", None)
        self.world.state.save_settings()
        return found

    def remembers(self, name: str) -> bool:
        """Whether something is kept under that name."""
        return f"{name} {self.page.id}" in self.world.state.settings.get("switched", {})


Act = Callable[[Connection], None]


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


def _die(subcode: int) -> Act:
    def do(at: Connection) -> None:
        for token in at.tokens(subcode in _PERSONAL):
            token.invalid_subcode = subcode
            at.world.state.save(token)

    return do


def _revive(subcode: int) -> Act:
    def undo(at: Connection) -> None:
        for token in at.tokens(subcode in _PERSONAL):
            if token.invalid_subcode == subcode:
                token.invalid_subcode = None
                at.world.state.save(token)

    return undo


def _dead(subcode: int) -> Callable[[Connection], bool]:
    def on(at: Connection) -> bool:
        tokens = list(at.tokens())
        return bool(tokens) and all(token.invalid_subcode == subcode for token in tokens)

    return on


def _expire(at: Connection) -> None:
    for token in at.tokens():
        token.expires_at = at.world.clock.now_ms() // 1000
        at.world.state.save(token)


def _expired(at: Connection) -> bool:
    now = at.world.clock.now_ms()
    tokens = list(at.tokens())
    return bool(tokens) and all(token.expires_at and token.expires_at * 1000 <= now for token in tokens)


def _remove(at: Connection) -> None:
    _die(458)(at)
    for app in at.apps:
        at.world.callbacks.remove_app(app, at.page.owner_id)


def _drop_scope(at: Connection) -> None:
    for consent in at.consents():
        if at.scope in consent.scopes:
            consent.scopes.remove(at.scope)
            consent.declined.append(at.scope)
    had = [token.value for token in at.tokens(personal=True) if at.scope in token.scopes]
    for value in had:
        token = at.world.state.tokens[value]
        token.scopes = [scope for scope in token.scopes if scope != at.scope]
        at.world.state.save(token)
    at.remember(f"scope_dropped {at.scope}", had)


def _give_scope(at: Connection) -> None:
    for consent in at.consents():
        if at.scope in consent.declined:
            consent.declined.remove(at.scope)
            consent.scopes.append(at.scope)
    for value in at.recall(f"scope_dropped {at.scope}") or ():
        if token := at.world.state.tokens.get(value):
            token.scopes = [*token.scopes, at.scope]
            at.world.state.save(token)


def _drop_asset(at: Connection) -> None:
    """The person leaves the Page or account out of one scope ("Choose what you allow")."""
    had: dict[str, list[str] | None] = {}
    asset = _asset(at)
    mine = [page for page in at.world.state.pages.values() if page.owner_id == at.page.owner_id]
    every = [page.account_id if at.scope.startswith("instagram_") else page.id for page in mine]
    for consent in at.consents():
        targets = consent.targets.get(at.scope, every)
        consent.targets[at.scope] = [one for one in targets if one and one != asset]
    for token in at.tokens(personal=True):
        if at.scope in token.scopes:
            had[token.value] = token.targets.get(at.scope)
            token.targets[at.scope] = [one for one in token.targets.get(at.scope, ()) if one != asset]
            at.world.state.save(token)
    at.remember(f"asset_dropped {at.scope}", had)


def _asset(at: Connection) -> str:
    return at.account.id if at.scope.startswith("instagram_") else at.page.id


def _give_asset(at: Connection) -> None:
    for consent in at.consents():
        if _asset(at) not in consent.targets.get(at.scope, [_asset(at)]):
            consent.targets[at.scope].append(_asset(at))
    for value, targets in (at.recall(f"asset_dropped {at.scope}") or {}).items():
        token = at.world.state.tokens.get(value)
        if token and targets is None:
            token.targets.pop(at.scope, None)
        elif token:
            token.targets[at.scope] = targets
        if token:
            at.world.state.save(token)


def _link(linked: bool) -> Act:
    def act(at: Connection) -> None:
        at.page.account_id = at.account.id if linked else None
        at.world.state.save(at.page)

    return act


def _allow(allowed: bool) -> Act:
    def act(at: Connection) -> None:
        at.account.allow_messages = allowed
        at.world.state.save(at.account)

    return act


def _unsubscribe_app(at: Connection) -> None:
    at.remember("app_unsubscribed", {app.id: [app.callback_url, app.fields] for app in at.apps if app.callback_url})
    for app in at.apps:
        app.callback_url, app.fields = None, []
        at.world.state.save(app)


def _subscribe_app(at: Connection) -> None:
    for app_id, (url, fields) in (at.recall("app_unsubscribed") or {}).items():
        app = at.world.state.apps.get(app_id)
        if app and not app.callback_url:
            app.callback_url, app.fields = url, fields
            at.world.state.save(app)


def _unsubscribe_page(at: Connection) -> None:
    """The Page; by Instagram Login the account stands in its place."""
    at.remember("page_unsubscribed", dict(at.page.subscribed))
    at.remember("account_unsubscribed", dict(at.account.subscribed))
    for app in at.apps:
        at.page.subscribed.pop(app.id, None)
        at.account.subscribed.pop(app.id, None)
    _save_both(at)


def _subscribe_page(at: Connection) -> None:
    at.page.subscribed = {**(at.recall("page_unsubscribed") or {}), **at.page.subscribed}
    at.account.subscribed = {**(at.recall("account_unsubscribed") or {}), **at.account.subscribed}
    _save_both(at)


def _page_unsubscribed(at: Connection) -> bool:
    return not any(app.id in at.page.subscribed or app.id in at.account.subscribed for app in at.apps)


def _save_both(at: Connection) -> None:
    at.world.state.save(at.page)
    at.world.state.save(at.account)


def _feature(has: bool) -> Act:
    def act(at: Connection) -> None:
        for app in at.apps:
            app.human_agent = has
            at.world.state.save(app)

    return act


def _proof(demanded: bool) -> Act:
    def act(at: Connection) -> None:
        for app in at.apps:
            app.require_proof = demanded
            at.world.state.save(app)

    return act


def _live(live: bool) -> Act:
    def act(at: Connection) -> None:
        for app in at.apps:
            app.live = live
            at.world.state.save(app)

    return act


def _lose_tasks(at: Connection) -> None:
    at.remember("tasks_lost", at.page.tasks)
    at.page.tasks = ["ANALYZE", "ADVERTISE", "CREATE_CONTENT"]
    at.world.state.save(at.page)


def _give_tasks(at: Connection) -> None:
    if at.remembers("tasks_lost"):
        at.page.tasks = at.recall("tasks_lost")
        at.world.state.save(at.page)


def _death(name: str, subcode: int, meaning: str, undo: bool = False) -> Switch:
    back = _revive(subcode) if undo else None
    return Switch(name, meaning, f"every call answers 190/{subcode}", _die(subcode), _dead(subcode), back)


_TABLE = (
    Switch("app_removed", "The person removed the app", "every call answers 190/458", _remove, _dead(458)),
    _death("checkpoint", 459, "The person must pass a checkpoint", undo=True),
    _death("password_changed", 460, "The person changed the password"),
    _death("unconfirmed", 464, "The person must confirm the account", undo=True),
    _death("token_revoked", 467, "The token was revoked"),
    _death("role_lost", 492, "The person lost the role on the Page"),
    Switch("token_expired", "The token has expired", "every call answers 190/463", _expire, _expired),
    Switch(
        "scope_dropped", "The person took a permission back", "10 or 200, and debug_token lacks the scope",
        _drop_scope, lambda at: at.remembers(f"scope_dropped {at.scope}"), _give_scope, takes_scope=True,
    ),
    Switch(
        "asset_dropped", "The person took the account out of a permission", "10 or 200, granular_scopes lacks the asset",
        _drop_asset, lambda at: at.remembers(f"asset_dropped {at.scope}"), _give_asset, takes_scope=True,
    ),
    Switch(
        "unlinked", "The account is no longer linked to its Page", "sends answer 100/2534013, webhooks stop",
        _link(False), lambda at: at.page.account_id is None, _link(True),
    ),
    Switch(
        "messages_off", "“Allow access to messages” is off", "sends, profiles and threads answer 200/2534041",
        _allow(False), lambda at: not at.account.allow_messages, _allow(True),
    ),
    Switch(
        "app_unsubscribed", "The app's webhook subscription is gone", "webhooks stop",
        _unsubscribe_app, lambda at: all(not app.callback_url for app in at.apps), _subscribe_app,
    ),
    Switch(
        "page_unsubscribed", "The Page is not subscribed to the app", "webhooks of this account stop",
        _unsubscribe_page, _page_unsubscribed, _subscribe_page,
    ),
    Switch(
        "human_agent_off", "The app lacks the Human Agent feature", "after 24 h sends answer 10/2534022",
        _feature(False), lambda at: not any(app.human_agent for app in at.apps), _feature(True),
    ),
    Switch(
        "proof_demanded", "The app demands appsecret_proof", "calls without it answer 100",
        _proof(True), lambda at: any(app.require_proof for app in at.apps), _proof(False),
    ),
    Switch(
        "not_live", "The app is in Development mode", "only people and accounts with a role on it are reached and heard",
        _live(False), lambda at: not any(app.live for app in at.apps), _live(True),
    ),
    Switch(
        "tasks_lost", "The person may no longer answer messages for the Page", "sends, profiles and threads are refused",
        _lose_tasks, lambda at: at.remembers("tasks_lost"), _give_tasks,
    ),
)  # fmt: skip

SWITCHES: Final[dict[str, Switch]] = {one.name: one for one in _TABLE}
"""Every switch by its name."""
