"""Conversation routing: who is in control of a thread, and in which form an app hears of it. Pure.

    idle ──the person writes, a default app is set──▶ default app
     ▲ ▲                                                 │ pass (the owner), take (an app allowed to)
     │ └──────────────── release ────────────────────────┤
     └──── 24 h without the person, nor extended ── owned by an app

Source: Meta reference 2.6. Without a default app ("zero config") an idle thread is open: every connected app gets
``messaging`` and may answer. With one, an idle thread is the default app's to answer. An owned thread is its owner's
alone; the other apps get ``standby``.
"""

from heliograph.simulator.models import App, Form, Page, Thread

LAPSE_MS = 24 * 3_600_000
MOST_EXTENSION_SECONDS = 7 * 24 * 3600
INBOXES = {"263902037430900": "Page Inbox", "1217981644879628": "Instagram Inbox"}
"""Meta's own apps to which a thread can be passed."""


def owner(thread: Thread, now_ms: int) -> str | None:
    """The app in control of a thread, None when it is idle. Ownership lapses a day after the person's last message."""
    if thread.owner_app_id is None or now_ms > expires_ms(thread):
        return None
    return thread.owner_app_id


def expires_ms(thread: Thread) -> int:
    """When the latest ownership of a thread lapses."""
    return max(thread.last_action_ms + LAPSE_MS, thread.owned_ms + LAPSE_MS, thread.owned_until_ms)


def give(thread: Thread, app_id: str | None, now_ms: int) -> None:
    """Put a thread into the control of an app, or of nobody."""
    thread.owner_app_id, thread.owned_ms, thread.owned_until_ms = app_id, now_ms if app_id else 0, 0


def claim(thread: Thread, page: Page, now_ms: int) -> None:
    """The person acted: an idle thread becomes the default app's."""
    if page.default_app_id and owner(thread, now_ms) is None:
        give(thread, page.default_app_id, now_ms)


def may_answer(thread: Thread, page: Page, app_id: str, now_ms: int) -> bool:
    """Whether an app may act in a thread now."""
    holder = owner(thread, now_ms) or page.default_app_id
    return holder in (None, app_id)


def form_for(thread: Thread, page: Page, app_id: str, now_ms: int) -> Form:
    """Under which key of the entry an app hears of the thread."""
    return "messaging" if may_answer(thread, page, app_id, now_ms) else "standby"


def may_take(page: Page, app_id: str) -> bool:
    """Whether an app may take a thread from its owner: only with a default app, which may, as may those allowed to."""
    return page.default_app_id is not None and app_id in (page.default_app_id, *page.may_take)


def connected(page: Page, app: App | None) -> bool:
    """Whether an app is connected to a Page."""
    return app is not None and app.id in page.subscribed
