"""The addresses of media: signed, and saying nothing but which row they name.

{public_url}/sc/media/v2/messages/{id of a row of media}/{signature}
{public_url}/sc/media/v2/people/{integration}/{the person's id}/{signature}
"""

import base64
import re
from dataclasses import dataclass

from heliograph.storage import SecretBox

MEDIA_PATH = "/sc/media/v2/"

_PATH = re.compile(
    r"(?P<named>messages/(?P<id>[0-9a-f]{24})|people/(?P<integration>[0-9a-f]{24})/(?P<person>[\w.:-]{1,128}))"
    r"/(?P<signature>[\w-]{22})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class MessageMedia:
    """Names a row of ``media``."""

    id: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Names the profile picture of a person."""

    integration_id: str
    person: str


Named = MessageMedia | Picture


class Addresses:
    """Makes addresses and reads them. A new secret key may come before the old one: what that signed stays good."""

    def __init__(self, box: SecretBox, public_url: str) -> None:
        self._box = box
        self._base = public_url + MEDIA_PATH

    def of_message(self, media_id: str) -> str:
        """The address of a file of a message, or of a story."""
        return self._signed(f"messages/{media_id}")

    def of_person(self, integration_id: str, person: str) -> str | None:
        """The address of a person's picture; None for an id that no channel of ours has."""
        named = f"people/{integration_id}/{person}"
        return self._signed(named) if _PATH.fullmatch(f"{named}/{'A' * 22}") else None

    def read(self, path: str) -> Named | None:
        """What a path names; None when it is none of ours or its signature does not fit."""
        match = _PATH.fullmatch(path.removeprefix(MEDIA_PATH)) if path.startswith(MEDIA_PATH) else None
        if match is None:
            return None
        try:
            signature = base64.urlsafe_b64decode(match["signature"] + "==")
        except ValueError:
            return None
        # Compared as text: the last character of a signature has bits that decoding passes over.
        if not self._box.has_signed(_signed_text(match["named"]), signature) or _text(signature) != match["signature"]:
            return None
        return MessageMedia(match["id"]) if match["id"] else Picture(match["integration"], match["person"])

    def _signed(self, named: str) -> str:
        return f"{self._base}{named}/{_text(self._box.sign(_signed_text(named)))}"


def _signed_text(named: str) -> str:
    return f"media:{named}"


def _text(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")
