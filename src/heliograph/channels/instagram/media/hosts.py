"""Which hosts are Meta's. Nothing else is ever asked for media. Pure."""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

META_HOSTS = "lookaside.fbsbx.com,*.fbcdn.net,*.cdninstagram.com"

# All names of this machine's own loopback: the simulator is reached by either.
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


class Trust(Enum):
    """How a host may be reached."""

    PUBLIC = "public"  # by https, at public addresses only
    NAMED = "named"  # an origin that the operator named: wherever it is


@dataclass(frozen=True)
class Hosts:
    """Hosts by name (``*.`` for all below one), and origins that the operator named."""

    names: frozenset[str]
    below: tuple[str, ...]
    origins: frozenset[Origin]

    @classmethod
    def of(cls, text: str, graph_url: str) -> "Hosts":
        """From ``HELIOGRAPH_MEDIA_HOSTS``; the Graph API's own origin belongs to it, which matters for the simulator.

        Raises ValueError.
        """
        parts = [part.strip().lower() for part in text.split(",") if part.strip()]
        names = {part for part in parts if "://" not in part and not part.startswith("*.")}
        below = tuple(part[1:] for part in parts if part.startswith("*."))
        wrong = [name for name in (*names, *(one[1:] for one in below)) if not _is_name(name)]
        if wrong:
            raise ValueError(f"{wrong[0]} is no host: give names, *.names, or origins like http://10.0.0.5:8001")
        origins = {_origin(part) for part in (*(part for part in parts if "://" in part), graph_url)}
        if None in origins:
            raise ValueError("an origin begins with http:// or https:// and has a host")
        known = {origin for origin in origins if origin is not None}
        known |= {(scheme, name, port) for scheme, host, port in known if host in _LOOPBACK for name in _LOOPBACK}
        return cls(frozenset(names), below, frozenset(known))

    def trust(self, url: str) -> Trust | None:
        """How a link may be followed; None: not at all."""
        origin = _origin(url)
        if origin is None:
            return None
        if origin in self.origins:
            return Trust.NAMED
        scheme, host, port = origin
        named = host in self.names or host.endswith(self.below or ("\0",))
        return Trust.PUBLIC if named and (scheme, port) == ("https", 443) else None


def _is_name(name: str) -> bool:
    return bool(name) and not set(name) & set("*/@:?# ")


def _origin(url: str) -> Origin | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    # Whoever puts a name and an @ before the host wants it to be taken for another.
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or "\\" in url:
        return None
    return parts.scheme, parts.hostname.rstrip("."), port or _PORTS[parts.scheme]
