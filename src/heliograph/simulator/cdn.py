"""The media CDN: files of messages and stories, behind signed links that lapse.

A link is ``{origin}/ig_messaging_cdn/?asset_id=..&signature=..``, needs no token, and stops working when its signature
ages, its story ends or its message is unsent, as Meta's does. A read of the Graph API gives a fresh link.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from heliograph.simulator import ids
from heliograph.simulator.clock import Clock
from heliograph.simulator.models import Asset
from heliograph.simulator.rules import Rules
from heliograph.simulator.state import State

_HOUR_MS = 3_600_000
_PATH = "/ig_messaging_cdn/"
_SIGNATURE_BYTES = 144
"""Makes a signature of 192 characters, as long as Meta's."""


EXPIRED = (403, "URL signature expired")
MISMATCH = (403, "URL signature mismatch")
GONE = (404, "Content not found")
"""Why a link does not work: the status and the bare text of the answer."""


@dataclass(frozen=True, slots=True)
class Media:
    """A file as it is served."""

    content_type: str
    body: bytes


class Cdn:
    """Stores files and makes and checks their links."""

    def __init__(self, state: State, clock: Clock, rules: Rules) -> None:
        self._state = state
        self._clock = clock
        self._rules = rules
        self.origin = "http://127.0.0.1:8001"

    def keep(self, body: bytes, content_type: str, name: str, expires_ms: int = 0) -> Asset:
        """Store a file. ``expires_ms`` is on the simulator's clock, 0 for a file that stays."""
        key = self._state.fresh(lambda: ids.digits(17, "18"))
        asset = self._state.add(Asset(key, content_type, name, len(body), expires_ms))
        self._state.add_blob(key, body)
        return asset

    def delete(self, asset_id: str) -> None:
        """Make a file unavailable, whatever link one has."""
        asset = self._state.assets.get(asset_id)
        if asset:
            asset.deleted = True
            self._state.save(asset)
            self._state.drop_blob(asset_id)

    def link(self, asset_id: str) -> str:
        """A fresh link. Within an hour it is the same one, so that a page need not load a picture twice."""
        hour = self._clock.now_ms() // _HOUR_MS
        signature = quote(self._sign(asset_id, hour, self._epoch))
        return f"{self.origin}{_PATH}?asset_id={asset_id}&signature={signature}"

    def asset_of(self, url: str) -> str | None:
        """The file that a link of ours names, None for a foreign address."""
        parts = urlsplit(url)
        asset_id = parse_qs(parts.query).get("asset_id", [""])[0]
        ours = parts.path == _PATH and asset_id in self._state.assets
        return asset_id if ours else None

    def fetch(self, asset_id: str, signature: str) -> Media | tuple[int, str]:
        """The file behind a link, or the refusal of a link that is wrong or no longer good.

        A story ends with its day and a message with its unsending: the content is then gone, whatever the signature.
        """
        asset = self._state.assets.get(asset_id)
        issued = _issued(signature)
        if asset is None or issued is None:
            return MISMATCH
        hour, epoch = issued
        if not hmac.compare_digest(signature.encode(), self._sign(asset_id, hour, epoch).encode()):
            return MISMATCH
        now = self._clock.now_ms()
        if asset.deleted or (asset.expires_ms and now > asset.expires_ms):
            return GONE
        if now // _HOUR_MS - hour > self._rules.link_hours or epoch != self._epoch:
            return EXPIRED
        return Media(asset.content_type, self._state.blobs[asset_id])

    def lapse(self) -> None:
        """Make every link given out so far stop working. Fresh ones can be had."""
        self._state.settings["links_epoch"] = (self._epoch + 1) % 65536
        self._state.save_settings()

    @property
    def _epoch(self) -> int:
        return int(self._state.settings.get("links_epoch", 0))

    def _sign(self, asset_id: str, hour: int, epoch: int) -> str:
        stamp = hour.to_bytes(6, "big") + epoch.to_bytes(2, "big")
        key = str(self._state.settings["cdn_secret"]).encode()
        signature = hmac.digest(key, asset_id.encode() + stamp, hashlib.sha256)
        stretched = hashlib.shake_128(signature).digest(_SIGNATURE_BYTES - len(stamp))
        return base64.urlsafe_b64encode(stamp + stretched).decode()


def _issued(signature: str) -> tuple[int, int] | None:
    try:
        stamp = base64.urlsafe_b64decode(signature)[:8]
    except ValueError:
        return None
    return int.from_bytes(stamp[:6], "big"), int.from_bytes(stamp[6:], "big")
