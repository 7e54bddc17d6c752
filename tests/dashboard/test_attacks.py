"""What a stranger, another site, or an agent who wants more cannot do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from heliograph.dashboard import links, passwords, sessions, throttle
from heliograph.dashboard.app import SECTIONS
from heliograph.storage import new_id
from tests.dashboard.house import PASSWORD, Browser, House

SIGN_IN = "/dashboard/sign-in"
ACCOUNT = "/dashboard/settings/account"
SESSION = "heliograph_session"


def is_out(browser: Browser) -> bool:
    return browser.get(ACCOUNT).to.startswith(SIGN_IN)


def test_a_session_that_was_stolen_ends_with_signing_out(house: House, owner: Browser) -> None:
    house.agent("mia@lumen.example")
    mine = house.signed_in("mia@lumen.example")
    stolen = mine.copy()
    assert stolen.get(ACCOUNT).status == 200
    assert mine.send(ACCOUNT, "/dashboard/sign-out").to.startswith(SIGN_IN)
    assert SESSION not in mine.cookies
    assert is_out(stolen)


def test_signing_in_makes_a_new_session_whatever_the_browser_brought(house: House, owner: Browser) -> None:
    house.agent("lars@lumen.example")
    browser = house.browser()
    browser.cookies[SESSION] = planted = "A" * 43
    assert browser.sign_in("lars@lumen.example").status == 303
    first = browser.cookies[SESSION]
    assert first not in ("", planted)
    thief = Browser(house.port, {SESSION: planted})
    assert is_out(thief)
    assert browser.sign_in("lars@lumen.example").status == 303
    assert browser.cookies[SESSION] != first
    assert is_out(Browser(house.port, {SESSION: first})), "the one before is over"


def test_the_database_knows_no_token(house: House, owner: Browser) -> None:
    token = owner.cookies[SESSION]
    for table in ("sessions", "member_links"):
        assert token not in str(house.rows(f"select encode(t.digest, 'escape') as d, t.* from {table} t"))


def test_sessions_end_unused_and_after_sixty_days(house: House, owner: Browser) -> None:
    for column, value in (("seen_at", sessions.IDLE), ("expires_at", timedelta())):
        browser = house.agent(f"{column}@lumen.example")
        (row,) = house.rows("select id from members where email = $1", f"{column}@lumen.example")
        then = datetime.now(UTC) - value - timedelta(seconds=1)
        house.rows(f"update sessions set {column} = $2 where member_id = $1 returning 1", row["id"], then)
        assert is_out(browser)


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        (None, {}, 403),
        ("", {}, 403),
        ("another's", {}, 403),
        ("another session's", {}, 403),
        ("own", {"Origin": "https://evil.example"}, 403),
        ("own", {"Origin": "null"}, 403),
        ("own", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("own", {"Sec_Fetch_Site": "same-site"}, 403),
        ("own", {"Sec_Fetch_Site": "same-origin"}, 303),
        ("own", {}, 303),
    ],
)
def test_forms_from_elsewhere_change_nothing(
    house: House, owner: Browser, token: str | None, headers: dict[str, str], status: int
) -> None:
    other = house.owner("other@lumen.example", "Other")
    tokens = {"own": owner.get(ACCOUNT).form_token, "another session's": other.get(ACCOUNT).form_token}
    name = f"Noa {new_id()}"
    fields = {"name": name} | ({} if token is None else {"form_token": tokens.get(token, token)})
    answer = owner.post(f"{ACCOUNT}/name", fields, **headers)
    assert answer.status == status
    assert (name in owner.get(ACCOUNT).text) is (status == 303)
    if status == 403:
        assert "Go back" in answer.words or "another site" in answer.words


def test_the_sign_in_form_needs_its_token_too(house: House, owner: Browser) -> None:
    """Else another site could sign a person in as somebody else, and read what they then write."""
    house.agent("ines@lumen.example")
    browser = house.browser()
    assert browser.post(SIGN_IN, {"email": "ines@lumen.example", "password": PASSWORD}).status == 403
    assert SESSION not in browser.cookies


def test_every_page_of_members_asks_who_is_there(house: House, owner: Browser, app_id: str) -> None:
    fill = {"{appId}": app_id, "{memberId}": new_id(), "{keyId}": new_id(), "{token}": "x", "{integrationId}": new_id()}
    for route in (route for section in SECTIONS if section.name != "door" for route in section.routes):
        path = route.path
        for name, value in fill.items():
            path = path.replace(name, value)
        for method in route.methods or ():
            answer = house.browser().call(method, path, b"" if method == "POST" else None, {})
            assert answer.status == 303, (method, path)
            assert answer.to.startswith(SIGN_IN)


def test_answers_cannot_be_framed_sniffed_or_kept(house: House, owner: Browser) -> None:
    for path in (ACCOUNT, SIGN_IN, "/dashboard/nothing", "/dashboard/welcome/none", "/dashboard/static/x/none.css"):
        headers = owner.get(path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_over_https_cookies_are_bound_to_this_host(house: House, owner: Browser) -> None:
    house.agent("sara@lumen.example")
    browser = house.browser()
    browser.headers = {"X-Forwarded-Proto": "https"}
    answer = browser.sign_in("sara@lumen.example")
    lines = {line.partition("=")[0]: line.lower() for line in answer.set_cookies}
    assert set(lines) == {"__Host-heliograph_session", "__Host-heliograph_known"}
    for line in lines.values():
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= {part.strip() for part in line.split(";")}
    assert browser.get(ACCOUNT).status == 200


class Hasher:
    """The hasher of passwords, which notes for each check how much work it is."""

    def __init__(self) -> None:
        self._real = passwords._HASHER
        self.hash, self.check_needs_rehash = self._real.hash, self._real.check_needs_rehash
        self.work: list[str] = []

    def verify(self, kept: str, password: str) -> bool:
        self.work.append("$".join(kept.split("$")[:4]))
        return self._real.verify(kept, password)


def test_nobody_learns_who_has_an_account(house: House, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same status, words and work: no such email, another password, invited only, disabled."""
    hasher = Hasher()
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    house.member("invited2@lumen.example", "I", "agent", password=None)
    gone = house.member("gone@lumen.example", "G", "agent")
    house.rows("update members set disabled_at = now() where id = $1 returning 1", gone)
    house.member("there@lumen.example", "T", "agent")
    told, worked = {}, {}
    for email, password in (
        ("nobody@lumen.example", "wrong, and long enough"),
        ("there@lumen.example", "wrong, and long enough"),
        ("invited2@lumen.example", PASSWORD),
        ("gone@lumen.example", PASSWORD),
    ):
        browser = house.browser()
        token = browser.get(SIGN_IN).form_token
        hasher.work.clear()
        page = browser.post(SIGN_IN, {"email": email, "password": password, "form_token": token})
        told[email] = (page.status, page.words, sorted(page.headers.keys() - {"date"}))
        worked[email] = list(hasher.work)
    assert len({str(words) for words in told.values()}) == 1, told
    assert "no member with this email and password" in page.words
    assert len(worked["there@lumen.example"]) == 1
    assert len({str(work) for work in worked.values()}) == 1, f"one is answered without the work: {worked}"


