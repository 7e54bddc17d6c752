"""``signed_request`` (Meta reference 4.5): what is believed, and what is not."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.channels.instagram.meta import signed_request
from heliograph.channels.instagram.meta.signed_request import RefusedError

SECRET = "test_app_secret"
# The reference's vector.
VECTOR = (
    "MgChNJTM9CJ75wlk7iDsf-5_LH4rMfst5fvUhiJRiqg."
    "eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImV4cGlyZXMiOjEyOTE4NDA0MDAsImlzc3VlZF9hdCI6MTI5MTgzNjgwMCwidXNlcl9pZCI6IjIxODQ3MSJ9"
)
ISSUED = datetime.fromtimestamp(1291836800, UTC)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(secret: str = SECRET, /, *, payload: Any = None, **fields: Any) -> str:
    """A request of Meta's; ``payload`` in the place of the usual one."""
    if payload is None:
        now = int(datetime.now(UTC).timestamp())
        usual = {"algorithm": "HMAC-SHA256", "expires": now + 3600, "issued_at": now, "user_id": "218471"}
        payload = {name: value for name, value in {**usual, **fields}.items() if value is not None}
    text = encoded(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    return f"{encoded(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}.{text}"


def test_the_reference_s_vector_is_understood() -> None:
    assert signed_request.is_signed(SECRET, VECTOR)
    request = signed_request.read(VECTOR, ISSUED + timedelta(minutes=1))
    assert (request.user_id, request.issued_at) == ("218471", ISSUED)


def test_padding_and_a_number_as_user_id_are_understood() -> None:
    text = signed(user_id=218471)
    signature, _, payload = text.partition(".")
    assert signed_request.is_signed(SECRET, f"{signature}=.{payload}")
    assert signed_request.read(text, datetime.now(UTC)).user_id == "218471"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        VECTOR.partition(".")[2],
        "." + VECTOR.partition(".")[2],
        VECTOR.partition(".")[0] + ".",
        "A" + VECTOR[1:],
        VECTOR[:-1] + "8",
        VECTOR.replace(".", " ."),
        VECTOR.replace("-", "+"),
        "MgChNJTM9CJ7." + VECTOR.partition(".")[2],
        "é." + VECTOR.partition(".")[2],
        signed("another secret"),
    ],
)
def test_what_the_secret_did_not_sign_is_not_signed(text: str) -> None:
    assert not signed_request.is_signed(SECRET, text)


def test_an_app_without_a_secret_signs_nothing() -> None:
    assert not signed_request.is_signed("", signed(""))


@given(st.text(max_size=200))
def test_nothing_breaks_it(text: str) -> None:
    assert not signed_request.is_signed(SECRET, text)
    with pytest.raises(RefusedError):
        signed_request.read(text, ISSUED)


@given(st.binary(max_size=60) | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4))
def test_a_signed_payload_of_any_kind_is_refused_by_a_reason(payload: Any) -> None:
    text = signed(payload=payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    with pytest.raises(RefusedError):
        signed_request.read(text, ISSUED)


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("algorithm", {"algorithm": "none"}),
        ("algorithm", {"algorithm": "HMAC-SHA1"}),
        ("algorithm", {"algorithm": None}),
        ("issued_at", {"issued_at": None}),
        ("issued_at", {"issued_at": "1"}),
        ("issued_at", {"issued_at": True}),
        ("issued_at", {"issued_at": 10**12}),
        ("issued_at", {"issued_at": int(datetime.now(UTC).timestamp()) + 86_400}),
        ("expired", {"expires": int(datetime.now(UTC).timestamp()) - 600}),
        ("expired", {"expires": None, "issued_at": int(datetime.now(UTC).timestamp()) - 90_000}),
        ("expired", {"expires": 0, "issued_at": int(datetime.now(UTC).timestamp()) - 90_000}),
        ("user_id", {"user_id": None}),
        ("user_id", {"user_id": ""}),
        ("user_id", {"user_id": "1/2"}),
        ("user_id", {"user_id": True}),
        ("user_id", {"user_id": ["1"]}),
        ("user_id", {"user_id": "1" * 65}),
    ],
)
def test_a_signed_request_is_refused_for_a_reason(reason: str, fields: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match=reason):
        signed_request.read(signed(**fields), datetime.now(UTC))
