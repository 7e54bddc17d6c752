"""Every row of the error table, provoked over HTTP: the same (status, code, subcode), in Meta's envelope."""

import hashlib
import hmac
import re
from collections.abc import Callable

import pytest

from heliograph.simulator.errors import ERRORS, ORDERED_ONLY, refuse
from tests.simulator.refusals import RULES
from tests.simulator.support import Answer, Seeded

KEYS = (
    "message",
    "type",
    "is_transient",
    "code",
    "error_subcode",
    "error_user_title",
    "error_user_msg",
    "fbtrace_id",
)
TEXT = {"text": "hi"}
PNG = "image/png"


def new_token(seeded: Seeded, **body: object) -> str:
    app, page = seeded.facts["facebook_app_id"], seeded.facts["page_id"]
    return seeded.simulator.control("/tokens", app_id=app, page_id=page, **body)["access_token"]


def revoked(subcode: int | None) -> Callable[[Seeded], Answer]:
    def call(seeded: Seeded) -> Answer:
        token = new_token(seeded)
        seeded.simulator.control("/tokens/revoke", 200, access_token=token, subcode=subcode)
        return seeded.graph("GET", "/me", token=token)

    return call


def expired(seeded: Seeded) -> Answer:
    token = new_token(seeded, expires_in=60)
    assert seeded.graph("GET", "/me", token=token).status == 200
    seeded.simulator.control("/clock", 200, advance_seconds=61)
    return seeded.graph("GET", "/me", token=token)


def without(scope: str) -> Callable[[Seeded], str]:
    def make(seeded: Seeded) -> str:
        return new_token(seeded, scopes=[one for one in SCOPES if one != scope])

    return make


SCOPES = ["pages_manage_metadata", "pages_messaging", "instagram_basic", "instagram_manage_messages"]


def subscribe(seeded: Seeded, fields: str, token: str | None = None) -> Answer:
    return seeded.graph("POST", f"/{seeded.facts['page_id']}/subscribed_apps", {"subscribed_fields": fields}, token)


