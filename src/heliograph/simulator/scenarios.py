"""Ready-made faults of the Graph API: every error of Meta's that a client must know how to take, by name. Data.

A name is ``code`` or ``code/subcode``; ways of answering badly have a word. Source: Meta reference 3.2, whose *action*
is what a good client does. Statuses are those seen in the field; they are no contract of Meta's.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

Action = Literal["retry", "pause", "window", "refused", "unreachable", "reconnect", "configure", "ignore", "unknown"]

ACTIONS: Final[dict[Action, str]] = {
    "retry": "try again, later and later",
    "pause": "pause the account, then try again",
    "window": "wait until the person writes",
    "refused": "this message never",
    "unreachable": "this person can not be reached",
    "reconnect": "stop, and connect again",
    "configure": "stop, and have the app or the account set right",
    "ignore": "carry on without",
    "unknown": "it may have been done: look before trying again",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One of them. ``fault`` holds the fields of a fault that it sets."""

    name: str
    meaning: str
    action: Action
    fault: dict[str, Any]
    is_way: bool = False
    """Whether it is a way of answering badly, not an error of the table."""


def _row(
    name: str, status: int, action: Action, meaning: str, message: str = "", match: str = "send", **more: Any
) -> Scenario:
    code, _, subcode = name.partition(" ")[0].partition("/")
    words = message or f"(#{code}) {meaning[:1].upper()}{meaning[1:]}"
    number = int(subcode) if subcode else None
    fault = {"match": match, "status": status, "code": int(code), "subcode": number, "message": words, **more}
    return Scenario(name, meaning, action, fault)


def _way(name: str, action: Action, meaning: str, **fault: Any) -> Scenario:
    return Scenario(name, meaning, action, {"match": "send", **fault}, is_way=True)


_INVALID = "Error validating access token: "
_BUSY = "An unexpected error has occurred. Please retry your request later."
_TRANSIENT: Final[dict[str, Any]] = {"is_transient": True}