def test_guessing_is_slowed_down_and_keeps_nobody_out(house: House, owner: Browser) -> None:
    house.agent("bo@lumen.example", name="Bo")
    mine = house.signed_in("bo@lumen.example")
    guesser = house.browser()
    for _ in range(throttle.PAIR.burst):
        assert guesser.sign_in("bo@lumen.example", "a guess, and another").status == 422
    # However slow this machine is: no time passes for what was counted until now.
    house.rows(
        "update sign_in_attempts set left_over = least(left_over, 0.5), at = now() + interval '1 hour' returning 1"
    )
    slowed = guesser.sign_in("bo@lumen.example", PASSWORD)
    assert slowed.status == 429
    assert 1 <= int(slowed.headers["retry-after"]) <= throttle.PAIR.every
    assert "Try again in" in slowed.words
    assert mine.sign_in("bo@lumen.example").status == 303, "this browser is known: others' guesses are not its own"
    forged = house.browser()
    forged.cookies["heliograph_known"] = mine.cookies["heliograph_known"].replace(".", "x.")
    assert forged.sign_in("bo@lumen.example").status == 429
    (row,) = house.rows("select id from members where email = 'bo@lumen.example'")
    fields = {"password": "quite another lamp", "again": "quite another lamp"}
    link = house.link(row["id"])
    assert house.browser().send(link, link, fields).status == 303, "a link opens in any case"
    house.rows("delete from sign_in_attempts returning 1")
    unknown = house.browser()
    answers = [unknown.sign_in("nobody@lumen.example", "a guess, and another") for _ in range(throttle.PAIR.burst + 3)]
    assert 429 in [page.status for page in answers], "a wait tells nothing about who is a member"
    house.rows("delete from sign_in_attempts returning 1")


