"""Signed tokens: which hold, which do not, and that nothing a stranger can make up gives anything but 401."""

import base64
import hashlib
import hmac
import http.client
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
import sunshine_conversations_client as sunshine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sunshine_conversations_client.api import AppsApi

from heliograph.api import tokens
from heliograph.api.auth import SCOPES
from tests.api.conftest import Shop
from tests.api.house import NOW, Answer, House, Key
from tests.api.operations import OPERATIONS, filled

HEADER = {"alg": "HS256", "typ": "JWT"}


def signed(key: Key, claims: Any, *, secret: str | None = None, **header: Any) -> str:
    """A token put together by hand: it can be wrong in every way."""
    head = {**HEADER, "kid": key.id, **header}
    text = f"{_part(head)}.{_part(claims)}"
    digest = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}.get(str(head["alg"]), hashlib.sha256)
    signature = hmac.new((key.secret if secret is None else secret).encode(), text.encode(), digest).digest()
    return f"{text}.{_base64(signature)}"


def _part(value: Any) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def ask(house: House, path: str, token: str) -> Answer:
    return house.get(path, headers={"Authorization": f"Bearer {token}"})


def test_the_official_client_works_with_a_token(house: House, shop: Shop) -> None:
    token = jwt.encode({"scope": "app"}, shop.key.secret, algorithm="HS256", headers={"kid": shop.key.id})
    with sunshine.ApiClient(sunshine.Configuration(host=house.url + "/sc", access_token=token)) as client:
        assert AppsApi(client).get_app(shop.app_id).app.id == shop.app_id


def test_a_token_reaches_what_its_key_reaches(house: House, shop: Shop) -> None:
    custom = house.custom(shop.app_id)["id"]
    keys = {
        "account": house.account,
        "app": shop.key,
        "integration": house.key("integration", shop.app_id, custom),
    }
    ids = {"appId": shop.app_id, "customId": custom, "userId": shop.person.user_id}
    ids["conversationId"] = shop.person.conversation_id
    reading = [name for name, request in OPERATIONS.items() if request.method == "GET" and "eyId}" not in request.path]
    for scope, key in keys.items():
        for operation in reading:
            path = filled(OPERATIONS[operation].path, {**ids, "webhookId": "0" * 24})
            by_token, by_key = ask(house, path, signed(key, {"scope": scope})), house.get(path, key=key)
            assert (by_token.status, by_token.body) == (by_key.status, by_key.body), (operation, scope)
            assert (by_token.status == 403) == (scope not in SCOPES[operation]), (operation, scope)


def test_the_scope_must_be_the_keys_own(house: House, shop: Shop) -> None:
    for scope in ("account", "integration", "user", "", None, 1, ["app"], {"app": True}):
        answer = ask(house, shop.path, signed(shop.key, {"scope": scope}))
        assert (answer.status, answer.error["code"]) == (401, "unauthorized"), scope
    assert ask(house, shop.path, signed(shop.key, {})).status == 401
    # Not even the greater key may say that it is a smaller one.
    assert ask(house, shop.path, signed(house.account, {"scope": "app"})).status == 401


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": 60}, 200),
        ({"exp": -29}, 200),
        ({"exp": -31}, 401),
        ({"exp": 60.5}, 200),
        ({"nbf": -60}, 200),
        ({"nbf": 29}, 200),
        ({"nbf": 31}, 401),
        ({"exp": 60, "nbf": -60, "iat": 3600, "aud": "others", "iss": 7, "sub": 7, "jti": 7}, 200),
    ],
)
def test_times_are_honoured_with_a_little_leeway(house: House, shop: Shop, claims: dict[str, Any], status: int) -> None:
    at = {name: NOW.timestamp() + value if name in ("exp", "nbf", "iat") else value for name, value in claims.items()}
    assert ask(house, shop.path, signed(shop.key, {"scope": "app", **at})).status == status


@pytest.mark.parametrize("name", ["exp", "nbf"])
@pytest.mark.parametrize("value", [None, "soon", True, [], float("nan"), float("inf"), float("-inf"), "9999999999"])
def test_times_that_are_no_numbers_are_refused(house: House, shop: Shop, name: str, value: Any) -> None:
    assert ask(house, shop.path, signed(shop.key, {"scope": "app", name: value})).status == 401


def test_an_expired_token_says_so_to_its_holder_only(house: House, shop: Shop) -> None:
    late = {"scope": "app", "exp": (NOW - timedelta(hours=1)).timestamp()}
    assert ask(house, shop.path, signed(shop.key, late)).error["title"] == tokens.EXPIRED
    assert ask(house, shop.path, signed(shop.key, late, secret="guessed")).error["title"] == tokens.INVALID