_ROWS = (
    # failures of Meta's
    _row("-1", 500, "retry", "unspecified internal failure"),
    _row("-1/2534023", 500, "refused", "the comment already has a private reply"),
    _row("-2", 500, "retry", "internal failure that looks like a timeout", **_TRANSIENT),
    _row("1", 500, "retry", "unknown error of the API", "An unknown error occurred"),
    _row("1/99", 400, "configure", "unknown, often a missing permission", "An unknown error occurred"),
    _row("1/1357046", 500, "unknown", "invalid reply: the message may have been sent", mode="after"),
    _row("1 amount", 500, "retry", "the page asked for is too large",
         "Please reduce the amount of data you're asking for, then retry your request", "conversations"),
    _row("2", 500, "retry", "temporary failure of the service", _BUSY, **_TRANSIENT),
    _row("2/1545133", 500, "retry", "the service is temporarily unavailable", _BUSY, **_TRANSIENT),
    _row("1200", 500, "retry", "temporary failure to send", **_TRANSIENT),
    # limits
    _row("4", 400, "pause", "call limit of the app", "(#4) Application request limit reached", usage="app", **_TRANSIENT),
    _row("4/2018022", 403, "pause", "call limit of the app", "(#4) Application request limit reached", usage="app"),
    _row("17", 400, "pause", "call limit of the user", "(#17) User request limit reached", **_TRANSIENT),
    _row("32", 400, "pause", "call limit of the Page", "(#32) Page request limit reached", **_TRANSIENT),
    _row("341", 400, "pause", "limit of the application"),
    _row("613", 400, "pause", "custom limit of calls", "(#613) Calls to this api have exceeded the rate limit."),
    _row("613/2534040", 429, "pause", "messaging limit of the account",
         "(#613) Calls to this api have exceeded the rate limit."),
    _row("613/1996", 400, "pause", "inconsistent volume of requests"),
    _row("613/2018338", 400, "configure", "warning of abusive use of tags"),
    _row("80001", 400, "pause", "business limit of the Page", usage="business"),
    _row("80002", 400, "pause", "business limit of the Instagram account",
         "(#80002) There have been too many calls to this Instagram account.", usage="business"),
    _row("80006", 400, "pause", "business limit of messaging", usage="business"),
    # permission and configuration
    _row("3", 403, "configure", "the app lacks the capability",
         "(#3) Application does not have the capability to make this API call."),
    _row("10", 403, "configure", "a permission is missing", "(#10) Application does not have permission for this action"),
    _row("10/2018300", 400, "configure", "another app is in control of the thread"),
    _row("10/1893063", 403, "configure", "the account may not send for now, by policy"),
    _row("10/2534077", 403, "reconnect", "the link of account, user and Page can not be verified"),
    _row("200", 403, "configure", "a permission is missing", "(#200) Permissions error"),
    _row("200/2018028", 403, "configure", "the app is not live: only people with a role can be written to"),
    _row("200/2018027", 403, "configure", "the app is not reviewed: only people with a role can be written to"),
    _row("200/2534041", 403, "configure", "the owner turned off access to messages",
         "(#200) The account owner has disabled access to instagram direct messages"),
    _row("200/2534066", 403, "configure", "the token may not reply privately"),
    _row("100/2534029", 400, "configure", "the business is blocked from messaging"),
    _row("100/2534037", 400, "configure", "the app is not the owner of the thread"),
    _row("100 unsupported", 400, "configure", "every call fails alike: the account has no role in the app",
         "Unsupported request - method type: post", "any"),
    _row("368", 400, "configure", "temporarily blocked for breaking a policy"),
    _row("2200", 400, "configure", "the callback could not be verified",
         "(#2200) Callback verification failed with the following errors: HTTP Status Code = 403", "subscribe"),
    _row("36103", 400, "configure", "the account is not eligible yet"),
    _row("10904/1893050", 400, "configure", "messages are disabled"),
    # the window
    _row("10/2534022", 403, "window", "outside the allowed window", "(#10) This message is sent outside of allowed window."),
    _row("10/2018278", 403, "window", "outside the allowed window, in Messenger's words",
         "(#10) This message is sent outside of allowed window."),
    _row("10/2018065", 403, "window", "outside the window, news permission"),
    # tokens
    _row("102", 401, "reconnect", "the session is invalid", "Session has expired", "any"),
    _row("190", 401, "reconnect", "the token is invalid", "Invalid OAuth access token.", "any"),
    _row("190/458", 401, "reconnect", "the person removed the app",
         _INVALID + "The user has not authorized application.", "any"),
    _row("190/459", 401, "reconnect", "the person must pass a checkpoint",
         _INVALID + "You cannot access the app till you log in to www.facebook.com.", "any"),
    _row("190/460", 401, "reconnect", "the password was changed",
         _INVALID + "The session has been invalidated because the user changed their password.", "any"),
    _row("190/463", 401, "reconnect", "the token expired", _INVALID + "Session has expired.", "any"),
    _row("190/464", 401, "reconnect", "the person must confirm their account",
         _INVALID + "Sessions for the user are not allowed.", "any"),
    _row("190/467", 401, "reconnect", "the token was revoked", _INVALID + "This may be because the user logged out.", "any"),
    _row("190/492", 401, "reconnect", "the person lost the role on the Page",
         _INVALID + "The user no longer has a role on the Page.", "any"),
    _row("100/2534013", 400, "reconnect", "the Page is not linked to a professional account",
         "(#100) The page is not linked to an Instagram account or the linked IG account is not professional account"),
    _row("100/36007", 400, "reconnect", "the code of the login expired", match="login"),
    _row("100/36009", 400, "reconnect", "the code of the login was used", match="login"),
    # the person
    _row("10/2018108", 403, "unreachable", "the person can not receive messages now"),
    _row("100/2018001", 400, "unreachable", "no such person, in Messenger's words"),
    _row("100/2534014", 400, "unreachable", "no such person", "The requested user cannot be found."),
    _row("100/2534001", 400, "unreachable", "the thread was archived or deleted by its owner"),
    _row("200/1545041", 403, "unreachable", "the person is not available", "(#551) This person isn't available right now."),
    _row("551", 400, "unreachable", "the person is not available", "(#551) This person isn't available right now."),
    _row("551/1545041", 400, "unreachable", "the person is not available",
         "(#551) This person isn't available right now."),
    _row("10903/1893049", 400, "unreachable", "the person can not be replied to"),
    # the message
    _row("100", 400, "refused", "a parameter is invalid", "(#100) Invalid parameter"),
    _row("100/33", 400, "refused", "the object does not exist, or may not be used",
         "Unsupported post request. Object does not exist, or cannot be loaded due to missing permissions."),
    _row("100/2534015", 400, "refused", "invalid message data"),
    _row("100/2534025", 400, "refused", "the comment can not be replied to privately"),
    _row("100/2018008", 400, "retry", "the file could not be fetched", "(#100) Failed to fetch the file from the url"),
    _row("100/2018047", 400, "refused", "type and file differ", "(#100) Upload attachment failure."),
    _row("100/2018074", 400, "refused", "the attachment id is invalid"),
    _row("100/2018109", 400, "refused", "the attachment is too large", "(#100) Attachment size exceeds allowable limit"),
    _row("100/2018294", 400, "retry", "the video took too long to fetch, or is corrupt"),
    _row("100/2018014", 400, "refused", "message and state in one request"),
    _row("506", 400, "refused", "duplicate post"),
    _row("508/2534122", 400, "refused", "the link is restricted"),
    _row("2500", 400, "refused", "unknown path", "Unknown path components"),
    _row("36000", 400, "refused", "the image is too large"),
    _row("10900", 400, "refused", "the private reply was used"),
    _row("10/1404170", 403, "refused", "the person did not ask for marketing messages"),
    _row("10/1893015", 403, "refused", "the person did not ask for marketing messages"),
    # reading
    _row("230", 403, "ignore", "the person must consent before the profile can be read",
         "(#230) User consent is required to access user profile", "profile"),
    _row("9010", 400, "ignore", "no such person, in a read of the profile",
         "(#9010) No matching Instagram user", "profile"),
    _row("2018218", 400, "ignore", "the profile is not available", match="profile"),
    _row("2018247", 400, "ignore", "the profile may not be read", match="profile"),
    _row("9000001", 400, "ignore", "the message was deleted, or is too old to be read",
         "(#9000001) This message has been deleted or is no longer available", "conversations"),
)  # fmt: skip

