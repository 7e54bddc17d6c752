"""Identifiers as Meta writes them: message ids, conversation ids, account ids, tokens.

A ``mid`` is base64 whose four awkward characters are escaped with the letter Z (``Z`` to ``ZA``, ``+`` to ``ZB``,
``/`` to ``ZC``, ``=`` to ``ZD``). It decodes to ``ig_dm_item:1:IGMessageID:{account}:{thread}:{item}``. The item part
holds the microsecond of sending in its upper bits. Paging cursors and conversation ids are escaped the same way.
"""

import base64
import re
import secrets
import string

_ESCAPE = str.maketrans({"Z": "ZA", "+": "ZB", "/": "ZC", "=": "ZD"})
_UNESCAPE = {"ZA": "Z", "ZB": "+", "ZC": "/", "ZD": "="}
_ESCAPED = re.compile("Z[ABCD]")
_BASE62 = string.ascii_letters + string.digits
_THREAD_PREFIX = "34028236684171030"
"""Instagram thread ids are 128-bit numbers near the top of their range, hence their common beginning."""


def escape(raw: str) -> str:
    """Base64 of ``raw`` with Meta's Z-escapes."""
    return base64.b64encode(raw.encode()).decode().translate(_ESCAPE)


def unescape(text: str) -> str:
    """The text that :func:`escape` was given. Raises ``ValueError`` when ``text`` is no such thing."""
    plain = _ESCAPED.sub(lambda found: _UNESCAPE[found[0]], text)
    return base64.b64decode(plain, validate=True).decode()


def message_id(account_id: str, thread_id: str, microseconds: int) -> str:
    """The ``mid`` of a message sent at ``microseconds`` since 1970 in a thread of ``account_id``."""
    return escape(f"ig_dm_item:1:IGMessageID:{account_id}:{thread_id}:{microseconds << 64}")


def conversation_id(account_id: str, thread_id: str) -> str:
    """The id under which the Conversations API knows a thread."""
    return escape(f"ig_dm:1:IGMessageThread:{account_id}:{thread_id}")


def digits(count: int, prefix: str = "") -> str:
    """A random number-like id of ``count`` digits that starts with ``prefix`` and never with a zero."""
    first = prefix or str(1 + secrets.randbelow(9))
    length = count - len(first)
    return f"{first}{secrets.randbelow(10**length):0{length}d}"


def thread_id() -> str:
    """An Instagram thread id: 39 digits."""
    return digits(39, _THREAD_PREFIX)


def account_id() -> str:
    """The id of an Instagram professional account: 17 digits that start with 17841."""
    return digits(17, "17841")


def scoped_id() -> str:
    """An Instagram-scoped id (IGSID) of one person towards one account: 15 or 16 digits."""
    return digits(15 + secrets.randbelow(2))


def access_token(prefix: str = "EAA") -> str:
    """An access token in Meta's usual form; those of Instagram users begin with ``IGAA``."""
    return prefix + "".join(secrets.choice(_BASE62) for _ in range(180))


def trace_id() -> str:
    """The ``fbtrace_id`` of an answer."""
    return "A" + secrets.token_urlsafe(16)
