"""Whether what a thread lists is of a request of ours, by what it says: Meta gives nothing else to go by (5.2). Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

# Listed in a thread as attachments; of hearts, templates and shared posts Meta does not say how they are listed (5.2).
_FILES = frozenset({"image", "video", "audio", "file"})


def is_listed_as(request: Mapping[str, Any], text: str, has_attachments: bool) -> bool:
    """Whether a message that a thread lists, with this text and attachments or none, may be of a request."""
    sent = attachments(request)
    if not sent:
        return request.get("text", "") == text and not has_attachments
    if sent[0]["type"] in _FILES:
        return not text and has_attachments
    return text in ("", (sent[0].get("payload") or {}).get("text", ""))


def attachments(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The attachments of a request: one, several or none."""
    several: Sequence[Mapping[str, Any]] | None = request.get("attachments")
    one = request.get("attachment")
    return several or ([one] if one else [])
