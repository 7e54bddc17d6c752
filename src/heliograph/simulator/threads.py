"""What people and businesses do in a thread. An act changes the records, tells the watchers and sends the webhooks."""

import time
from collections.abc import Callable
from typing import Any

from heliograph.simulator import ids, routing
from heliograph.simulator.cdn import Cdn
from heliograph.simulator.clock import Clock
from heliograph.simulator.hub import Hub
from heliograph.simulator.models import Account, Message, Person, Sender, Source, Story, Thread
from heliograph.simulator.state import State
from heliograph.simulator.webhooks import audience, events
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
        if thread.ref is not None and content.get("postback"):
            content["postback"] = {**content["postback"], "referral": thread.ref}
        elif thread.ref is not None:
            content.setdefault("referral", thread.ref)
        said = self._say(thread, "person", timestamp_ms, **content)
        thread.ref, thread.archived = None, False
        self._acted(thread, said.timestamp_ms)
        self._changed(thread, "message", said.mid)
        if self._is_told(thread, said):
            self._delivery.publish(thread, events.message(thread, said, self._cdn.link))
        return said

    def _acted(self, thread: Thread, at_ms: int) -> None:
        """The person did what opens the window; with routing on, an idle thread finds its owner."""
        thread.last_action_ms = max(thread.last_action_ms, at_ms)
        account = self._state.accounts[thread.account_id]
        routing.claim(thread, self._state.pages[account.page_id], self._clock.now_ms())

    def _is_told(self, thread: Thread, said: Message) -> bool:
        """Meta tells nobody of a story answered with a picture, nor of a mention in a story that is hidden."""
        if said.reply_to and "story_id" in said.reply_to and said.text is None:
            return False
        person = self._state.people[thread.person_id]
        mention = any(one["type"] == "story_mention" for one in said.attachments)
        return not (mention and person.private and thread.account_id not in person.followed_by)

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
        said.reply_to, said.postback, said.quick_reply_payload, said.referral = None, None, None, None
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

    def seen(self, thread: Thread, mid: str, bare: bool = False) -> None:
        """The person has seen everything up to a message. ``bare`` tells it without sender and recipient, as was seen."""
        if thread.person_seen == mid:
            return
        thread.person_seen = mid
        self._changed(thread, "seen", mid)
        told = events.seen(thread, mid, self._clock.now_ms())
        self._delivery.publish(thread, {key: told[key] for key in ("timestamp", "read")} if bare else told)

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

    def referred(self, thread: Thread, given: dict[str, Any]) -> bool:
        """The person follows an ig.me link. In a new thread it waits for the first message; False then."""
        if not self._state.listed[thread.key]:
            thread.ref = given
            self._state.save(thread)
            return False
        self._delivery.publish(thread, events.referral(thread, given, self._clock.now_ms()))
        return True

    def pass_control(self, thread: Thread, app_id: str, metadata: str | None) -> None:
        """The owner, or anybody while the thread is idle, gives it to an app, which hears of it."""
        before = self._give(thread, app_id)
        body = {"previous_owner_app_id": before, "new_owner_app_id": app_id, "metadata": metadata}
        self._hand_over(thread, app_id, "pass_thread_control", body)

    def take(self, thread: Thread, app_id: str, metadata: str | None) -> None:
        """An app takes a thread. The loser hears of it; nobody does when it was idle."""
        before = self._give(thread, app_id)
        body = {"previous_owner_app_id": before, "new_owner_app_id": app_id, "metadata": metadata}
        if before and before != app_id:
            self._hand_over(thread, before, "take_thread_control", body)

    def release(self, thread: Thread) -> None:
        """The thread is nobody's."""
        self._give(thread, None)

    def request(self, thread: Thread, app_id: str, metadata: str | None) -> None:
        """An app asks the owner for a thread; of an idle one there is nobody to ask."""
        if holder := routing.owner(thread, self._clock.now_ms()):
            body = {"requested_owner_app_id": app_id, "metadata": metadata}
            self._hand_over(thread, holder, "request_thread_control", body)

    def _give(self, thread: Thread, app_id: str | None) -> str | None:
        now = self._clock.now_ms()
        before = routing.owner(thread, now)
        routing.give(thread, app_id, now)
        self._changed(thread, "owner", None)
        return before

    def _hand_over(self, thread: Thread, app_id: str, event: str, body: dict[str, Any]) -> None:
        if audience.hears(self._state, thread, app_id, event):
            told = events.handover(thread, event, body, self._clock.now_ms())
            self._delivery.publish_to(app_id, thread.account_id, thread.key, told)

    def opts_in(self, thread: Thread, given: dict[str, Any]) -> None:
        """The person opts in to notification messages."""
        self._delivery.publish(thread, events.optin(thread, given, self._clock.now_ms()))

    def archive(self, thread: Thread) -> None:
        """The owner deletes the thread in the app; it comes back when the person writes again."""
        thread.archived = True
        self._changed(thread, "archive", None)

    def to_self(self, account: Account) -> Thread:
        """The thread of an account with itself, for tests of an app; its IGSID is the account's own."""
        person = self._state.people.get(account.self_person_id or "")
        if person is None:
            person = self._state.add(Person(self._state.fresh(lambda: ids.digits(10)), account.name, account.username))
            account.self_person_id = person.id
            self._state.save(account)
        thread = self.between(account, person)
        thread.is_self = True
        self._state.save(thread)
        return thread

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
