"""The Python client: a method for every route of the control API, and for every field that a route takes."""

import inspect
import re
from typing import Any, NoReturn

import pytest

from heliograph.simulator import Meta, SimulatorError, World, running
from heliograph.simulator.client import told
from heliograph.simulator.client.told import Seed
from heliograph.simulator.control.routes import create_control
from tests.simulator.support import Sink

Route = tuple[str, str]

# Routes without a method of their own, and why.
WITHOUT: dict[Route, str] = {
    ("GET", "/seed"): "seed() tells the same",
    ("GET", "/health"): "wait_until_quiet() asks it",
    ("GET", "/wire/{seq}"): "calls() and webhooks() tell all of them",
    ("GET", "/events"): "for pages that stay open; a test has wait_for()",
    ("DELETE", "/faults"): "clear_faults() clears both kinds, cancel() one of them",
    ("DELETE", "/webhook-faults"): "likewise",
}
# Fields that no method sends, and why.
UNSENT: dict[Route, set[str]] = {
    # Names for the world of the demo; who cares makes a world of their own.
    ("POST", "/seed"): {"page_name", "username", "customer_name", "app_name", "connections"},
    ("POST", "/pages/many"): {"owner_name"},  # make_owner() has a name
    ("POST", "/apps/{app_id}/configurations"): {"name", "id"},
    ("POST", "/instagram/apps"): {"id", "secret", "require_proof"},
}
# Whose methods take any word, or one of several.
ANY_WORD = {("PATCH", "/rules"), ("PATCH", "/delivery"), ("POST", "/login"), ("POST", "/clock")}

APP = told.App("1", "s", "App", None, [], None, None)
GIVEN: dict[str, Any] = {
    "app": APP,
    "account": told.Account("2", "9", "Shop", "shop", "Shop", "4", [], True, True),
    "owner": told.Owner("4", "Kim"),
    "story": told.Story("5", "2", "", 0),
    "post": told.Post("6", "FEED", "", 0, False),
    "comment": told.Comment("7", "6", "3"),
    "fault": told.Fault("8", 1.0, 1, None, 0),
    "by": "25h",
    "content": b"x",
}


class _Asked(Exception):
    """What a method asks, before it is sent."""


class Listener(Meta):
    """A client that says what it would ask."""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **_: Any) -> NoReturn:
        raise _Asked(method, path, set(body or ()))

    def ask_as_is(self, method: str, path: str, body: dict[str, Any] | None) -> NoReturn:
        raise _Asked(method, path, set(body or ()))

    def send_as_is(self, path: str, *_: Any) -> NoReturn:
        raise _Asked("POST", path, set())


def asked(name: str) -> tuple[str, str, set[str]] | None:
    """The first thing that a method asks of the control API."""
    method = getattr(Listener("http://127.0.0.1:1"), name)
    required = [
        one.name
        for one in inspect.signature(method).parameters.values()
        if one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]
    try:
        method(*(GIVEN.get(one, "x") for one in required))
    except _Asked as found:
        return found.args
    raise AssertionError(f"{name} asks nothing")


