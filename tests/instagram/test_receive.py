"""The door to Meta, over real HTTP: who may in, what is on disk before the 200, and which lane gets it."""

import hashlib
import hmac
import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heliograph.channels.instagram.accounts.records import FacebookApps
from heliograph.channels.instagram.journal.receive import signature_fits
from heliograph.channels.instagram.meta.callback import CALLBACK_PATH, LARGEST_BODY, callback_url
from tests.instagram.cases import ANY_JSON, NEARLY_WEBHOOKS, meta_bytes
from tests.instagram.house import House, Shop, new_mid, sign, unique

BOUNDED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
def shop(door: House) -> Shop:
    """An account of a Facebook app, behind the door."""
    return door.shop()


def journal(shop: Shop) -> list[bytes]:
    rows = shop.house.rows("select body from journal where facebook_app_id = $1 order by id", shop.facebook_app)
    return [row["body"] for row in rows]


def lanes(shop: Shop) -> dict[str, list[str]]:
    """What waits for this Facebook app: by lane, the paths of its items, in order."""
    shop.filed()
    found: dict[str, list[str]] = {}
    for row in shop.house.rows(
        "select key, payload from jobs where kind = 'inbound' and key like $1 || '/%' order by id", shop.facebook_app
    ):
        found.setdefault(row["key"].partition("/")[2], []).append(row["payload"].partition(":")[2])
    return found


# The handshake (Meta reference 1.2) ---------------------------------------------------------------------------


def handshake(house: House, app_id: str, **query: str) -> Any:
    text = "&".join(f"hub.{name}={value}" for name, value in query.items())
    return house.http("GET", f"{CALLBACK_PATH}/{app_id}?{text}" if app_id else f"{CALLBACK_PATH}?{text}")


def verify_token(shop: Shop) -> str:
    app = shop.house.channel.apps.cached(shop.facebook_app)
    assert app is not None
    return app.verify_token


def test_the_handshake_gives_back_the_challenge_as_it_came(shop: Shop) -> None:
    for app_id in (shop.facebook_app, ""):
        query = {"mode": "subscribe", "challenge": "1158201444", "verify_token": verify_token(shop)}
        answer = handshake(shop.house, app_id, **query)
        assert (answer.status, answer.body) == (200, b"1158201444")
        assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        {"mode": "subscribe", "challenge": "1", "verify_token": "wrong"},
        {"mode": "subscribe", "challenge": "1", "verify_token": ""},
        {"mode": "subscribe", "challenge": "1", "verify_token": "%C3%A9%FF"},
        {"mode": "unsubscribe", "challenge": "1", "verify_token": "RIGHT"},
        {"challenge": "1", "verify_token": "RIGHT"},
        {"mode": "subscribe", "challenge": "1"},
        {},
    ],
)
def test_any_other_handshake_is_refused(shop: Shop, query: dict[str, str]) -> None:
    right = verify_token(shop)
    asked = {name: value.replace("RIGHT", right) for name, value in query.items()}
    for app_id in (shop.facebook_app, ""):
        assert handshake(shop.house, app_id, **asked).status == 403


def test_one_app_s_verify_token_opens_no_other_app(shop: Shop, door: House) -> None:
    other, _ = door.facebook_app()
    query = {"mode": "subscribe", "challenge": "1", "verify_token": verify_token(shop)}
    assert handshake(door, other, **query).status == 403
    assert handshake(door, "999", **query).status == 403


# The signature (1.3) ------------------------------------------------------------------------------------------

# Bodies of our own in Meta's way of writing, with their signatures computed once, by OpenSSL, with `test_app_secret`.
VECTORS = [
    (
        b'{"object":"instagram","entry":[{"time":1767272401749,"id":"17841405309211844","messaging":[{"sender":{"id":'
        b'"5846102938471625"},"recipient":{"id":"17841405309211844"},"timestamp":1767272401337,"message":{"mid":"m1",'
        b'"text":"caf\\u00e9 \\ud83d\\ude42 https:\\/\\/example.com\\/a"}}]}]}',
        "9cdc772da5b93e0497bc6e8d50471fdb6ab51cf67d9b2be317aafdb8dda89597",
    ),
    (b"{}", "d73e9e864071bf8dbd89f02cbf0017b6e96cf6c13d09ced00b472c1d060e4301"),
]


