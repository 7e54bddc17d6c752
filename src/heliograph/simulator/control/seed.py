"""A small world to begin with: one app, one Page with its account, three people, one Page token."""

import secrets
import unicodedata
from typing import Any

from heliograph.simulator import ids
from heliograph.simulator.control import models
from heliograph.simulator.graph import tokens
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN
from heliograph.simulator.models import Account, App, Owner, Page, Person
from heliograph.simulator.pictures import story
from heliograph.simulator.world import World

MESSAGING = (
    "pages_show_list",
    "pages_manage_metadata",
    "pages_messaging",
    "instagram_basic",
    "instagram_manage_messages",
    "business_management",
)
"""The permissions of messaging (Meta reference 0)."""
_NEIGHBOURS = ("Jonas Brandt", "Lucía Fernández")
_NAMES = ("Ama Boateng", "Noah Lindqvist", "Priya Raman", "Tomás Rocha", "Yuki Tanaka", "Elif Demir", "Sam Whitaker")


def seed(world: World, names: models.Seed) -> dict[str, Any]:
    """Make the small world once; afterwards answer with the same one, whatever ``names`` says."""
    known = world.state.settings.get("seed")
    if known is None:
        app = new_app(world, names.app_name)
        page, account = new_account(world, names.page_name, names.username)
        people = [new_person(world, name) for name in (names.customer_name, *_NEIGHBOURS)]
        assert account is not None
        threads = [world.threads.between(account, person) for person in people]
        owner = world.state.owners[page.owner_id]
        token = tokens.mint(world, app, page, owner, list(FACEBOOK_LOGIN.all_scopes))
        world.threads.story(account.id, story(account.id), "image/png")
        known = {
            "facebook_app_id": app.id,
            "facebook_app_secret": app.secret,
            "page_id": page.id,
            "page_access_token": token.value,
            "instagram_account_id": account.id,
            "instagram_username": account.username,
            "customer_id": threads[0].igsid,
            "customer_name": people[0].name,
        }
        known["config_id"] = new_configuration(world, app)["id"]
        world.state.settings["seed"] = known
        world.state.save_settings()
        world.hub.publish("world", {})
    if names.connections and "connections" not in known:
        known["connections"] = connections(world, world.state.owners[world.state.pages[known["page_id"]].owner_id])
        world.state.save_settings()
        world.hub.publish("world", {})
    return dict(known)


def connections(world: World, first: Owner) -> dict[str, str]:
    """Who and what is ready to be connected: one more Page of the first person, a person with one of each kind, and one
    without Pages. The ids of the Pages by what is special about them.
    """
    ready, _ = new_account(world, "Harbour Tea", "harbour.tea", owner=first)
    plain, _ = new_account(world, "Pier Nine Pottery", owner=first, instagram=False)
    second = new_owner(world, "Ingrid Halvorsen")
    other, _ = new_account(world, "Northwind Bakery", "northwind.bakery", owner=second)
    private, account = new_account(world, "Saltwater Records", "saltwater.records", owner=second)
    assert account is not None
    account.professional = False
    weak, _ = new_account(world, "Quayside Bikes", "quayside.bikes", owner=second)
    weak.tasks = ["ANALYZE", "ADVERTISE", "CREATE_CONTENT"]
    held, _ = new_account(world, "Dune Hotels", "dune.hotels", owner=second)
    held.portfolio = True
    for record in (account, weak, held):
        world.state.save(record)
    new_owner(world, "Tomás Rocha")
    found = {"ready": ready, "no_account": plain, "second_person": other, "personal": private, "tasks_missing": weak}
    return {name: page.id for name, page in {**found, "portfolio": held}.items()}


def new_owner(world: World, name: str) -> Owner:
    """Somebody with a Facebook login."""
    return world.state.add(Owner(world.state.fresh(lambda: ids.digits(17, "10")), name))


def new_pages(
    world: World, owner: Owner, name: str, count: int, with_account: int
) -> list[tuple[Page, Account | None]]:
    """Pages by the hundred; every ``with_account``-th has an account, 0 for none."""
    return [
        new_account(world, f"{name} {n}", owner=owner, instagram=bool(with_account) and n % with_account == 0)
        for n in range(1, count + 1)
    ]


def new_configuration(
    world: World,
    app: App,
    name: str = "Instagram messaging",
    key: str | None = None,
    scopes: list[str] | None = None,
    kind: str = "user",
) -> dict[str, Any]:
    """A configuration of Facebook Login for Business; without ``scopes`` it asks for what messaging needs."""
    made = {
        "id": key or world.state.fresh(lambda: ids.digits(16, "2")),
        "name": name,
        "scopes": list(MESSAGING) if scopes is None else scopes,
        "kind": kind,
    }
    app.configurations.append(made)
    world.state.save(app)
    return made


def new_app(world: World, name: str, app_id: str | None = None, secret: str | None = None) -> App:
    """A Facebook app."""
    state = world.state
    key = app_id or state.fresh(lambda: ids.digits(16, "1"))
    return state.add(App(key, secret or secrets.token_hex(16), name, created_ms=world.clock.now_ms()))


def new_account(
    world: World,
    page_name: str,
    username: str | None = None,
    name: str | None = None,
    owner: Owner | None = None,
    instagram: bool = True,
) -> tuple[Page, Account | None]:
    """A Page and, unless told otherwise, its professional account."""
    state = world.state
    owner = owner or new_owner(world, f"Owner of {page_name}")
    page = state.add(Page(state.fresh(lambda: ids.digits(15, "10")), page_name, owner.id))
    if not instagram:
        return page, None
    taken = {one.username for one in state.accounts.values()}
    account = Account(state.fresh(ids.account_id), page.id, _free(username, page_name, taken), name or page_name)
    page.account_id = account.id
    state.save(page)
    return page, state.add(account)


def new_person(world: World, name: str | None = None, username: str | None = None, profile: bool = True) -> Person:
    """A person. The id is of a length that no Graph object has."""
    state = world.state
    name = name or _NAMES[len(state.people) % len(_NAMES)]
    taken = {one.username for one in state.people.values()}
    key = state.fresh(lambda: ids.digits(10))
    return state.add(Person(key, name, _free(username, name, taken), profile_available=profile))


def _free(wanted: str | None, name: str, taken: set[str]) -> str:
    """A username that nobody has, from the wanted one or from a name."""
    base = wanted or ".".join(part for part in _plain(name).split("_") if part)[:26] or "someone"
    number, username = 2, base
    while username in taken:
        username, number = f"{base}{number}", number + 1
    return username


def _plain(name: str) -> str:
    """Small ASCII letters and digits, accents taken off, anything else as an underscore."""
    bare = (letter for letter in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(letter))
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in bare)
