"""App mode, access level and roles: whom an app may serve. Pure.

Source: Meta reference 1.1 and 6. In Development mode an app reaches only people and accounts with a role on it. A Live
app with Standard Access for a permission serves the accounts of people with a role; the texts differ on whether the
person who writes needs one too, which is the knob ``standard_access``.
"""

from heliograph.simulator.models import Account, App, Page, Person, Thread
from heliograph.simulator.rules import Rules

ALWAYS_ADVANCED = frozenset({"comments", "live_comments"})
"""Fields that are delivered with Advanced Access only."""
COMMENTS_SCOPE = "instagram_manage_comments"
MESSAGES_SCOPE = "instagram_manage_messages"
INSTAGRAM_MESSAGES_SCOPE = "instagram_business_manage_messages"
INSTAGRAM_COMMENTS_SCOPE = "instagram_business_manage_comments"


def advanced(app: App, scope: str) -> bool:
    """Whether an app has Advanced Access for a permission."""
    return app.advanced is None or scope in app.advanced


def messages_scope(app: App) -> str:
    """The permission of messaging, by the login that the app is for."""
    return INSTAGRAM_MESSAGES_SCOPE if app.instagram else MESSAGES_SCOPE


def comments_scope(app: App) -> str:
    """The permission of comments, by the login that the app is for."""
    return INSTAGRAM_COMMENTS_SCOPE if app.instagram else COMMENTS_SCOPE


def serves(app: App, page: Page, account_id: str | None) -> bool:
    """Whether a Page is of somebody with a role on the app."""
    return not {page.owner_id, page.id, account_id}.isdisjoint(app.roles)


def person_has_role(app: App, person: Person, thread: Thread) -> bool:
    """Whether the person of a thread has a role on the app."""
    return person.id in app.roles or thread.igsid in app.roles


def may_call(app: App, page: Page, account_id: str | None, scope: str) -> bool:
    """Whether an app's call with a permission works for a Page at all."""
    return (app.live and advanced(app, scope)) or serves(app, page, account_id)


def may_message(app: App, page: Page, thread: Thread, person: Person, rules: Rules) -> str | None:
    """The error for messaging a person, None when the app may."""
    if person_has_role(app, person, thread):
        return None
    if not app.live:
        return "not_live"
    strict = rules.standard_access == "account_and_person"
    return "not_reviewed" if strict and not advanced(app, messages_scope(app)) else None


def may_hear(
    app: App, page: Page, account: Account, person: Person | None, thread: Thread | None, rules: Rules
) -> bool:
    """Whether an app hears what a person does with an account; ``person`` None for what nobody did."""
    known = thread is not None and person is not None and person_has_role(app, person, thread)
    if not app.live:
        return known or (person is None and serves(app, page, account.id))
    if advanced(app, messages_scope(app)):
        return True
    return serves(app, page, account.id) and (known or rules.standard_access == "account" or person is None)