def test_other_algorithms_and_none_are_refused(house: House, shop: Shop) -> None:
    for algorithm in ("none", "None", "NONE", "HS384", "HS512", "RS256", "hs256", "", None, 5, ["HS256"]):
        assert ask(house, shop.path, signed(shop.key, {"scope": "app"}, alg=algorithm)).status == 401, algorithm
    unsigned = f"{_part({'alg': 'none', 'kid': shop.key.id})}.{_part({'scope': 'app'})}."
    assert ask(house, shop.path, unsigned).status == 401
    stripped = signed(shop.key, {"scope": "app"}).rpartition(".")[0] + "."
    assert ask(house, shop.path, stripped).status == 401


def test_a_key_that_is_not_there_signs_nothing(house: House, shop: Shop) -> None:
    for kid in (
        "app_" + "0" * 24,
        "svc_" + "0" * 24,
        "",
        None,
        7,
        [shop.key.id],
        shop.key.id + " ",
        "../" + shop.key.id,
    ):
        for secret in ("", "0" * 86, shop.key.secret):
            token = signed(shop.key, {"scope": "app"}, secret=secret, kid=kid)
            assert ask(house, shop.path, token).status == 401, kid


def test_a_signature_counts_to_the_last_bit(house: House, shop: Shop) -> None:
    head, body, signature = signed(shop.key, {"scope": "app"}).split(".")
    raw = base64.urlsafe_b64decode(signature + "=")
    for changed in (raw[:-1], raw + b"\0", bytes([raw[0] ^ 1]) + raw[1:], raw[:-1] + bytes([raw[-1] ^ 128]), b""):
        assert ask(house, shop.path, f"{head}.{body}.{_base64(changed)}").status == 401


def test_long_tokens_are_refused_before_the_key_is_looked_up(house: House, shop: Shop) -> None:
    fits = signed(shop.key, {"scope": "app", "more": "x" * 2000})
    assert ask(house, shop.path, fits).status == 200
    long = signed(shop.key, {"scope": "app", "more": "x" * tokens.LONGEST})
    assert ask(house, shop.path, long).status == 401
    assert tokens.key_id_of(long) is None


def test_tokens_end_with_their_key(house: House, shop: Shop) -> None:
    token = signed(shop.key, {"scope": "app"})
    assert ask(house, shop.path, token).status == 200
    house.delete(f"{shop.path}/keys/{shop.key.id}")
    assert ask(house, shop.path, token).status == 401


def test_the_bodies_of_refusals(house: House, shop: Shop) -> None:
    answer = ask(house, shop.path, "a.b.c")
    assert answer.body == {"errors": [{"code": "unauthorized", "title": "Invalid token"}]}
    assert "Bearer" in answer.headers["www-authenticate"]
    answer = ask(house, "/v2/apps", signed(shop.key, {"scope": "app"}))
    assert (answer.status, answer.error["code"]) == (403, "forbidden")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
claims = st.fixed_dictionaries({"scope": st.sampled_from(["account", "app", "integration", "user"])}) | anything
headers = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "zip", "jku", "x5c"]),
    st.sampled_from(["HS256", "none", "JWT", False, ["b64"], ["exp"]]) | anything,
    max_size=4,
)
DEEP = "[" * 1400 + "]" * 1400


@st.composite
def made_up(draw: st.DrawFn, key_id: str) -> bytes:
    """What a stranger might send who knows the key's id, but not its secret."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return draw(st.binary(max_size=60))
    if kind == 1:
        return draw(st.text(alphabet="abcABC019-_.=", max_size=80)).encode()
    header = {**HEADER, "kid": key_id, **draw(headers)}
    body = DEEP.encode() if draw(st.integers(0, 9)) == 0 else json.dumps(draw(claims)).encode()
    secret = draw(st.binary(max_size=90).filter(bool))
    text = f"{_part(header)}.{_base64(body)}"
    return f"{text}.{_base64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}".encode()


def test_random_tokens_never_give_anything_but_401(house: House, shop: Shop) -> None:
    """Guesses are not limited in this house; that they are is told in test_rate_limit.py."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(made_up(shop.key.id))
    def throw(token: bytes) -> None:
        header = b"Bearer " + bytes(byte for byte in token if byte >= 0x20 and byte != 0x7F)  # else it is no HTTP
        connection.request("GET", shop.path, headers={"Authorization": header})  # type: ignore[dict-item]
        response = connection.getresponse()
        body = json.loads(response.read())
        assert response.status == 401, (token, body)
        assert body["errors"][0]["code"] == "unauthorized"

    try:
        throw()
    finally:
        connection.close()


@given(st.text(max_size=200) | st.binary(max_size=200).map(_base64))
def test_reading_a_header_raises_nothing(token: str) -> None:
    assert tokens.key_id_of(token) is None
    assert tokens.objection(token, "", "app", NOW) is not None