@pytest.mark.parametrize(("body", "signature"), VECTORS)
def test_the_signature_is_over_the_raw_bytes(body: bytes, signature: str) -> None:
    assert signature_fits("test_app_secret", body, b"sha256=" + signature.encode())
    assert not signature_fits(
        "test_app_secret", orjson.dumps(orjson.loads(body)) + b" ", b"sha256=" + signature.encode()
    )
    assert not signature_fits("test_app_secret", body, signature.encode())
    assert not signature_fits("test_app_secret", body, b"sha256=" + signature.upper().encode())
    assert not signature_fits("test_app_secreT", body, b"sha256=" + signature.encode())


def test_what_is_signed_is_answered_200_and_is_on_disk_byte_by_byte(shop: Shop) -> None:
    body = shop.body(shop.text("5", "café 🙂 https://example.com"))
    assert b"\\u00e9" in body
    assert b"\\/" in body
    answer = shop.house.webhook(shop.facebook_app, body, secret=shop.secret)
    assert answer.status == 200
    assert journal(shop) == [body]


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "0" * 64, "é"])
def test_a_missing_or_wrong_signature_is_refused(shop: Shop, header: str | None) -> None:
    headers = {} if header is None else {"X-Hub-Signature-256": header}
    answer = shop.house.webhook(shop.facebook_app, shop.body(shop.text("5")), **headers)
    assert answer.status == 401
    assert journal(shop) == []
    assert lanes(shop) == {}


def test_the_old_signature_alone_is_not_enough(shop: Shop) -> None:
    body = shop.body(shop.text("5"))
    old = "sha1=" + hmac.new(shop.secret.encode(), body, hashlib.sha1).hexdigest()
    assert shop.house.webhook(shop.facebook_app, body, **{"X-Hub-Signature": old}).status == 401


