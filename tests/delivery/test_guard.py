"""The address guard: customers' URLs lead to public addresses only, by the address that is really used."""

import socket
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from heliograph.delivery.guard import is_allowed, parse_networks
from heliograph.delivery.sender import Sender
from tests.delivery.target import Target
from tests.support import run

PUBLIC = ["1.1.1.1", "8.8.8.8", "185.199.108.153", "2606:4700:4700::1111", "2a00:1450:4001::1"]
NOT_PUBLIC = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "this network": ["0.0.0.0", "0.1.2.3", "::"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0"],
    "cloud metadata": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "broadcast and reserved": ["255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.5", "2001:db8::1"],
    "site-local": ["fec0::1"],
    "v4 in v6, mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:7f00:1"],
    "v4 in v6, compatible": ["::127.0.0.1", "::10.0.0.1"],
    "v4 in v6, 6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::"],
    "v4 in v6, NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"],
    "v4 in v6, Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
}


@pytest.mark.parametrize("address", [*PUBLIC, "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_may_be_reached(address: str) -> None:
    """Also when v6-only networks write them in the prefix of their NAT64."""
    assert is_allowed(address, ())


@pytest.mark.parametrize(
    ("why", "address"), [(why, address) for why, addresses in NOT_PUBLIC.items() for address in addresses]
)
def test_other_addresses_may_not(why: str, address: str) -> None:
    """Whatever is behind them belongs to the operator, not to the customer."""
    assert not is_allowed(address, ()), why


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", True),
        ("127.0.0.0/8", "::1", False),
        ("127.0.0.0/8, ::1/128", "::1", True),
        ("10.1.0.0/16", "10.1.2.3", True),
        ("10.1.0.0/16", "10.2.2.3", False),
        ("10.1.0.0/16", "8.8.8.8", True),
        ("fd00::/8", "fd12::1", True),
        ("", "10.1.2.3", False),
    ],
)
def test_the_operator_can_allow_networks(networks: str, address: str, allowed: bool) -> None:
    """HELIOGRAPH_WEBHOOK_ALLOW_NETWORKS adds to what is public, and nothing but what it names."""
    assert is_allowed(address, parse_networks(networks)) is allowed


@pytest.mark.parametrize("text", ["10.0.0.1/8", "localhost", "10.0.0.0/33", "10.0.0.0/8;::1"])
def test_a_wrong_network_is_refused(text: str) -> None:
    """At start-up, not at the first delivery."""
    with pytest.raises(ValueError, match=r"."):
        parse_networks(text)


@given(st.ip_addresses())
def test_every_address_has_an_answer(address: Any) -> None:
    """No address raises, and a v4 address is judged alike in its mapped form."""
    answer = is_allowed(str(address), ())
    if address.version == 4:
        assert is_allowed(f"::ffff:{address}", ()) is answer
        if not answer:
            assert not is_allowed(f"64:ff9b::{address}", ())


class Names(AbstractResolver):
    """A name server that the customer owns."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_private_target_is_refused_by_literal_and_by_name(host: str) -> None:
    """However loopback is spelled, no connection is made; the error says what the operator can do."""

    async def scene() -> None:
        async with Target() as target, Sender((), timeout=5) as sender:
            answer = await sender.post(f"http://{host}:{target.port}/", b"{}", "secret")
            assert answer.status is None
            assert not answer.delivered
            assert target.connections == 0
            if host in {"127.0.0.1", "localhost"}:
                assert "HELIOGRAPH_WEBHOOK_ALLOW_NETWORKS" in (answer.error or "")

    run(scene())


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("::ffff:127.0.0.1",), ("::1", "127.0.0.1"), ("0.0.0.0",)])
def test_a_name_is_judged_by_what_it_resolves_to(addresses: tuple[str, ...]) -> None:
    """A name of the customer's that points inside: the check sits on the address that the socket would use."""

    async def scene() -> None:
        async with Target() as target, Sender((), timeout=5) as sender:
            connector = sender._session.connector
            assert isinstance(connector, aiohttp.TCPConnector)
            connector._resolver = Names(*addresses)
            answer = await sender.post(f"http://innocent.example:{target.port}/", b"{}", "secret")
            assert answer.status is None
            assert "not a public address" in (answer.error or "")
            assert target.connections == 0

    run(scene())


def test_a_name_with_a_good_and_a_bad_address_never_reaches_the_bad_one() -> None:
    """Each address is judged by itself, at the moment of use."""

    async def scene() -> None:
        async with Target() as target, Sender(parse_networks("::1/128"), timeout=5) as sender:
            connector = sender._session.connector
            assert isinstance(connector, aiohttp.TCPConnector)
            connector._resolver = Names("::1", "127.0.0.1")
            answer = await sender.post(f"http://innocent.example:{target.port}/", b"{}", "secret")
            assert answer.status is None  # nobody listens on ::1, and 127.0.0.1 is not allowed
            assert target.connections == 0

    run(scene())


def test_an_allowed_target_is_reached() -> None:
    """The demo allows loopback."""

    async def scene() -> None:
        async with Target() as target, Sender(parse_networks("127.0.0.0/8")) as sender:
            answer = await sender.post(target.url, b"{}", "secret")
            assert answer.delivered
            assert len(target.posts) == 1

    run(scene())