_WAYS = (
    _way("timeout before", "unknown", "no answer, and nothing was done", outcome="hang"),
    _way("timeout after", "unknown", "no answer, but the message was sent", outcome="hang", mode="after"),
    _way("cut before", "unknown", "the connection breaks, and nothing was done", outcome="drop"),
    _way("cut after", "unknown", "the connection breaks, but the message was sent", outcome="drop", mode="after"),
    _way("late", "unknown", "a true answer, five seconds late", outcome="late", mode="after", delay_seconds=5),
    _way("200 error", "refused", "status 200 with an error in the body",
         status=200, code=100, subcode=2534015, message="(#100) Invalid message data"),
    _way("200 without message_id", "unknown", "a success that does not name the message",
         outcome="no_message_id", mode="after"),
    _way("200 empty", "unknown", "status 200 with nothing in it", outcome="empty", mode="after"),
    _way("200 bad json", "unknown", "an answer that ends too early", outcome="bad_json", mode="after"),
    _way("500 html", "retry", "a page of HTML instead of JSON", outcome="html", status=500),
    _way("502 html", "unknown", "a page of HTML from a gateway, but the message was sent",
         outcome="html", status=502, mode="after"),
    _way("503 down", "retry", "the service is down", status=503, code=2, message=_BUSY, is_transient=True),
)  # fmt: skip

SCENARIOS: Final[dict[str, Scenario]] = {one.name: one for one in (*_ROWS, *_WAYS)}
"""Every scenario by its name."""