def test_a_tampered_byte_is_refused_wherever_it_is(shop: Shop) -> None:
    body = shop.body(shop.text("5"))
    signature = sign(shop.secret, body)
    for at in (0, len(body) // 2, len(body) - 1):
        tampered = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        answer = shop.house.webhook(shop.facebook_app, tampered, **{"X-Hub-Signature-256": signature})
        assert answer.status == 401
    longer = shop.house.webhook(shop.facebook_app, body + b" ", **{"X-Hub-Signature-256": signature})
    assert longer.status == 401
    assert journal(shop) == []


def test_a_body_that_was_written_anew_is_refused(shop: Shop) -> None:
    body = shop.body(shop.text("5", "café/bar"))
    anew = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    assert json.loads(anew) == json.loads(body)
    for signed, sent in ((body, anew), (anew, body)):
        headers = {"X-Hub-Signature-256": sign(shop.secret, signed)}
        assert shop.house.webhook(shop.facebook_app, sent, **headers).status == 401


def test_the_secret_of_another_app_is_refused(shop: Shop, door: House) -> None:
    _, other = door.facebook_app()
    assert door.webhook(shop.facebook_app, shop.body(), secret=other).status == 401


@pytest.mark.parametrize(
    "app_id", ["999", "%00", "1%0010", "%FF%FE", "..", "a/b", "é".encode().hex(), "x" * 5000, "%ED%A0%80", "'--"]
)
def test_an_app_that_nobody_knows_is_refused(door: House, app_id: str) -> None:
    assert door.webhook(app_id, b"{}", secret="x").status == 401
    assert handshake(door, app_id, mode="subscribe", challenge="1", verify_token="x").status == 403


def test_a_callback_without_an_app_tries_all_secrets(shop: Shop, door: House) -> None:
    door.facebook_app()
    body = shop.body(shop.text("5"))
    assert door.webhook("", body, secret=shop.secret).status == 200
    assert journal(shop) == [body]
    assert list(lanes(shop)) == [f"{shop.account}/5"]
    assert door.webhook("", body, secret="nobody's").status == 401
    assert door.webhook("", body).status == 401


def test_a_slash_at_the_end_of_the_callback_is_harmless(shop: Shop) -> None:
    assert shop.house.webhook(shop.facebook_app + "/", shop.body(), secret=shop.secret).status == 200


def test_a_rotated_secret_counts_at_once_on_every_process(shop: Shop, door: House) -> None:
    """Another process wrote it: this one has the old secret in its cache."""
    assert door.webhook(shop.facebook_app, shop.body(), secret=shop.secret).status == 200
    sealed = door.box.seal("rotated", f"facebook_app:{shop.facebook_app}:secret")
    door.execute("update facebook_apps set secret = $2 where id = $1", shop.facebook_app, sealed)
    assert door.webhook(shop.facebook_app, shop.body(), secret="rotated").status == 200
    assert door.webhook(shop.facebook_app, shop.body(), secret=shop.secret).status == 401


def test_an_app_that_another_process_has_just_made_is_known(door: House, shop: Shop) -> None:
    door.channel.apps = door.channel.receiver._apps = FacebookApps(door.database, door.box)
    assert door.webhook(shop.facebook_app, shop.body(), secret=shop.secret).status == 200


@pytest.mark.parametrize("named", [True, False])
def test_the_first_webhooks_of_a_process_may_come_together(door: House, shop: Shop, named: bool) -> None:
    """None of them is refused because another one is still reading the secret."""
    callback = shop.facebook_app if named else ""
    for _ in range(5):
        door.channel.apps = door.channel.receiver._apps = FacebookApps(door.database, door.box)
        with ThreadPoolExecutor(16) as pool:
            answers = list(
                pool.map(lambda _: door.webhook(callback, shop.body(), secret=shop.secret).status, range(16))
            )
        assert answers == [200] * 16


# Size and method ----------------------------------------------------------------------------------------------


def padded(size: int) -> bytes:
    return b'{"object":"' + b"x" * (size - 13) + b'"}'


def test_a_body_of_one_mebibyte_is_taken(shop: Shop) -> None:
    body = padded(LARGEST_BODY)
    assert shop.house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    assert journal(shop) == [body]


def test_a_larger_body_is_refused(shop: Shop) -> None:
    body = padded(LARGEST_BODY + 1)
    assert shop.house.webhook(shop.facebook_app, body, secret=shop.secret).status == 413
    assert journal(shop) == []


def test_a_huge_body_is_refused_by_its_announced_length(shop: Shop) -> None:
    """Without reading it: nothing is sent but the headers."""
    connection = http.client.HTTPConnection("127.0.0.1", shop.house.port, timeout=10)
    try:
        connection.putrequest("POST", f"{CALLBACK_PATH}/{shop.facebook_app}")
        connection.putheader("Content-Length", str(100 * LARGEST_BODY))
        connection.putheader("X-Hub-Signature-256", "sha256=" + "0" * 64)
        connection.endheaders()
        assert connection.getresponse().status == 413
    finally:
        connection.close()


def test_a_body_that_breaks_off_is_not_kept(shop: Shop) -> None:
    body = shop.body(shop.text("5"))
    connection = http.client.HTTPConnection("127.0.0.1", shop.house.port, timeout=10)
    connection.putrequest("POST", f"{CALLBACK_PATH}/{shop.facebook_app}")
    connection.putheader("Content-Length", str(len(body) + 10))
    connection.putheader("X-Hub-Signature-256", sign(shop.secret, body))
    connection.endheaders(body)
    connection.close()
    assert shop.house.webhook(shop.facebook_app, b"{}", secret=shop.secret).status == 200
    assert journal(shop) == [b"{}"]


def test_a_larger_body_without_a_length_is_refused_once_it_is_too_large(shop: Shop) -> None:
    body = padded(LARGEST_BODY + 1)

    def chunks(size: int) -> Iterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    signature = {"X-Hub-Signature-256": sign(shop.secret, body), "Transfer-Encoding": "chunked"}
    path = f"{CALLBACK_PATH}/{shop.facebook_app}"
    answer = shop.house.http("POST", path, chunks(65536), signature, encode_chunked=True)
    assert answer.status == 413
    assert journal(shop) == []


def test_a_chunked_body_that_is_not_too_large_is_taken(shop: Shop) -> None:
    body = shop.body(shop.text("5", "x" * 900))
    signature = {"X-Hub-Signature-256": sign(shop.secret, body), "Transfer-Encoding": "chunked"}
    chunks = iter([body[:1], body[1:500], body[500:]])
    path = f"{CALLBACK_PATH}/{shop.facebook_app}"
    assert shop.house.http("POST", path, chunks, signature, encode_chunked=True).status == 200
    assert journal(shop) == [body]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(shop: Shop, method: str) -> None:
    body = shop.body()
    answer = shop.house.http(
        method, f"{CALLBACK_PATH}/{shop.facebook_app}", body, {"X-Hub-Signature-256": sign(shop.secret, body)}
    )
    assert answer.status == 405
    assert journal(shop) == []


# Anything that is signed --------------------------------------------------------------------------------------


@BOUNDED
@given(body=st.binary(max_size=400))
def test_any_signed_bytes_are_answered_200_and_kept(shop: Shop, body: bytes) -> None:
    assert shop.house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    assert journal(shop)[-1] == body
    assert lanes(shop)


@BOUNDED
@given(webhook=ANY_JSON | NEARLY_WEBHOOKS | st.lists(NEARLY_WEBHOOKS, max_size=2))
def test_any_signed_json_is_answered_200_and_kept(shop: Shop, webhook: Any) -> None:
    body = meta_bytes(webhook)
    assert shop.house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    assert journal(shop)[-1] == body


def test_a_thousand_items_in_one_webhook_are_taken(shop: Shop) -> None:
    """Meta's documented maximum (1.4)."""
    shop.deliver(*(shop.text(str(number % 10)) for number in range(1000)))
    assert {key: len(paths) for key, paths in lanes(shop).items()} == {f"{shop.account}/{n}": 100 for n in range(10)}


# Lanes --------------------------------------------------------------------------------------------------------


def test_each_item_goes_to_the_lane_of_its_account_and_person_in_order(shop: Shop) -> None:
    body = meta_bytes(
        {
            "object": "instagram",
            "entry": [
                {"id": shop.account, "messaging": [shop.text("5"), shop.text("6"), shop.echo("5", "m")]},
                {"id": "17841", "messaging": [{"sender": {"id": "5"}, "read": {}}], "standby": [shop.text("7")]},
                {"id": shop.account, "changes": [{"field": "comments", "value": {}}], "messaging": [shop.text("5")]},
                {"id": "0", "changes": [{"field": "messages", "value": {"sender": {"id": "12334"}}}]},
                "garbage",
            ],
        }
    )
    assert shop.house.webhook(shop.facebook_app, body, secret=shop.secret).status == 200
    assert lanes(shop) == {
        f"{shop.account}/5": ["0.messaging.0", "0.messaging.2", "2.messaging.0"],
        f"{shop.account}/6": ["0.messaging.1"],
        "17841/5": ["1.messaging.0"],
        "17841/7": ["1.standby.0"],
        f"{shop.account}/": ["2.changes.0"],
        "0/12334": ["3.changes.0"],
        "/": ["4"],
    }


def test_what_comes_together_is_written_together_and_nothing_is_lost_or_mixed_up(shop: Shop) -> None:
    bodies = [shop.body(shop.text(str(number), mid=new_mid())) for number in range(60)]
    with ThreadPoolExecutor(12) as pool:
        answers = pool.map(lambda b: shop.house.webhook(shop.facebook_app, b, secret=shop.secret).status, bodies)
        assert set(answers) == {200}
    assert sorted(journal(shop)) == sorted(bodies)
    shop.filed()
    for row in shop.house.rows(
        "select key, (select body from journal where id = split_part(payload, ':', 1)::bigint) as body from jobs"
        " where kind = 'inbound' and key like $1 || '/%'",
        shop.facebook_app,
    ):
        person = json.loads(row["body"])["entry"][0]["messaging"][0]["sender"]["id"]
        assert row["key"].endswith(f"/{person}")


def test_when_the_journal_cannot_be_written_there_is_no_200(shop: Shop, door: House) -> None:
    """Invariant 1: no promise without the bytes on disk."""
    door.execute("alter table journal add constraint full_disk check (false) not valid")
    try:
        answer = door.webhook(shop.facebook_app, shop.body(shop.text("5")), secret=shop.secret)
        assert answer.status >= 500
    finally:
        door.execute("alter table journal drop constraint full_disk")
    assert journal(shop) == []
    assert lanes(shop) == {}
    assert door.webhook(shop.facebook_app, shop.body(), secret=shop.secret).status == 200


def test_the_callback_that_meta_is_told_leads_here() -> None:
    app_id = unique()
    assert callback_url("https://hub.example", app_id) == f"https://hub.example{CALLBACK_PATH}/{app_id}"
