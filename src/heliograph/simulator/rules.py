"""Where Meta's rules are numbers, or its texts leave them open: every choice as one knob.

The defaults are what Meta's pages of 2026 say, or what was seen in the field. Times are on the simulator's clock, except
the two fetch times, which are real seconds. A limit of 0 is no limit.
"""

from dataclasses import dataclass
from typing import Literal

DAY_HOURS = 24


@dataclass(slots=True)
class Rules:
    """The knobs, as ``/_simulator/rules`` shows them."""

    # limits (Meta reference 3.3)
    sends_per_second: int = 300
    """Texts, links, reactions and stickers per account. Older pages say 100."""
    instagram_sends_per_second: int = 100
    """The same by Instagram Login."""
    media_per_second: int = 10
    """Audio and video per account."""
    thread_sends_per_second: int = 0
    """Meta names no number for one thread."""
    conversations_per_second: int = 2
    conversations_window_seconds: int = 30
    """Over how long that rate is measured: 60 calls in any 30 seconds. Meta does not say; 1 is the strictest reading."""
    private_replies_per_hour: int = 750
    live_replies_per_second: int = 100
    app_calls_per_hour: int = 0
    """Meta: 200 for each daily user of the app."""
    user_calls_per_hour: int = 0
    page_calls_per_hour: int = 0
    """Calls about a Page with a user token."""
    messenger_calls_per_day: int = 0
    """Meta: 200 for each engaged user of the Page."""
    instagram_calls_per_day: int = 0
    """Meta: 4800 for each impression of the account."""
    pages_calls_per_day: int = 0
    """Meta: 4800 for each engaged user of the Page."""

    # media
    fetch_seconds: float = 10.0
    """Meta names no time for files other than video; in development a short one is kinder."""
    video_fetch_seconds: float = 75.0
    gif_images: bool = True
    """An older page allows gif, the newer ones name png and jpeg only."""
    link_hours: int = 7 * DAY_HOURS
    """How long a link to the CDN is good for. Meta does not say; days, by all reports."""
    restricted_hosts: tuple[str, ...] = ()
    """Hosts whose links may not be sent (508/2534122)."""

    # what Meta's texts leave open
    locale: str = "en_US"
    """The language of error messages when neither call nor owner chooses one: ``en_US`` or ``de_DE``."""
    not_owner: Literal["2534037", "2018300"] = "2534037"
    """What a send to another app's thread answers: 100/2534037 or 10/2018300."""
    no_feature: Literal["window", "parameter"] = "window"
    """HUMAN_AGENT without the feature or after seven days: 10/2534022 or 100."""
    long_text: Literal["parameter", "invalid_message"] = "parameter"
    """A text over 1000 bytes: 100 or 100/2534015."""
    emoji_reactions: bool = True
    """Whether Facebook Login takes any emoji for a reaction, as Instagram Login does."""
    message_edit: bool = True
    """Whether Facebook Login delivers edits. Meta's examples list them, its field table does not."""
    shared_post: Literal["ig_post", "both", "share"] = "ig_post"
    """A shared post: ``share`` until 2025-11, both until 2026-02-01, ``ig_post`` since."""
    standard_access: Literal["account", "account_and_person"] = "account"
    """Who needs a role on an app with Standard Access: the account's owner, or the person who writes as well."""
    instagram_answers: Literal["flat", "data"] = "flat"
    """What Instagram Login's code exchange and ``/me`` answer: the object, as seen, or in ``data[]``, as documented."""
    private_reply_needs_feature: bool = False
    """One page asks for the Human Agent feature for private replies."""