def routes() -> dict[Route, set[str]]:
    """The routes of the control API, with the fields of their bodies."""
    document = create_control(World()).openapi()

    def fields(operation: dict[str, Any]) -> set[str]:
        names = re.findall(r"#/components/schemas/(\w+)", str(operation.get("requestBody", "")))
        return {field for name in names for field in document["components"]["schemas"][name]["properties"]}

    return {
        (method.upper(), path): fields(operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


NOT_ASKING = {"ask", "ask_as_is", "send_as_is", "graph", "subscribe", "wait_for"}
METHODS = [
    name for name, _ in inspect.getmembers(Meta, inspect.isfunction) if name[0] != "_" and name not in NOT_ASKING
]


def test_there_is_a_method_for_every_route_and_for_every_field() -> None:
    there = routes()
    patterns = {route: re.compile(re.sub(r"{\w+}", "[^/]+", route[1])) for route in there}
    sent: dict[Route, set[str]] = {}
    for name in METHODS:
        method, path, fields = asked(name)  # type: ignore[misc]
        found = [route for route, pattern in patterns.items() if route[0] == method and pattern.fullmatch(path)]
        assert found, f"{name} asks {method} {path}, which there is not"
        exact = next((route for route in found if route[1] == path), found[0])
        sent[exact] = sent.get(exact, set()) | fields
    sent.setdefault(("GET", "/accounts/{account_id}/stories"), set())
    assert {route for route in there if route not in sent} == set(WITHOUT)
    unsent = {route: there[route] - fields for route, fields in sent.items() if route not in ANY_WORD}
    assert {route: fields for route, fields in unsent.items() if fields} == UNSENT
    assert {route: fields - there[route] for route, fields in sent.items() if fields - there[route]} == {}


# Each of those that no other file calls, on a simulator -----------------------------------------------------------


@pytest.fixture(scope="module")
def meta():
    with running() as made:
        yield made


@pytest.fixture
def seed(meta: Meta) -> Seed:
    meta.reset()
    return meta.seed()


FIELDS = (
    "messages,messaging_referral,messaging_optins,messaging_policy_enforcement,comments,live_comments,mentions,"
    "story_insights,standby,messaging_handover"
)


@pytest.fixture
def all_ears(meta: Meta, seed: Seed, sink: Sink) -> Seed:
    meta.subscribe(seed.app, seed.account, sink.url, FIELDS)
    return seed


def items(meta: Meta, seed: Seed) -> list[dict[str, Any]]:
    meta.wait_until_quiet()
    return [item for one in meta.webhooks(seed.app) for item in one.items]


def test_what_people_do_more_rarely(meta: Meta, all_ears: Seed) -> None:
    account, person = all_ears.account, all_ears.person
    picture = meta.upload(b"\x89PNG\r\n\x1a\n" + b"0" * 16, "image/png")
    meta.person_writes(account, person, attachments=[{"type": "image", "url": picture}])
    shared = meta.person_shares(account, person, "reel", title="Waves")
    meta.person_sends_unsupported(account, person)
    assert meta.person_follows_link(account, person, "spring")
    meta.person_writes_from(account, person, "how much?", product_id="77")
    meta.person_opts_in(account, person, "NEWS")
    meta.account_writes_to_itself(account, "a note to us")
    told_of = items(meta, all_ears)
    messages = [one["message"] for one in told_of if "message" in one]
    assert [one["attachments"][0]["type"] for one in messages[:2]] == ["image", "ig_reel"]
    assert messages[2]["is_unsupported"]
    assert messages[3]["referral"] == {"product": {"id": "77"}}
    assert messages[4]["is_self"]
    assert [one["referral"]["ref"] for one in told_of if "referral" in one] == ["spring"]
    assert [one["optin"]["payload"] for one in told_of if "optin" in one] == ["NEWS"]
    assert meta.message(shared).attachments[0]["type"] == "ig_reel"
    assert (account.id, person.id) in meta.threads()
    meta.owner_deletes_thread(account, person)
    with pytest.raises(SimulatorError, match="archived"):
        meta.graph("POST", "/me/messages", all_ears.page_access_token, recipient=f'{{"id":"{all_ears.igsid}"}}',
                   message='{"text":"x"}')  # fmt: skip


def test_posts_comments_mentions_and_stories(meta: Meta, all_ears: Seed) -> None:
    account, person = all_ears.account, all_ears.person
    broadcast = meta.account_posts(account, "on air", live=True)
    first = meta.person_comments(account, person, "hello!", post=broadcast)
    assert first.post_id == broadcast.id
    assert meta.end_broadcast(broadcast).live is False
    post = meta.account_posts(account, "new mugs")
    meta.person_comments(account, None, "from us", post=post, answers=first)
    meta.delete_comment(first)
    assert [one.caption for one in meta.posts(account)] == ["on air", "new mugs"]
    media = meta.mention_in_media(account)
    story = meta.account_posts_story(account)
    assert story in meta.stories(account)
    assert story.id in [one.id for one in meta.stories()]
    meta.story_ends(account, story)
    changes = [(one["field"], one["value"]) for one in items(meta, all_ears)]
    assert [field for field, _ in changes] == ["live_comments", "comments", "mentions", "story_insights"]
    assert (changes[1][1]["parent_id"], changes[2][1]["media_id"]) == (first.id, media)


def test_the_terms_on_which_an_app_works(meta: Meta, all_ears: Seed) -> None:
    app, account, person = all_ears.app, all_ears.account, all_ears.person
    assert meta.change_rules(sends_per_second=7)["sends_per_second"] == meta.rules()["sends_per_second"] == 7
    assert meta.errors()[0]["name"]
    assert "timeout after" in meta.scenarios()
    meta.deliver_like(retry_delays=[0.25])
    assert meta.delivery()["retry_delays"] == [0.25]
    assert meta.change_app(app, live=False).id == meta.app(app.id).id
    assert meta.change_rights(account, tasks=["ANALYZE"]) == ["ANALYZE"]
    meta.change_account(account, allow_messages=False)
    assert meta.account(account.id).allow_messages is False
    meta.set_language(account.owner_user_id, "de_DE")
    meta.person_writes(account, person, "hi")
    with pytest.raises(SimulatorError):
        meta.graph("POST", "/me/messages", all_ears.page_access_token, recipient=f'{{"id":"{all_ears.igsid}"}}',
                   message='{"text":"x"}')  # fmt: skip
    meta.enforce_policy(app, account, "block", "why not")
    meta.dashboard_test(app)
    told_of = items(meta, all_ears)
    assert [one["policy-enforcement"]["reason"] for one in told_of if "policy-enforcement" in one] == ["why not"]
    assert [one["message"]["mid"] for one in told_of if "message" in one][-1] == "random_mid"


def test_a_thread_is_where_the_test_wants_it(meta: Meta, all_ears: Seed) -> None:
    app, account, person = all_ears.app, all_ears.account, all_ears.person
    other = meta.make_app("Other")
    assert meta.route(account, other, may_take=[app]).default_app_id == meta.routing(account).default_app_id == other.id
    meta.person_writes(account, person, "hi")
    assert meta.thread_owner(account, person) == other.id
    assert meta.app_acts(other, "pass", account, person, target=app, metadata="yours") == app.id
    assert meta.app_acts("263902037430900", "take", account, person) == meta.thread_owner(account, person)
    meta.app_acts("263902037430900", "message", account, person, text="from the inbox")
    assert meta.thread(account, person).texts == ["hi", "from the inbox"]
    assert meta.app_acts("263902037430900", "release", account, person) is None


def test_logins_without_a_browser(meta: Meta, seed: Seed, sink: Sink) -> None:
    back = "https://shop.example/back"
    owner = meta.make_owner("Tomás")
    assert owner in meta.owners()
    pages = meta.make_pages(3, owner, name="Shop", with_account=1)
    config = meta.make_configuration(seed.app)
    assert "code=" in meta.log_in(seed.app, back, owner=owner, config_id=config, page_ids=pages, state="s")
    assert "access_denied" in meta.log_in(seed.app, back, owner=owner, config_id=config, deny=True)
    app, account = meta.make_instagram_app(), meta.make_instagram_account("Harbour Tea")
    assert account.page_id is None
    assert meta.graph("GET", "/instagram/me", meta.make_instagram_token(app, account))["id"]
    assert "code=" in meta.log_in_by_instagram(app, account, back)
    assert meta.subscribe_instagram(app, sink.url).callback_url == sink.url
