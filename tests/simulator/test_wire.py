"""The bytes of a webhook."""

import hashlib
import hmac

import pytest

from heliograph.simulator.webhooks import wire


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", b'"plain"'),
        ("https://example.org/a?b=c", rb'"https:\/\/example.org\/a?b=c"'),
        ("é", rb'"\u00e9"'),
        ("ÿ—", rb'"\u00ff\u2014"'),
        ("\U0001f44b", rb'"\ud83d\udc4b"'),
        ("❤️", rb'"\u2764\ufe0f"'),
        ('a "quoted" \\ word', rb'"a \"quoted\" \\ word"'),
        ("line\nbreak\t", rb'"line\nbreak\t"'),
        ("<b>&@%</b>", rb'"<b>&@%<\/b>"'),
        (1_740_157_200_749, b"1740157200749"),
        (True, b"true"),
    ],
)
def test_values_are_written_as_meta_writes_them(value: object, written: bytes) -> None:
    assert wire.encode({"key": value}) == b'{"key":' + written + b"}"


def test_the_envelope_keeps_the_order_of_real_captures() -> None:
    item = {"sender": {"id": "1"}, "recipient": {"id": "2"}, "timestamp": 3, "message": {"mid": "m"}}
    written = wire.encode(wire.envelope([("17841400000000001", 4, [item])]))
    assert written == (
        b'{"object":"instagram","entry":[{"time":4,"id":"17841400000000001","messaging":['
        b'{"sender":{"id":"1"},"recipient":{"id":"2"},"timestamp":3,"message":{"mid":"m"}}]}]}'
    )


def test_signatures_are_those_of_openssl() -> None:
    # printf '%s' '…' | openssl dgst -sha256 -hmac test_app_secret
    body = wire.encode({"text": "Héllo \U0001f44b", "url": "https://example.org/a"})
    assert body == rb'{"text":"H\u00e9llo \ud83d\udc4b","url":"https:\/\/example.org\/a"}'
    assert wire.sign("test_app_secret", body) == {
        "X-Hub-Signature": "sha1=06ec3d1c9699a59e7bf422fe498ff923fd561813",
        "X-Hub-Signature-256": "sha256=e0169d1337277d109e782f0b0465e91a307fb68fa50dede60cfb0b423a743156",
    }


def test_a_body_written_again_in_another_way_has_another_signature() -> None:
    body = wire.encode({"text": "Héllo"})
    again = '{"text":"Héllo"}'.encode()
    expected = hmac.new(b"s", again, hashlib.sha256).hexdigest()
    assert wire.sign("s", body)["X-Hub-Signature-256"] != f"sha256={expected}"
