"""Which apps hear of an event, and in which form. Pure.

An app hears when all of this holds (Meta reference 1.1, 2.6, 6): it has a callback and the field at app level; the Page
subscribed it to any field (Meta's own sample uses ``feed``), or the account to this very one; its mode and access level
reach the account and the person; the account is linked and lets apps read its messages.
"""

from collections.abc import Callable, Iterator

from heliograph.simulator import access, routing
from heliograph.simulator.models import Account, App, Form, Page, Thread
from heliograph.simulator.rules import Rules
from heliograph.simulator.state import State
from heliograph.simulator.webhooks.events import FIELD_OF


def of_thread(
    state: State, rules: Rules, thread: Thread, event: str, now_ms: int, echo: bool = False
) -> Iterator[tuple[str, Form]]:
    """The apps that hear of something in a thread: its owner under ``messaging``, the others under ``standby``."""
    account = state.accounts[thread.account_id]
    page = state.pages[account.page_id]
    if not account.allow_messages or account.unread or (event == "message_edit" and not rules.message_edit):
        return
    for app in _subscribed(state, page, account, lambda app: field_of(app, event, echo)):
        form = routing.form_for(thread, page, app.id, now_ms)
        field = "standby" if form == "standby" else field_of(app, event, echo)
        if field in app.fields and access.may_hear(
            app, page, account, state.people.get(thread.person_id), thread, rules
        ):
            yield app.id, form


def hears(state: State, thread: Thread, app_id: str, event: str) -> bool:
    """Whether one app hears of a change of hands that is meant for it."""
    account = state.accounts[thread.account_id]
    listening = _subscribed(state, state.pages[account.page_id], account, lambda _: FIELD_OF[event])
    return any(app.id == app_id and FIELD_OF[event] in app.fields for app in listening)


def of_change(state: State, rules: Rules, thread: Thread | None, account_id: str, field: str) -> Iterator[str]:
    """The apps that hear of a comment, a mention or a story's numbers."""
    account = state.accounts[account_id]
    page = state.pages[account.page_id]
    person = state.people.get(thread.person_id) if thread else None
    for app in _subscribed(state, page, account, lambda _: field):
        allowed = access.may_hear(app, page, account, person, thread, rules)
        if field in access.ALWAYS_ADVANCED:
            allowed = app.live and access.advanced(app, access.comments_scope(app))
        if allowed and field in app.fields:
            yield app.id


def field_of(app: App, event: str, echo: bool = False) -> str:
    """The field that carries an event to an app: for Instagram apps an echo has one of its own (Meta reference 0)."""
    return "message_echoes" if echo and app.instagram else FIELD_OF[event]


def _subscribed(state: State, page: Page, account: Account, field: Callable[[App], str]) -> Iterator[App]:
    if page.account_id != account.id:
        return
    for app_id in dict.fromkeys([*page.subscribed, *account.subscribed]):
        app = state.apps.get(app_id)
        if app is None or not app.callback_url:
            continue
        if app_id in page.subscribed or field(app) in account.subscribed.get(app_id, ()):
            yield app
