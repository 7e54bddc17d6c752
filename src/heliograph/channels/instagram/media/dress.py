"""Arrivals with our addresses in the place of Meta's links (see ``mediaMode``). Pure, but for new ids.

Where the wire's meaning is "the link to the story", Meta's link stays (``instagram.storyUrl``, a referral's ``code`` and
``url``), and an address of ours stands beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from heliograph.channels.instagram import wire
from heliograph.channels.instagram.media.sources import STORY
from heliograph.messaging.arrivals import Arrival, Media, MessageArrival, Profile, ReferralArrival
from heliograph.storage import new_id

LINK = "link"
STORE = "store"

# What can stand in a message's metadata and in a referral beside Meta's own link.
STORY_ADDRESS = "instagram.storyMediaUrl"
REFERRAL_ADDRESS = "mediaUrl"

# Of which kind a file is when no attachment of the event has its link. None is ever copied.
_UNKNOWN = "unknown"


class Dresser:
    """``address`` makes the address of a row, ``picture`` that of a person; ``ours`` tells links that we may proxy."""

    def __init__(
        self,
        address: Callable[[str], str],
        picture: Callable[[str, str], str | None],
        ours: Callable[[str], bool],
    ) -> None:
        self._address = address
        self._picture = picture
        self._ours = ours

    def arrival(self, arrival: Arrival, event: wire.Event, mode: str) -> Arrival:
        """The arrival of an event as an integration of this ``mediaMode`` wants it."""
        if mode == LINK:
            return arrival
        if isinstance(arrival, MessageArrival):
            return self._message(arrival, event)
        if isinstance(arrival, ReferralArrival) and isinstance(event, wire.StoryMention) and self._ours(event.url):
            media = Media(new_id(), None, STORY, 0, event.url)
            referral = {**arrival.referral, REFERRAL_ADDRESS: self._address(media.id)}
            return replace(arrival, referral=referral, media=(media,))
        return arrival

    def profile(self, profile: Profile, integration_id: str, person: str, mode: str) -> Profile:
        """A profile whose picture has our address: Meta's link lasts some days (5.1)."""
        if mode == LINK or profile.avatar_url is None or not self._ours(profile.avatar_url):
            return profile
        return replace(profile, avatar_url=self._picture(integration_id, person) or profile.avatar_url)

    def _message(self, arrival: MessageArrival, event: wire.Event) -> MessageArrival:
        places = _places(getattr(event, "attachments", ()))
        contents, media = list(arrival.contents), []
        for number, content in enumerate(arrival.contents):
            url = content.get("mediaUrl")
            if not isinstance(url, str) or not self._ours(url):
                continue
            one = Media(new_id(), number, *places.get(url, (_UNKNOWN, 0)), url)
            contents[number] = {**content, "mediaUrl": self._address(one.id)}
            media.append(one)
        metadata = arrival.metadata
        story = getattr(event, "story", None)
        if story is not None and self._ours(story.url):
            one = Media(new_id(), None, STORY, 0, story.url)
            metadata = {**(metadata or {}), STORY_ADDRESS: self._address(one.id)}
            media.append(one)
        if not media:
            return arrival
        return replace(arrival, contents=tuple(contents), metadata=metadata, media=tuple(media))


def _places(attachments: Sequence[Any]) -> dict[str, tuple[str, int]]:
    """By link: an attachment's type, and its number among those that Meta lists together."""
    places: dict[str, tuple[str, int]] = {}
    seen = {True: 0, False: 0}
    for one in attachments:
        plain = one.type in wire.MEDIA_TYPES
        places.setdefault(one.url, (one.type, seen[plain]))
        seen[plain] += 1
    return places
