"""The address guard: customer-supplied URLs lead to public addresses only, unless the operator allows a network.

The check sits where the socket is made, after name resolution, so the address that was checked is the address that is
used: a name that resolves to something else a moment later gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The only IPv6 unicast that IANA has given out; older Pythons take site-local and unassigned space for global.
_V6_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

# Look public, and lead to a cloud's own services: Oracle's metadata, Azure's host.
_INSIDE_CLOUDS = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("168.63.129.16/32"))


class AddressRefusedError(OSError):
    """The target's address is not public, and no allowed network holds it."""


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks from ``HELIOGRAPH_WEBHOOK_ALLOW_NETWORKS``: ``"127.0.0.0/8, ::1/128"``. Raises ValueError."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_allowed(address: str, networks: Sequence[Network]) -> bool:
    """Whether a connection to this IP address may be made."""
    outer = ipaddress.ip_address(address.partition("%")[0])
    ip = _embedded_v4(outer) or outer
    if any(one in network for one in (outer, ip) for network in networks if network.version == one.version):
        return True
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _V6_UNICAST:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _INSIDE_CLOUDS)


def _embedded_v4(ip: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, 6to4, or through the network's NAT64 (RFC 6052)."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def guarded_socket(networks: Sequence[Network]) -> Callable[[Any], socket.socket]:
    """A socket factory for aiohttp's connector that refuses addresses :func:`is_allowed` does not allow."""

    def make(address_info: Any) -> socket.socket:
        family, kind, protocol, _, address = address_info
        if not is_allowed(address[0], networks):
            raise AddressRefusedError(
                f"{address[0]} is not a public address; HELIOGRAPH_WEBHOOK_ALLOW_NETWORKS can allow its network"
            )
        return socket.socket(family=family, type=kind, proto=protocol)

    return make
