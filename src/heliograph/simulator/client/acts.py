"""What people and the owner of an account do."""

from typing import Any

from heliograph.simulator.client.link import Where, Who, id_of
from heliograph.simulator.client.world import World


class Acts(World):
    """What people and the account's owner do."""

    def person_writes(
        self,
        account: Where,
        person: Who,
        text: str | None = None,
        *,
        attachments: list[dict[str, Any]] | None = None,
        quick_reply: str | None = None,
        reply_to: str | None = None,
        story_id: str | None = None,
        age_seconds: float | None = None,
        timestamp: int | None = None,
    ) -> str:
        """A person writes; the mid. ``quick_reply`` is the payload of a button titled ``text``, ``reply_to`` a mid."""
        body = {
            "text": text,
            "attachments": attachments,
            "quick_reply_payload": quick_reply,
            "reply_to_mid": reply_to,
            "story_id": story_id,
            "age_seconds": age_seconds,
            "timestamp": timestamp,
        }
        return self._act("/messages", account, person, **body)

    def person_mentions(self, account: Where, person: Who, *, age_seconds: float | None = None) -> str:
        """A person mentions the account in their story; the mid."""
        return self._act("/mentions", account, person, age_seconds=age_seconds)

    def person_taps(self, account: Where, person: Who, title: str, payload: str) -> str:
        """A person taps an ice breaker, a menu item or a button of a template; the mid."""
        return self._act("/postbacks", account, person, title=title, payload=payload)

    def person_reacts(self, mid: str, emoji: str | None = "❤️") -> None:
        """A person reacts to a message; None takes the reaction back."""
        self.ask_as_is("POST", "/reactions", {"mid": mid, "emoji": emoji})  # None means something here

    def person_edits(self, mid: str, text: str) -> None:
        """A person changes the text of their message."""
        self.ask("POST", "/edits", {"mid": mid, "text": text})

    def unsend(self, mid: str) -> None:
        """Whoever sent a message takes it back."""
        self.ask("POST", "/unsend", {"mid": mid})

    def person_sees(self, account: Where, person: Who, mid: str | None = None, *, bare: bool | None = None) -> None:
        """A person opens the thread: everything up to ``mid`` is seen, by default all. ``bare``: told without sender."""
        self.ask("POST", "/seen", {"account_id": id_of(account), "person": id_of(person), "mid": mid, "bare": bare})

    def owner_writes(self, account: Where, person: Who, text: str) -> str:
        """The owner writes in the Instagram app; apps see an echo. The mid."""
        return self._act("/owner-messages", account, person, text=text)

    def _act(self, path: str, account: Where, person: Who, **body: Any) -> str:
        return str(self.ask("POST", path, {"account_id": id_of(account), "person": id_of(person), **body})["mid"])
