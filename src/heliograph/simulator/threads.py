"""What people and businesses do in a thread. An act changes the records, tells the watchers and sends the webhooks."""

import time
from collections.abc import Callable
from typing import Any

from heliograph.simulator import ids
from heliograph.simulator.cdn import Cdn
from heliograph.simulator.clock import Clock
from heliograph.simulator.hub import Hub
from heliograph.simulator.models import Account, Message, Person, Sender, Source, Story, Thread
from heliograph.simulator.state import State
from heliograph.simulator.webhooks import events
from heliograph.simulator.webhooks.delivery import Delivery

TYPING_MS = 20_000
"""A typing bubble lasts about twenty seconds."""
STORY_MS = 24 * 3_600_000
"""A story, and the link to it, lives for 24 hours."""


class Threads:
    """The acts. Callers have checked that they are allowed."""

    def __init__(self, state: State, clock: Clock, cdn: Cdn, delivery: Delivery, hub: Hub) -> None:
        self._state = state
        self._clock = clock
        self._cdn = cdn
        self._delivery = delivery
        self._hub = hub

    def between(self, account: Account, person: Person) -> Thread:
        """The thread of a person with an account; with it the person's IGSID towards that account."""
        thread = self._state.threads.get(f"{account.id}:{person.id}")
        if thread:
            return thread
        thread_id = ids.thread_id()
        igsid = self._state.fresh(ids.scoped_id)
        return self._state.add(
            Thread(account.id, person.id, igsid, thread_id, ids.conversation_id(account.id, thread_id))
        )

    def person_says(self, thread: Thread, timestamp_ms: int | None = None, **content: Any) -> Message:
        """The person writes, taps or mentions: opens the window and sends a webhook. ``content`` is a Message's."""
        said = self._say(thread, "person", timestamp_ms, **content)
        thread.last_action_ms = max(thread.last_action_ms, said.timestamp_ms)
        self._changed(thread, "message", said.mid)
        self._delivery.publish(thread, events.message(thread, said, self._cdn.link))
        return said

    def business_says(self, thread: Thread, source: Source, **content: Any) -> tuple[Message, Callable[[], None]]:
        """The business writes, through the API or in the app. The second value, called, sends the echo."""
        said = self._say(thread, source, None, **content)
        thread.typing_until_ms = 0
        self._changed(thread, "message", said.mid)

        def echo() -> None:
            self._delivery.publish(thread, events.message(thread, said, self._cdn.link))

        return said, echo

    def _say(self, thread: Thread, source: Source, timestamp_ms: int | None, **content: Any) -> Message:
        now = self._clock.now_ms()
        at = now if timestamp_ms is None else timestamp_ms
        microseconds = at * 1000 + time.time_ns() // 1000 % 1000
        while (mid := ids.message_id(thread.account_id, thread.thread_id, microseconds)) in self._state.messages:
            microseconds += 1
        sender: Sender = "person" if source == "person" else "business"
        said = self._state.add(Message(mid, thread.key, sender, source, at, **content))
        thread.updated_ms = max(thread.updated_ms, at)
        return said

    def unsend(self, said: Message) -> None:
        """A message is taken back by whoever sent it: its content and media are gone."""
        thread = self._state.threads[said.thread]
        for one in said.attachments:
            if "asset_id" in one:
                self._cdn.delete(one["asset_id"])
        said.deleted = True
        said.text, said.attachments, said.template, said.quick_replies = None, [], None, []
        said.reply_to, said.postback, said.quick_reply_payload = None, None, None
        self._state.save(said)
        self._changed(thread, "unsend", said.mid)
        self._delivery.publish(thread, events.unsent(thread, said, self._clock.now_ms()))

    def edit(self, said: Message, text: str) -> None:
        """The person changes a text."""
        thread = self._state.threads[said.thread]
        said.text = text
        said.num_edit += 1
        self._state.save(said)
        self._changed(thread, "edit", said.mid)
        self._delivery.publish(thread, events.edit(thread, said, self._clock.now_ms()))

    def seen(self, thread: Thread, mid: str) -> None:
        """The person has seen everything up to a message."""
        if thread.person_seen == mid:
            return
        thread.person_seen = mid
        self._changed(thread, "seen", mid)
        self._delivery.publish(thread, events.seen(thread, mid, self._clock.now_ms()))

    def person_reacts(self, said: Message, emoji: str | None) -> None:
        """The person reacts with an emoji, or takes the reaction back with None. A new one replaces the old one."""
        thread = self._state.threads[said.thread]
        given = react(said, "person", emoji)
        self._state.save(said)
        self._changed(thread, "reaction", said.mid)
        self._delivery.publish(thread, events.reaction(thread, said.mid, given, self._clock.now_ms()))

    def business_reacts(self, said: Message, emoji: str | None) -> None:
        """The business reacts through the API. Meta sends no echo of it."""
        react(said, "business", emoji)
        self._state.save(said)
        self._changed(self._state.threads[said.thread], "reaction", said.mid)

    def business_signals(self, thread: Thread, action: str) -> None:
        """``typing_on``, ``typing_off`` or ``mark_seen`` through the API; none of them sends a webhook."""
        if action == "mark_seen":
            latest = next((one for one in reversed(self._state.listed[thread.key]) if one.sender == "person"), None)
            thread.business_seen = latest.mid if latest else thread.business_seen
        else:
            thread.typing_until_ms = self._clock.now_ms() + TYPING_MS if action == "typing_on" else 0
        self._changed(thread, action, None)

    def story(self, owner_id: str, picture: bytes, content_type: str) -> Story:
        """Somebody posts a story: an account, or a person who mentions one in it."""
        now = self._clock.now_ms()
        asset = self._cdn.keep(picture, content_type, "story", expires_ms=now + STORY_MS)
        story = self._state.add(Story(self._state.fresh(lambda: ids.digits(17, "180")), owner_id, asset.id, now))
        self._hub.publish("story", {"owner_id": owner_id, "story_id": story.id})
        return story

    def stories_of(self, owner_id: str | None) -> list[Story]:
        """The stories that are still alive, youngest first; of one account or person, or of everybody with None."""
        alive_since = self._clock.now_ms() - STORY_MS
        mine = (one for one in self._state.stories.values() if owner_id in (None, one.owner_id))
        return [one for one in reversed(list(mine)) if one.created_ms >= alive_since]

    def _changed(self, thread: Thread, what: str, mid: str | None) -> None:
        self._state.save(thread)
        self._hub.publish(
            "thread", {"account_id": thread.account_id, "person": thread.person_id, "what": what, "mid": mid}
        )


def react(said: Message, who: str, emoji: str | None) -> dict[str, str] | None:
    """Put or remove a reaction. Returns it as ``{reaction, emoji}``, None when it was removed."""
    said.reactions.pop(who, None)
    if emoji is None:
        return None
    named = {look.rstrip("\ufe0f"): name for name, look in events.EMOJI.items()}
    name = named.get(emoji.rstrip("\ufe0f"), "other")
    said.reactions[who] = {"reaction": name, "emoji": events.EMOJI.get(name, emoji)}
    return said.reactions[who]