def proof(require: bool, given: str | None) -> Callable[[Seeded], Answer]:
    def call(seeded: Seeded) -> Answer:
        app = seeded.simulator.control("/apps", require_proof=require)
        body = {"app_id": app["id"], "page_id": seeded.facts["page_id"]}
        token = seeded.simulator.control("/tokens", **body)["access_token"]
        right = hmac.new(app["secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
        assert seeded.graph("GET", "/me", token=token, appsecret_proof=right).status == 200
        query = {"appsecret_proof": given} if given else {}
        return seeded.graph("GET", "/me", token=token, **query)

    return call


def switched_off(seeded: Seeded) -> Answer:
    seeded.says()
    seeded.simulator.call("PATCH", f"/_simulator/accounts/{seeded.account}", {"allow_messages": False})
    return seeded.send(TEXT)


def unlinked(seeded: Seeded) -> Answer:
    seeded.simulator.call("PATCH", f"/_simulator/accounts/{seeded.account}", {"linked": False})
    return seeded.send(TEXT)


def blocked(seeded: Seeded) -> Answer:
    seeded.says()
    seeded.simulator.call("PATCH", f"/_simulator/people/{seeded.igsid}", {"reachable": False})
    return seeded.send(TEXT)


def image(kind: str, body: bytes) -> Callable[[Seeded], Answer]:
    def call(seeded: Seeded) -> Answer:
        seeded.says()
        seeded.sink.files["a"] = (kind, body)
        url = seeded.sink.url.replace("/hook", "/files/a")
        return seeded.send({"attachment": {"type": "image", "payload": {"url": url}}})

    return call


def unreachable_file(seeded: Seeded) -> Answer:
    seeded.says()
    return seeded.send({"attachment": {"type": "image", "payload": {"url": "http://127.0.0.1:1/a.png"}}})


def unknown_upload(seeded: Seeded) -> Answer:
    seeded.says()
    return seeded.send({"attachment": {"type": "image", "payload": {"attachment_id": "123"}}})


def old_message(seeded: Seeded) -> Answer:
    first = seeded.says("first")["mid"]
    for number in range(20):
        seeded.says(str(number))
    return seeded.graph("GET", f"/{first}")


def exchange(seeded: Seeded, challenge: str | None = None, **replaced: str) -> Answer:
    facts = seeded.facts
    proof = {"code_challenge": challenge, "code_challenge_method": "S256"} if challenge else {}
    told = seeded.simulator.control(
        "/login",
        200,
        client_id=facts["facebook_app_id"],
        redirect_uri="https://example.org/back",
        scope="instagram_basic",
        **proof,
    )
    code = told["redirect_to"].split("code=")[1].split("#")[0]
    query = {
        "client_id": facts["facebook_app_id"],
        "client_secret": facts["facebook_app_secret"],
        "redirect_uri": "https://example.org/back",
        "code": code,
    }
    if replaced.pop("twice", ""):
        assert seeded.simulator.get("/oauth/access_token", **query).status == 200
    return seeded.simulator.get("/oauth/access_token", **{**query, **replaced})


def callback(seeded: Seeded) -> Answer:
    seeded.sink.verify_status = 403
    form = {"object": "instagram", "callback_url": seeded.sink.url, "verify_token": "x", "fields": "messages"}
    app_id = seeded.facts["facebook_app_id"]
    return seeded.simulator.call("POST", f"/{app_id}/subscriptions", form={**form, "access_token": seeded.app_token})


def old_event(seeded: Seeded) -> Answer:
    dataset = seeded.graph("POST", f"/{seeded.account}/dataset").json["id"]
    data = [{"event_name": "Purchase", "event_time": 1_600_000_000}]
    return seeded.graph("POST", f"/{dataset}/events", {"data": data})


def debug(seeded: Seeded, access_token: str) -> Answer:
    return seeded.simulator.get("/debug_token", input_token="x", access_token=access_token)


SCENES: dict[str, Callable[[Seeded], Answer]] = {
    "event_too_old": old_event,
    "token_missing": lambda one: one.simulator.get(f"/{one.facts['page_id']}"),
    "token_missing_me": lambda one: one.simulator.get("/me"),
    "token_malformed": lambda one: one.graph("GET", "/me", token="EAAnobody"),
    "token_signature": lambda one: debug(one, f"{one.facts['facebook_app_id']}|wrong"),
    "token_dead": revoked(None),
    "token_deauthorized": revoked(458),
    "token_checkpoint": revoked(459),
    "token_logged_out": revoked(460),
    "token_expired": expired,
    "token_unconfirmed": revoked(464),
    "token_revoked": revoked(467),
    "token_role_lost": revoked(492),
    "token_not_page": lambda one: one.graph("POST", "/me/messages", {}, token=new_token(one, type="user")),
    "token_not_app": lambda one: debug(one, one.token),
    "proof_missing": proof(require=True, given=None),
    "proof_wrong": proof(require=False, given="0" * 64),
    "permission_app": lambda one: one.graph("POST", "/me/messages", {}, without("instagram_manage_messages")(one)),
    "permission": lambda one: one.graph("GET", f"/{one.igsid}", token=without("instagram_basic")(one)),
    "permission_metadata": lambda one: subscribe(one, "messages", without("pages_manage_metadata")(one)),
    "permission_messages_field": lambda one: subscribe(one, "messages", without("pages_messaging")(one)),
    "messages_access_off": switched_off,
    "unsupported": lambda one: one.graph("GET", "/123"),
    "unknown_path": lambda one: one.graph("GET", "/no/such/place"),
    "unknown_field": lambda one: one.graph("GET", "/me", fields="id,biography"),
    "syntax": lambda one: one.graph("GET", "/me", fields="id,{"),
    "parameter": lambda one: subscribe(one, "comments"),
    "parameter_missing": lambda one: one.graph("POST", "/me/messages", {"message": TEXT}),
    "bad_json": lambda one: one.simulator.call(
        "POST", "/me/messages", b"{", headers={"Content-Type": "application/json"}
    ),
    "callback": callback,
    "not_linked": unlinked,
    "no_user": lambda one: one.graph("POST", "/me/messages", {"recipient": {"id": "1"}, "message": TEXT}),
    "invalid_message": lambda one: one.send({"text": ""}),
    "comment_invalid": lambda one: one.graph(
        "POST", "/me/messages", {"recipient": {"comment_id": "1"}, "message": TEXT}
    ),
    "window_closed": lambda one: one.send(TEXT),
    "unreachable": blocked,
    "state_and_message": lambda one: one.send(TEXT, sender_action="typing_on"),
    "media_fetch": unreachable_file,
    "media_type": image("text/html", b"<html>"),
    "media_unknown": unknown_upload,
    "media_large": image(PNG, b"x" * 8_000_001),
    "no_consent": lambda one: one.graph("GET", f"/{one.igsid}"),
    "no_profile": lambda one: one.graph("GET", "/999999999999999"),
    "too_old": old_message,
    "code_used": lambda one: exchange(one, twice="yes"),
    "code_invalid": lambda one: exchange(one, redirect_uri="https://example.org/elsewhere"),
    "code_verifier": lambda one: exchange(one, challenge="c" * 43),
    "client_invalid": lambda one: exchange(one, client_secret="wrong"),
}


def test_every_row_is_provoked_by_a_rule_or_can_only_be_ordered() -> None:
    assert set(SCENES) | set(RULES) | ORDERED_ONLY == set(ERRORS)
    assert not ORDERED_ONLY & (set(SCENES) | set(RULES))


@pytest.mark.parametrize("name", [*SCENES, *RULES])
def test_error(name: str, seeded: Seeded) -> None:
    answer = {**SCENES, **RULES}[name](seeded)
    row = ERRORS[name]
    assert answer.error == (row.status, row.code, row.subcode)
    told = answer.json["error"]
    assert told["type"] == row.type
    assert told["fbtrace_id"]
    assert list(told) == [name for name in KEYS if name in told]
    assert not re.search(r"\{\w+\}", told["message"])


def test_a_transient_error_says_so_before_its_code() -> None:
    told = refuse("unknown").body()["error"]
    assert "is_transient" not in told
    error = refuse("unknown")
    error.transient = True
    assert list(error.body()["error"])[:3] == ["message", "type", "is_transient"]


def test_every_answer_carries_date_and_usage(seeded: Seeded) -> None:
    answer = seeded.graph("GET", "/me")
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    assert '"call_count"' in answer.headers["x-app-usage"]
    assert answer.headers["date"].endswith("GMT")
