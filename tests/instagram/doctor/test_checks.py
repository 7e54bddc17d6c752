"""Every check, by table: facts in, a finding out."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from heliograph.channels.health import Finding, State, carried, state_of
from heliograph.channels.instagram.accounts.facebook_login import APP_FIELDS
from heliograph.channels.instagram.doctor import versions
from heliograph.channels.instagram.doctor.checks import CHECKS, departed, examine
from heliograph.channels.instagram.doctor.facts import (
    AppSubscription,
    Facts,
    Fields,
    LastRefusal,
    Linked,
    NotTold,
    PublicUrl,
    Reached,
    Refused,
    Threads,
    Token,
)
from heliograph.channels.instagram.meta.flavours import FLAVOURS, INSTAGRAM

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CALLBACK = "https://chat.example/webhooks/instagram/1"
SCOPES = frozenset({"instagram_basic", "instagram_manage_messages", "pages_manage_metadata", "pages_messaging"})
NOTHING = NotTold("no connection to Meta")
TOKEN = Token(True, None, "PAGE", None, NOW + 80 * DAY, SCOPES, {})
SUBSCRIBED = AppSubscription(CALLBACK, frozenset(APP_FIELDS.split(",")), active=True)
FACTS = Facts(
    now=NOW,
    our_now=NOW,
    today=date(2026, 11, 23),
    login="facebook",
    facebook_app="1",
    page_id="100",
    account_id="17841",
    callback=CALLBACK,
    graph_version="v25.0",
    public=PublicUrl("https://chat.example", Reached.WELL),
    token=TOKEN,
    linked=Linked("17841", "Lamps", "lamps"),
    app_subscription=SUBSCRIBED,
    subscription=Fields(frozenset({"messages"})),
    proof_demanded=False,
    threads=Threads(NOW - HOUR),
    heard_since=NOW - 30 * DAY,
    last_webhook_at=NOW - HOUR,
    last_event_at=NOW - HOUR,
    latency=1.2,
)
INSTAGRAM_FACTS = replace(
    FACTS,
    login=INSTAGRAM,
    page_id="17841",
    token=Token(True, expires_at=NOW + 50 * DAY),
    subscription=Fields(frozenset(FLAVOURS[INSTAGRAM].fields.split(","))),
)


def token(**changes: Any) -> dict[str, Any]:
    return {"token": replace(TOKEN, **changes)}


def dead(code: int, subcode: int | None = None) -> dict[str, Any]:
    return {"token": Token(False, Refused(code, subcode, "Error"))}


def url(reached: Reached = Reached.WELL, scheme: str = "https", **more: Any) -> dict[str, Any]:
    return {"public": PublicUrl(f"{scheme}://chat.example", reached, "why"), **more}


def refused(code: int, subcode: int | None = None, ago: timedelta = MINUTE, *, again: bool = False) -> dict[str, Any]:
    return {"refusal": LastRefusal(NOW - ago, code, subcode, "Error", again)}


def objected(code: int, subcode: int | None = None, ago: timedelta = MINUTE) -> dict[str, Any]:
    return {"objection": LastRefusal(NOW - ago, code, subcode, "Error")}


B, W, U, OK, NA = State.BROKEN, State.WARNING, State.UNKNOWN, State.OK, State.NOT_APPLICABLE
# Check, what is other than in FACTS, the state, and words of the finding.
ROWS: list[tuple[str, Mapping[str, Any], State, str]] = [
    ("token_valid", {}, OK, "accepts"),
    ("token_valid", {"token": NOTHING}, U, "no connection"),
    ("token_valid", {"token": Refused(190, 1, "bad signature")}, U, "bad signature"),
    *[
        ("token_valid", dead(190, code), B, words)
        for code, words in {
            458: "removed the app", 459: "security check", 460: "password", 463: "expired", 464: "confirm",
            467: "revoked", 492: "no role", 999: "does not accept", None: "does not accept",
        }.items()
    ],
    ("token_valid", dead(100), B, "another app"),
    ("token_valid", {"token": Token(False)}, B, "does not accept"),
    ("token_kind", {}, OK, "Page token"),
    ("token_kind", token(kind="USER"), B, "USER"),
    ("token_kind", token(kind=""), U, "did not tell"),
    ("token_expiry", {}, OK, "no scheduled end"),
    ("token_expiry", token(expires_at=NOW + 8 * DAY), OK, "1 December 2026"),
    ("token_expiry", token(expires_at=NOW + 6 * DAY), W, "29 November 2026"),
    ("token_expiry", {"refresh_error": "Meta said no."}, W, "Meta said no"),
    ("token_expiry", {"refresh_error": "Meta said no.", "token_alarm": True}, B, "could not be renewed"),
    ("token_expiry", dead(190), U, "cannot be seen"),
    ("data_access", {}, OK, "11 February 2027"),
    ("data_access", token(data_access_until=NOW + 13 * DAY), W, "ends on"),
    ("data_access", token(data_access_until=NOW - DAY), W, "ended on"),
    ("data_access", token(data_access_until=None), U, "did not tell"),
    *[(f"scope:{scope}", {}, OK, "granted") for scope in sorted(SCOPES)],
    *[
        (f"scope:{scope}", token(scopes=SCOPES - {scope}), W if scope == "pages_messaging" else B, scope)
        for scope in sorted(SCOPES)
    ],
    ("scope:instagram_basic", token(scopes=None), U, "did not list"),
    ("scope:instagram_business_basic", {}, NA, "other login"),
    ("grants", {}, OK, "this Page and this account"),
    ("grants", token(grants={"instagram_basic": frozenset({"17841"})}), OK, "Everything"),
    (
        "grants",
        token(grants={"instagram_manage_messages": frozenset({"9"}), "pages_manage_metadata": frozenset()}),
        B,
        "instagram_manage_messages does not cover this Instagram account; pages_manage_metadata does not cover this Page",
    ),
    ("grants", token(grants={"pages_messaging": frozenset({"9"})}), W, "pages_messaging"),
    ("grants", token(grants={"instagram_manage_comments": frozenset()}), OK, "Everything"),
    ("page_link", {}, OK, "Lamps is linked to lamps"),
    ("page_link", {"linked": Linked(None)}, B, "no Instagram account"),
    ("page_link", {"linked": Linked("9", "Lamps", "others")}, B, "another Instagram account (others)"),
    ("page_link", {"linked": Refused(100, 2534013)}, B, "no Instagram account"),
    ("page_link", {"linked": Linked(None), **token(scopes=SCOPES - {"instagram_basic"})}, U, "instagram_basic"),
    ("page_link", {"linked": Linked(None), **token(grants={"instagram_basic": frozenset()})}, U, "instagram_basic"),
    ("page_link", {"linked": NOTHING}, U, "no connection"),
    ("page_link", {"linked": Refused(10)}, U, "code 10"),
    ("tasks", {}, OK, "read the Page's threads"),
    ("tasks", {"tasks": frozenset({"ANALYZE", "MODERATE"})}, OK, "may answer"),
    ("tasks", {"tasks": frozenset({"PROFILE_PLUS_FULL_CONTROL"})}, OK, "may answer"),
    ("tasks", {"tasks": frozenset({"MESSAGING"})}, B, "no longer read messages and profiles of it"),
    ("tasks", {"tasks": frozenset({"PROFILE_PLUS_MODERATE"})}, B, "no longer answer messages"),
    ("tasks", {"tasks": frozenset({"ANALYZE"})}, B, "lacks MESSAGING and MODERATE"),
    ("tasks", {"threads": Refused(200)}, B, "code 200"),
    ("tasks", {"threads": Refused(10), **token(scopes=frozenset())}, U, "did not tell"),
    ("tasks", {"threads": Refused(200, 2534041)}, U, "did not tell"),
    ("app_subscription", {}, OK, CALLBACK),
    ("app_subscription", {"app_subscription": None}, B, "not subscribed"),
    ("app_subscription", {"app_subscription": replace(SUBSCRIBED, callback_url="https://old.example/")}, B, "old.example"),
    ("app_subscription", {"app_subscription": replace(SUBSCRIBED, active=False)}, B, "switched off"),
    ("app_subscription", {"app_subscription": replace(SUBSCRIBED, fields=frozenset({"messages"}))}, B, "standby"),
    ("app_subscription", {"app_subscription": NOTHING}, U, "no connection"),
    ("app_subscription", {"app_subscription": None, "repaired": frozenset({"app_subscription"})}, OK, "put it back"),
    ("app_subscription", {"app_subscription": None, "unrepaired": {"app_subscription": "x y."}}, B, "not put it back: x y."),
    ("page_subscription", {}, OK, "The Page is subscribed"),
    ("page_subscription", {"subscription": Fields(None)}, B, "not subscribed"),
    ("page_subscription", {"subscription": Fields(frozenset())}, B, "not subscribed"),
    ("page_subscription", {"subscription": Fields(frozenset({"feed"}))}, OK, "subscribed"),
    ("page_subscription", {"subscription": Refused(200)}, U, "code 200"),
    ("page_subscription", {"subscription": Fields(None), "repaired": frozenset({"page_subscription"})}, OK, "put it back"),
    ("app_secret_proof", {}, OK, "does not demand"),
    ("app_secret_proof", {"proof_demanded": True}, OK, "demands appsecret_proof"),
    ("app_secret_proof", {"proof_demanded": None}, OK, "accepts"),
    ("app_secret_proof", {"token": Refused(190, 1, "bad signature")}, B, "bad signature"),
    ("app_secret_proof", {"token": Refused(100, None, "Invalid appsecret_proof")}, B, "appsecret_proof"),
    ("app_secret_proof", {"token": Refused(101)}, B, "code 101"),
    ("app_secret_proof", {"token": Refused(368)}, U, "code 368"),
    ("app_secret_proof", {"token": Refused(100, 33)}, U, "100/33"),
    ("app_secret_proof", {"token": NOTHING}, U, "no connection"),
    ("message_access", {}, OK, "lets the app read"),
    ("message_access", {"threads": Refused(200, 2534041)}, B, "switched off"),
    ("message_access", {"threads": Refused(10)}, U, "code 10"),
    ("message_access", {"threads": NOTHING}, U, "no connection"),
    ("thread_owner", {}, OK, "No other app"),
    ("thread_owner", {"owned_elsewhere": 1}, W, "one conversation"),
    ("thread_owner", {"owned_elsewhere": 3}, W, "3 conversations"),
    ("app_mode", {}, OK, "answers the app's calls"),
    ("app_mode", {"threads": Refused(3, None, "no capability")}, B, "no capability"),
    ("app_mode", {"threads": Refused(100)}, U, "tells no app"),
    ("app_mode", objected(200, 2018028), B, "200/2018028"),
    ("app_mode", objected(200, 2018027), B, "Development mode"),
    ("app_mode", objected(3), B, "code 3"),
    ("app_mode", objected(200, 2018028, 2 * DAY), OK, "answers the app's calls"),
    ("app_mode", objected(10), OK, "answers the app's calls"),
    ("human_agent", {}, OK, "No answer"),
    ("human_agent", {"tag_refused_at": NOW - DAY}, W, "22 November 2026"),
    ("human_agent", {"tag_refused_at": NOW - 8 * DAY}, OK, "No answer"),
    ("sends", {}, OK, "no message"),
    ("sends", refused(190), OK, "would take it now"),
    ("sends", {**refused(190), **dead(190, 467)}, NA, "another finding"),
    ("sends", {**refused(190), "token": NOTHING}, B, "nothing that can be seen"),
    ("sends", refused(10, 2534077, again=True), B, "10/2534077"),
    ("sends", refused(10, 2534077, HOUR, again=True), OK, "may try"),
    ("sends", {**refused(100, 2534013), "linked": Linked(None)}, NA, "another finding"),
    ("sends", {**refused(100, 2534013), "linked": NOTHING}, B, "nothing that can be seen"),
    ("sends", objected(100, 2534029), B, "blocks this business"),
    ("sends", objected(10, 1893063), W, "for policy reasons"),
    ("sends", objected(36103), B, "does not let this account"),
    ("sends", objected(10904, 1893050), W, "switched off"),
    ("sends", objected(368), W, "for a while"),
    ("sends", objected(613, 2018338), W, "misused"),
    ("sends", objected(10, 1893063, 2 * DAY), OK, "no message"),
    ("sends", {**objected(10, 1893063), **refused(190)}, W, "for policy reasons"),
    ("sends", {**objected(10, 1893063), **refused(190, again=True)}, B, "nothing that can be seen"),
    ("sends", objected(10), W, "nothing that can be seen explains it: Error (code 10)"),
    ("sends", objected(200, 2534066), W, "200/2534066"),
    ("sends", {**objected(10), **token(scopes=frozenset())}, NA, "another finding"),
    ("sends", {**objected(10), "threads": Refused(200)}, NA, "another finding"),
    ("sends", objected(200, 2018028), NA, "another finding"),
    ("sends", objected(200, 2534041), OK, "would take it now"),
    ("sends", {**objected(200, 2534041), "threads": Refused(200, 2534041)}, NA, "another finding"),
    ("webhooks", {}, OK, "The last webhook came on 23 November 2026, 11:00"),
    ("webhooks", {"threads": Threads(None)}, OK, "Nothing was said"),
    ("webhooks", {"threads": Threads(NOW - MINUTE), "last_event_at": None}, OK, "just now"),
    ("webhooks", {"threads": Threads(NOW - 5 * MINUTE)}, W, "Meta knows of something said"),
    ("webhooks", {"last_event_at": None, "last_webhook_at": None}, B, "No webhook has come"),
    ("webhooks", {"last_event_at": None, "heard_since": NOW - MINUTE}, OK, "Nothing was said since"),
    ("webhooks", {"threads": NOTHING}, U, "did not tell"),
    ("webhook_latency", {}, OK, "1.2 s"),
    ("webhook_latency", {"latency": 61.0}, W, "61 s"),
    ("webhook_latency", {"latency": None}, U, "No webhook"),
    ("graph_version", {}, OK, "29 July 2028"),
    ("graph_version", {"graph_version": "v26.0"}, OK, "no end yet"),
    ("graph_version", {"graph_version": "v21.0"}, W, "ends on 21 January 2027"),
    ("graph_version", {"graph_version": "v21.0", "today": date(2026, 10, 1)}, OK, "21 January"),
    ("graph_version", {"graph_version": "v20.0"}, W, "ended on 24 September 2026"),
    ("graph_version", {"graph_version": "v99.0"}, U, "v99.0"),
    ("public_url", {}, OK, "over TLS"),
    ("public_url", url(scheme="http"), B, "not https"),
    ("public_url", url(scheme="http", simulated=True), OK, "answers"),
    ("public_url", url(Reached.CERTIFICATE), B, "certificate"),
    ("public_url", url(Reached.REDIRECT), B, "redirects"),
    ("public_url", url(Reached.NO_ANSWER), W, "does not answer"),
    ("public_url", url(Reached.SOMEBODY_ELSE), W, "something else"),
]  # fmt: skip
INSTAGRAM_ROWS: list[tuple[str, Mapping[str, Any], State, str]] = [
    ("scope:instagram_business_basic", {}, OK, "takes the calls"),
    (
        "scope:instagram_business_basic",
        {"linked": Refused(10, None, "No")},
        B,
        "taken back since. Meta says: No (code 10)",
    ),
    ("scope:instagram_business_basic", {"linked": Refused(100)}, U, "no call has shown it"),
    ("scope:instagram_business_basic", dead(190), U, "did not list"),
    ("scope:instagram_business_manage_messages", {}, OK, "takes the calls"),
    ("scope:instagram_business_manage_messages", {"threads": Refused(10)}, B, "declined, or taken back since"),
    ("scope:instagram_business_manage_messages", {"subscription": Refused(200)}, B, "code 200"),
    ("scope:instagram_business_manage_messages", {"threads": Refused(200, 2534041)}, U, "no call has shown it"),
    ("scope:instagram_business_manage_messages", {"threads": NOTHING}, U, "no call has shown it"),
    ("scope:instagram_basic", {}, NA, "other login"),
    ("token_kind", {}, NA, ""),
    ("token_expiry", {}, OK, "12 January 2027"),
    ("data_access", {}, NA, ""),
    ("grants", {}, NA, ""),
    ("page_link", {}, NA, ""),
    ("tasks", {}, NA, ""),
    ("app_subscription", {"app_subscription": None}, NA, "dashboard"),
    ("app_secret_proof", {}, NA, ""),
    ("page_subscription", {}, OK, "account is subscribed"),
    ("page_subscription", {"subscription": Fields(frozenset({"messages"}))}, B, "messaging_seen"),
    ("app_mode", {"linked": Refused(100), "threads": Refused(100)}, B, "Development mode"),
    ("app_mode", {"threads": Refused(100)}, U, ""),
    ("sends", objected(100), OK, "would take it now"),
    ("sends", {**objected(100), "linked": Refused(100), "threads": Refused(100)}, NA, "another finding"),
    ("message_access", {"threads": Refused(200, 2534041)}, B, "switched off"),
]


def found(facts: Facts, name: str) -> Finding:
    (check,) = [one for one in CHECKS if one.name == name]
    return check.look(facts)


@pytest.mark.parametrize(("name", "changes", "state", "words"), ROWS)
def test_a_check_finds(name: str, changes: Mapping[str, Any], state: State, words: str) -> None:
    _holds(found(replace(FACTS, **changes), name), state, words)


@pytest.mark.parametrize(("name", "changes", "state", "words"), INSTAGRAM_ROWS)
def test_by_instagram_login_a_check_finds(name: str, changes: Mapping[str, Any], state: State, words: str) -> None:
    _holds(found(replace(INSTAGRAM_FACTS, **changes), name), state, words)


def _holds(one: Finding, state: State, words: str) -> None:
    assert one.state is state, one
    assert words in one.finding
    if state in (State.BROKEN, State.WARNING):
        assert one.consequence
        assert one.repair
        assert one.link.startswith("https://")
    if state is not State.BROKEN:
        assert one.stops == ()
    assert all(text == text.strip() and text[-1] in ".:" for text in (one.finding, *one.repair) if text)


def test_every_check_has_rows_for_what_is_well_and_what_is_not() -> None:
    seen = {(name, state) for name, _, state, _ in ROWS}
    bad = {name for name, state in seen if state in (State.BROKEN, State.WARNING)}
    names = {check.name for check in CHECKS if not check.name.startswith("scope:instagram_business")}
    assert {name for name, state in seen if state is State.OK} >= names
    assert bad >= names
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_the_way_out_of_a_narrowed_grant_is_told_step_by_step() -> None:
    one = found(replace(FACTS, **token(grants={"instagram_manage_messages": frozenset()})), "grants")
    steps = " / ".join(one.repair)
    for step in ("Settings", "Business integrations", "Remove this app", "log in again", "allow everything"):
        assert step in steps
    assert one.stops == ("sending", "receiving")


@pytest.mark.parametrize("facts", [FACTS, INSTAGRAM_FACTS])
def test_nothing_is_known_when_meta_does_not_answer(facts: Facts) -> None:
    nobody = replace(
        facts, token=NOTHING, linked=NOTHING, app_subscription=NOTHING, subscription=NOTHING, threads=NOTHING,
        proof_demanded=None,
    )  # fmt: skip
    assert {one.state for one in examine(nobody)} == {State.OK, State.UNKNOWN, State.NOT_APPLICABLE}
    assert not [one for one in examine(nobody) if one.state is State.BROKEN]


def test_the_worst_finding_is_the_state() -> None:
    well, broken = departed("x"), departed("x")
    states = [(), ("unknown",), ("not_applicable", "unknown"), ("ok", "unknown"), ("ok", "warning"), ("broken", "ok")]
    expected = ["unknown", "unknown", "unknown", "ok", "warning", "broken"]
    assert [state_of([replace(well, state=State(name)) for name in one]) for one in states] == expected
    assert state_of([broken]) is State.BROKEN


def test_of_a_connection_that_could_not_be_seen_only_what_is_broken_is_known() -> None:
    one = departed("x")
    states = [("ok", "unknown"), ("ok", "warning", "unknown"), ("ok", "broken", "unknown")]
    told = [state_of([replace(one, state=State(name)) for name in names], seen=False) for names in states]
    assert told == [State.UNKNOWN, State.UNKNOWN, State.BROKEN]


def test_what_was_ill_and_cannot_be_seen_stays_so() -> None:
    broken = replace(departed("was"), repaired=True)
    unseen = replace(broken, state=State.UNKNOWN, finding="now")
    (kept,) = carried([broken], [unseen])
    assert (kept.state, kept.finding, kept.repaired) == (State.BROKEN, "was", False)
    (kept,) = carried([replace(broken, state=State.WARNING)], [unseen])
    assert (kept.state, kept.finding, kept.repaired) == (State.WARNING, "was", False)
    assert carried([replace(broken, state=State.OK)], [unseen]) == (unseen,)
    assert carried([broken], [replace(unseen, state=State.OK)])[0].state is State.OK


def test_a_finding_is_kept_as_it_is() -> None:
    for one in examine(replace(FACTS, **dead(190, 467))):
        assert Finding.of(one.kept()) == one


def test_the_table_of_versions_is_in_order() -> None:
    assert list(versions.ENDS) == sorted(versions.ENDS, key=lambda name: float(name[1:]), reverse=True)


def test_the_documentation_has_every_check_with_what_it_stops() -> None:
    text = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([\w:]+)` \|[^|]*\| ?([\w, ]*?) ?\|$", text, re.M))
    assert list(rows) == [check.name for check in CHECKS]
    stops: dict[str, set[str]] = {name: set() for name in rows}
    every = [*((FACTS, row) for row in ROWS), *((INSTAGRAM_FACTS, row) for row in INSTAGRAM_ROWS)]
    for facts, (name, changes, _, _) in every:
        stops[name] |= set(found(replace(facts, **changes), name).stops)
    assert {name: set(told.split(", ")) - {""} for name, told in rows.items()} == stops