def test_an_agent_cannot_do_what_owners_do(house: House, owner: Browser) -> None:
    app_id, hidden = house.app("Theirs"), house.app("Hidden")
    agent = house.agent("agent@lumen.example", app_id)
    token = agent.get(ACCOUNT).form_token
    (row,) = house.rows("select id from members where email = 'agent@lumen.example'")
    theirs, other = f"/dashboard/apps/{app_id}/settings", f"/dashboard/apps/{hidden}/settings"
    for path in (
        "/dashboard/settings/members",
        "/dashboard/settings/apps/new",
        "/dashboard/settings/members/new",
        theirs,
    ):
        assert agent.get(path).status == 403, path
    listed = agent.get("/dashboard/settings/apps").words
    assert ("Theirs" in listed, "Hidden" in listed, "Create app" in listed) == (True, False, False)
    posts: list[tuple[str, dict[str, Any]]] = [
        ("/dashboard/settings/members", {"name": "X", "email": "x@x.example", "role": "owner"}),
        (f"/dashboard/settings/members/{row['id']}", {"role": "owner"}),
        (f"/dashboard/settings/members/{row['id']}/link", {}),
        ("/dashboard/settings/apps", {"name": "Mine"}),
        (f"{theirs}/keys", {"key_name": "Mine"}),
        (f"{theirs}/delete", {"typed": "Theirs"}),
    ]
    for path, fields in posts:
        assert agent.post(path, fields | {"form_token": token}).status == 403, path
    assert house.rows("select role from members where id = $1", row["id"]) == [{"role": "agent"}]
    unknown = agent.get(f"/dashboard/apps/{new_id()}/settings")
    for answer in (agent.get(other), agent.post(f"{other}/delete", {"typed": "Hidden", "form_token": token})):
        assert (answer.status, answer.words) == (404, unknown.words), "there may be such an app, or not"


def test_links_open_once_and_not_for_ever(house: House, owner: Browser) -> None:
    member = house.member("late@lumen.example", "Late", "agent")
    old, link = house.link(member), house.link(member)
    assert house.browser().get(old).status == 410, "a newer one replaced it"
    signed_in = house.signed_in("late@lumen.example")
    fields = {"password": "yet another bright lamp", "again": "yet another bright lamp"}
    browser = house.browser()
    assert browser.get(link).status == browser.get(link).status == 200, "looking uses nothing up"
    assert browser.send(link, link, fields).status == 303
    assert is_out(signed_in), "whoever knew the old password is out"
    late = house.browser()
    token = late.get(SIGN_IN).form_token
    assert late.post(link, fields | {"form_token": token}).status == 410
    expiring = house.link(member)
    then = datetime.now(UTC) - timedelta(seconds=1)
    house.rows("update member_links set expires_at = $1 returning 1", then)
    assert late.get(expiring).status == 410
    assert late.post(expiring, fields | {"form_token": token}).status == 410
    assert links.LIVES["first"] == timedelta(hours=1)


