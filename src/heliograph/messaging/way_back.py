"""Where somebody goes on to after connecting, and which addresses an invitation may name. Pure.

An address here ends in a Location header, in a page's policy and as a message's target: it must be one that reads the same
to every reader.
"""

import ipaddress
import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

LONGEST = 2048
# What is put behind a return address. An address that has one of these already would be read two ways.
OURS = ("integrationId", "state", "status", "error")

# Printable ASCII without what browsers read as something else, or a policy would.
_PLAIN = re.compile(r"[!#$%&()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


def return_objection(url: str, public_url: str) -> str | None:
    """What is wrong with a return address, to follow its name; None: nothing. Plain http only for this machine, or when
    the server itself (``public_url``) has no TLS."""
    parts = _parts(url)
    if parts is None:
        return "must be an absolute https URL of at most 2048 ASCII characters, without name and password"
    if parts.scheme == "http" and public_url.startswith("https://") and not _loopback(parts.hostname or ""):
        return "must begin with https://"
    if "#" in url:
        return "must not have a fragment"
    taken = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} & set(OURS)
    if taken:
        return f"must not have {', '.join(sorted(taken))} in its query: that is put there on the way back"
    return None


def logo_objection(url: str) -> str | None:
    """What is wrong with a logo's address, to follow its name; None: nothing."""
    parts = _parts(url)
    if parts is None or parts.scheme != "https" or ":" in (parts.hostname or ""):
        return "must be an absolute https URL of at most 2048 ASCII characters, without name and password"
    return None


def origin_of(url: str) -> str:
    """Scheme, host and port of an address that was accepted: lower case, a default port left out."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def host_of(url: str) -> str:
    """What a person recognises of an address."""
    return origin_of(url).partition("://")[2]


def address(return_url: str, **words: str | None) -> str:
    """The return address with what is told there."""
    query = urlencode({name: text for name, text in words.items() if text is not None})
    path_ends = "?" not in return_url
    return f"{return_url}{'?' if path_ends else '' if return_url.endswith(('?', '&')) else '&'}{query}"


def _parts(url: str) -> SplitResult | None:
    if len(url) > LONGEST or not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or port == 0:
        return None
    return parts if _HOST.fullmatch(host) or _address(host) else None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _loopback(host: str) -> bool:
    found = _address(host)
    return (
        host.lower() == "localhost" or host.lower().endswith(".localhost") or (found is not None and found.is_loopback)
    )
