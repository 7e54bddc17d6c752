"""What the switches of a connection do, how they are taken back, and how one sees that they are on."""

from collections.abc import Callable

from heliograph.simulator.connection import Connection

Act = Callable[[Connection], None]

_PERSONAL = frozenset({458, 459, 460, 464})
"""What happens to a person's login, and so to every token they gave; the other deaths are those of one Page."""


def die(subcode: int) -> Act:
    """The tokens stop working: those of the Page, or every one that the person gave."""

    def do(at: Connection) -> None:
        for token in at.tokens(subcode in _PERSONAL):
            token.invalid_subcode = subcode
            at.world.state.save(token)

    return do


def revive(subcode: int) -> Act:
    """Those that died of it work again."""

    def undo(at: Connection) -> None:
        for token in at.tokens(subcode in _PERSONAL):
            if token.invalid_subcode == subcode:
                token.invalid_subcode = None
                at.world.state.save(token)

    return undo


def dead(subcode: int) -> Callable[[Connection], bool]:
    """Whether all tokens of the Page died of it."""

    def on(at: Connection) -> bool:
        tokens = list(at.tokens())
        return bool(tokens) and all(token.invalid_subcode == subcode for token in tokens)

    return on


def expire(at: Connection) -> None:
    """The tokens of the Page end now."""
    for token in at.tokens():
        token.expires_at = at.world.clock.now_ms() // 1000
        at.world.state.save(token)


def expired(at: Connection) -> bool:
    """Whether the tokens of the Page have ended."""
    now = at.world.clock.now_ms()
    tokens = list(at.tokens())
    return bool(tokens) and all(token.expires_at and token.expires_at * 1000 <= now for token in tokens)


def remove_app(at: Connection) -> None:
    """The person takes the app out of their settings; the app is told."""
    die(458)(at)
    for app in at.apps:
        at.world.callbacks.remove_app(app, at.page.owner_id)


def drop_scope(at: Connection) -> None:
    """The person takes one permission back, from every token and from what the dialog remembers."""
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


def give_scope(at: Connection) -> None:
    """The permission is back on the tokens that had it."""
    for consent in at.consents():
        if at.scope in consent.declined:
            consent.declined.remove(at.scope)
            consent.scopes.append(at.scope)
    for value in at.recall(f"scope_dropped {at.scope}") or ():
        if token := at.world.state.tokens.get(value):
            token.scopes = [*token.scopes, at.scope]
            at.world.state.save(token)


def drop_asset(at: Connection) -> None:
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


def give_asset(at: Connection) -> None:
    """The scope covers what it covered before."""
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


def link(linked: bool) -> Act:
    """Page and account belong together, or do not."""

    def act(at: Connection) -> None:
        at.page.account_id = at.account.id if linked else None
        at.world.state.save(at.page)

    return act


def allow(allowed: bool) -> Act:
    """“Allow access to messages” in the Instagram app."""

    def act(at: Connection) -> None:
        at.account.allow_messages = allowed
        at.world.state.save(at.account)

    return act


def unsubscribe_app(at: Connection) -> None:
    """The callback and its fields are gone from the apps."""
    at.remember("app_unsubscribed", {app.id: [app.callback_url, app.fields] for app in at.apps if app.callback_url})
    for app in at.apps:
        app.callback_url, app.fields = None, []
        at.world.state.save(app)


def subscribe_app(at: Connection) -> None:
    """They are back, unless the app has set others meanwhile."""
    for app_id, (url, fields) in (at.recall("app_unsubscribed") or {}).items():
        app = at.world.state.apps.get(app_id)
        if app and not app.callback_url:
            app.callback_url, app.fields = url, fields
            at.world.state.save(app)


def unsubscribe_page(at: Connection) -> None:
    """The Page; by Instagram Login the account stands in its place."""
    at.remember("page_unsubscribed", dict(at.page.subscribed))
    at.remember("account_unsubscribed", dict(at.account.subscribed))
    for app in at.apps:
        at.page.subscribed.pop(app.id, None)
        at.account.subscribed.pop(app.id, None)
    _save_both(at)


def subscribe_page(at: Connection) -> None:
    """What was subscribed, beside what has been subscribed meanwhile."""
    at.page.subscribed = {**(at.recall("page_unsubscribed") or {}), **at.page.subscribed}
    at.account.subscribed = {**(at.recall("account_unsubscribed") or {}), **at.account.subscribed}
    _save_both(at)


def page_unsubscribed(at: Connection) -> bool:
    """Whether none of the apps is subscribed."""
    return not any(app.id in at.page.subscribed or app.id in at.account.subscribed for app in at.apps)


def _save_both(at: Connection) -> None:
    at.world.state.save(at.page)
    at.world.state.save(at.account)


def app_flag(name: str, on: bool) -> Act:
    """A setting of the apps themselves."""

    def act(at: Connection) -> None:
        for app in at.apps:
            setattr(app, name, on)
            at.world.state.save(app)

    return act


def lose_tasks(at: Connection) -> None:
    """The person may still look at the Page, and no longer answer for it."""
    at.remember("tasks_lost", at.page.tasks)
    at.page.tasks = ["ANALYZE", "ADVERTISE", "CREATE_CONTENT"]
    at.world.state.save(at.page)


def give_tasks(at: Connection) -> None:
    """The person has their tasks back."""
    if at.remembers("tasks_lost"):
        at.page.tasks = at.recall("tasks_lost")
        at.world.state.save(at.page)