def test_markup_in_names_is_text(house: House, owner: Browser) -> None:
    evil = '<img src=x onerror="alert(1)">\'"'
    house.member("evil@lumen.example", evil, "agent")
    app = owner.send("/dashboard/settings/apps/new", "/dashboard/settings/apps", {"name": evil})
    for path in ("/dashboard/settings/members", "/dashboard/settings/apps", app.to):
        page = owner.get(path)
        assert "<img src=x" not in page.text
        assert "&lt;img src=x" in page.text


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/dashboard//evil.example", "/dashboard/\\evil",
                                "/dashboard/../v2", "/dashboard/%2E./v2", "/dashboard/x/.%2e/../v2",
                                "/dashboardx", "javascript:alert(1)", "/dashboard/\r\nX: y"])  # fmt: skip
def test_signing_in_leads_to_no_other_place(house: House, owner: Browser, to: str) -> None:
    browser = house.owner("back@lumen.example", "Back")
    assert browser.sign_in("back@lumen.example", to=to).to == "/dashboard/"
    assert browser.sign_in("back@lumen.example", to="/dashboard/settings?x=1").to == "/dashboard/settings?x=1"


def _part(value: str) -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n{value}\r\n--x--\r\n'.encode()


def test_what_cannot_be_read_gets_an_answer(house: House, owner: Browser) -> None:
    token = owner.get(ACCOUNT).form_token
    cases: list[tuple[bytes, str, int]] = [
        (f"form_token={token}&name=a%00b".encode(), "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe=%", "application/x-www-form-urlencoded", 403),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 403),
        (b"no boundary", "multipart/form-data", 400),
        (_part("é"), "multipart/form-data; boundary=x; charset=undefined", 400),
        (_part("+2AA-"), "multipart/form-data; boundary=x; charset=utf-8; charset=utf-7", 400),
        (_part("é"), 'multipart/form-data; boundary=x; Charset="UTF-8"', 403),
        (b"{}", "application/json", 403),
        (b"name=" + b"x" * 600_000, "application/x-www-form-urlencoded", 413),
    ]
    for body, kind, status in cases:
        answer = owner.call("POST", f"{ACCOUNT}/name", body, {"Content-Type": kind})
        assert answer.status == status, (kind, body[:40], answer.words)
    for path in (
        "/dashboard/apps/%00/settings",
        "/dashboard/welcome/%00",
        "/dashboard/apps/%FF/settings",
        "/dashboard/a/b",
    ):
        assert owner.get(path).status in (404, 410), path
    assert owner.call("DELETE", ACCOUNT, None, {}).status == 405


def test_a_lapsed_session_sends_htmx_to_the_sign_in_page(house: House, owner: Browser) -> None:
    answer = house.browser().get(ACCOUNT, HX_Request="true", HX_Current_URL=f"{house.url}{ACCOUNT}?x=1")
    assert (answer.status, answer.headers["hx-redirect"]) == (401, f"{SIGN_IN}?{urlencode({'to': f'{ACCOUNT}?x=1'})}")
    answer = house.browser().get(ACCOUNT, HX_Request="true")
    assert (answer.status, answer.headers["hx-redirect"]) == (401, SIGN_IN)


@pytest.mark.parametrize(
    ("referer", "to"), [("{}" + ACCOUNT, ACCOUNT), ("https://evil.example" + ACCOUNT, ""), ("", "")]
)
def test_what_is_sent_by_a_lapsed_session_is_told_as_not_saved(
    house: House, owner: Browser, referer: str, to: str
) -> None:
    said = {"Referer": referer.format(house.url)} if referer else {}
    answer = house.browser().post(f"{ACCOUNT}/name", {"name": "New"}, **said)
    assert answer.to == f"{SIGN_IN}?{urlencode({**({'to': to} if to else {}), 'done': 'lapsed'})}"
    page = house.browser().get(answer.to)
    assert "You were signed out. Nothing was saved" in page.words
    assert f'name="to" value="{to or "/dashboard/"}"' in page.text
    assert house.browser().get(ACCOUNT, Accept="text/event-stream").status == 401


def test_a_page_that_breaks_says_so_and_tells_nothing(
    house: House, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(sessions, "list_of", broken)
    page = owner.get(ACCOUNT)
    assert page.status == 500
    assert "Something broke here" in page.words
    assert "secret reason" not in page.text
    assert page.headers["cache-control"] == "no-store"
