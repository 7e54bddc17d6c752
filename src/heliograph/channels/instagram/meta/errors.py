"""Meta's error codes, and what each means for a send (Meta reference 3.2). One table; a test per row.

Looked up by (code, subcode), then by code alone, then by ``is_transient`` and HTTP status. Texts of Meta's are localised
and never decide anything.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from heliograph.channels.base import SendOutcome as Out


class Whose(StrEnum):
    """Whom an error is about, beyond the message that got it."""

    ACCOUNT = "account"
    APP = "app"  # all accounts of the Facebook app


@dataclass(frozen=True, slots=True)
class Hold:
    """Who is to be left alone, and for how long; no seconds: longer each time."""

    whose: Whose
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """``code`` is the error code that customers get in ``delivery:failure``; ``advice`` says what to do.

    ``once_more``: not taken, but one more try is worth it before the outcome counts. ``hold``: further calls only make it
    worse, also those for other people.
    """

    outcome: Out
    code: str
    advice: str
    once_more: bool = False
    hold: Hold | None = None


# How long an account waits that Meta blocks for breaking a policy (368).
BLOCKED_SECONDS = 4 * 3600.0

_RETRY = Meaning(Out.RETRY, "channel_unavailable", "Meta was not able to take the message; nothing to do on your side.")
_LIMITED = Meaning(
    Out.RATE_LIMITED, "rate_limited", "Meta's rate limit is reached. Send less, or wait.", hold=Hold(Whose.ACCOUNT)
)
_APP_LIMITED = replace(_LIMITED, hold=Hold(Whose.APP))
_WINDOW = Meaning(
    Out.WINDOW_CLOSED, "message_outside_window", "The window is closed. It opens again when the person writes."
)
_UNREACHABLE = Meaning(
    Out.UNREACHABLE, "unreachable", "This person cannot get messages of this account: blocked, deleted or switched off."
)
_RECONNECT = Meaning(
    Out.RECONNECT,
    "unauthorized",
    "The Page token is no longer valid. Update the integration with a new pageAccessToken.",
)
_PERMISSION = Meaning(
    Out.CONFIGURATION,
    "forbidden",
    "The app lacks a permission for this. Check its permissions and access level at Meta.",
)
_ROUTING = Meaning(
    Out.CONFIGURATION,
    "forbidden",
    "Another app owns this thread. In Business Suite, open Settings, Integrations, Conversation routing.",
)
_BAD = Meaning(Out.PERMANENT, "bad_request", "Meta refuses this message as it is.")
_NO_PROFILE = Meaning(Out.PERMANENT, "bad_request", "Meta has no profile of this person for us. Go on without it.")
_CODE_SPENT = Meaning(Out.PERMANENT, "bad_request", "The login's code is spent or too old. Start the login again.")
_MEDIA = Meaning(
    Out.PERMANENT,
    "media_rejected",
    "Meta did not take the file. It must be public, of a supported type, and within the size limits.",
)

MEANINGS: dict[tuple[int, int | None], Meaning] = {
    (-1, None): _RETRY,
    (-1, 2534023): _BAD,
    (-2, None): _RETRY,
    (1, None): _RETRY,
    (1, 99): replace(_PERMISSION, once_more=True),
    (1, 1357046): Meaning(Out.UNKNOWN, "uncategorized_error", "Meta does not tell whether the message was sent."),
    (2, None): _RETRY,
    (2, 1545133): _RETRY,
    (3, None): _PERMISSION,
    (4, None): _APP_LIMITED,
    (4, 2018022): _APP_LIMITED,
    (10, None): _PERMISSION,
    (10, 2534022): _WINDOW,
    (10, 2018278): _WINDOW,
    (10, 2018065): _WINDOW,
    (10, 2018108): _UNREACHABLE,
    (10, 2018300): _ROUTING,
    (10, 1893063): Meaning(
        Out.CONFIGURATION, "forbidden", "Meta restricts this account from messaging for policy reasons."
    ),
    (10, 2534077): _RECONNECT,
    (10, 1404170): _BAD,
    (10, 1893015): _BAD,
    (17, None): _LIMITED,
    (32, None): _LIMITED,
    (100, None): _BAD,
    (100, 33): _BAD,
    (100, 2018001): _UNREACHABLE,
    (100, 2534014): _UNREACHABLE,
    (100, 2534001): _UNREACHABLE,
    (100, 2534013): Meaning(
        Out.RECONNECT,
        "unauthorized",
        "The Page is no longer linked to an Instagram professional account. Link it again, then update the integration.",
    ),
    (100, 2534015): _BAD,
    (100, 2534025): _BAD,
    (100, 2534029): Meaning(Out.CONFIGURATION, "forbidden", "Meta blocks this business from the messaging API."),
    (100, 2534037): _ROUTING,
    (100, 2018008): replace(_MEDIA, once_more=True),
    (100, 2018047): _MEDIA,
    (100, 2018074): _MEDIA,
    (100, 2018109): _MEDIA,
    (100, 2018294): replace(_MEDIA, once_more=True),
    (100, 2018014): _BAD,
    (100, 36007): _CODE_SPENT,
    (100, 36009): _CODE_SPENT,
    (102, None): _RECONNECT,
    (190, None): _RECONNECT,
    (190, 458): _RECONNECT,
    (190, 459): Meaning(
        Out.RECONNECT,
        "unauthorized",
        "The person who connected the Page must pass a check at Facebook, then reconnect.",
    ),
    (190, 460): _RECONNECT,
    (190, 463): _RECONNECT,
    (190, 464): Meaning(
        Out.RECONNECT, "unauthorized", "The person who connected the Page must confirm their account, then reconnect."
    ),
    (190, 467): _RECONNECT,
    (190, 492): Meaning(
        Out.RECONNECT,
        "unauthorized",
        "The person who connected the Page lost their role on it. Somebody with a role must.",
    ),
    (200, None): _PERMISSION,
    (200, 2018028): _PERMISSION,
    (200, 2018027): _PERMISSION,
    (200, 1545041): _UNREACHABLE,
    (200, 2534041): Meaning(
        Out.CONFIGURATION,
        "forbidden",
        "The account's owner switched off access to messages. In the Instagram app: Settings, Messages and story replies,"
        " Message controls, Connected tools, Allow access to messages.",
    ),
    (200, 2534066): _PERMISSION,
    (230, None): Meaning(
        Out.PERMANENT, "bad_request", "The person has not agreed to have their profile read. Go on without it."
    ),
    (341, None): _APP_LIMITED,
    (368, None): Meaning(
        Out.CONFIGURATION,
        "forbidden",
        "Meta blocks the account for a while for breaking a policy. Wait some hours.",
        hold=Hold(Whose.ACCOUNT, BLOCKED_SECONDS),
    ),
    (506, None): _BAD,
    (508, 2534122): Meaning(
        Out.PERMANENT, "bad_request", "Meta does not allow this link. Send the message without it."
    ),
    (551, None): _UNREACHABLE,
    (551, 1545041): _UNREACHABLE,
    (613, None): _LIMITED,
    (613, 2534040): _LIMITED,
    (613, 1996): _LIMITED,
    (613, 2018338): Meaning(Out.CONFIGURATION, "forbidden", "Meta warns of abuse of message tags."),
    (1200, None): _RETRY,
    (2200, None): Meaning(
        Out.CONFIGURATION,
        "forbidden",
        "Meta could not verify the callback. Check that HELIOGRAPH_PUBLIC_URL reaches this server from outside.",
    ),
    (2500, None): _BAD,
    (9010, None): _NO_PROFILE,
    (10900, None): _BAD,
    (10903, None): _UNREACHABLE,
    (10904, None): Meaning(Out.CONFIGURATION, "forbidden", "Messages are switched off for this account."),
    (36000, None): _MEDIA,
    (36103, None): _PERMISSION,
    (80001, None): _LIMITED,
    (80002, None): _LIMITED,
    (80006, None): _LIMITED,
    (2018218, None): _NO_PROFILE,
    (2018247, None): _NO_PROFILE,
    (9000001, None): Meaning(
        Out.PERMANENT, "bad_request", "The message is deleted, or older than those that Meta still tells."
    ),
}

# Of Instagram Login: every call with the token is refused like this (4.6).
NO_ACCESS = Meaning(
    Out.CONFIGURATION,
    "forbidden",
    "Meta refuses every call for this account: it has no role on the app, or the app has lost its access. Give the account a"
    " role, or get Advanced Access for the app.",
)
_UNCLASSIFIED = Meaning(Out.PERMANENT, "uncategorized_error", "Meta refused the message.")


def meaning(code: int, subcode: int | None, *, transient: bool, status: int, alike: bool = False) -> Meaning:
    """What an error means. Unknown codes: transient or HTTP 5xx may pass, the rest are for good.

    ``alike``: every call with the token gets this error.
    """
    if alike:
        return NO_ACCESS
    known = MEANINGS.get((code, subcode)) or MEANINGS.get((code, None))
    if known is not None:
        return known
    return _RETRY if transient or status >= 500 else _UNCLASSIFIED


def passes(code: int, subcode: int | None, *, transient: bool, status: int) -> bool:
    """Whether an error says nothing of what was asked about: a bad hour of Meta's, a limit, or somebody else's page."""
    meant = meaning(code, subcode, transient=transient, status=status)
    return code == 0 or transient or meant.outcome in (Out.RETRY, Out.RATE_LIMITED, Out.UNKNOWN)
