"""Finding what a control request names, and saying what was wrong when it is not there."""

from heliograph.simulator.models import Account, App, Message, Page, Person, Thread
from heliograph.simulator.world import World


class ControlError(Exception):
    """A request that can not be done. ``field`` is the part of it that is to blame."""

    def __init__(self, field: str, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.status = status


def app(world: World, app_id: str) -> App:
    """A Facebook app by its id."""
    if found := world.state.apps.get(app_id):
        return found
    raise ControlError("app_id", f"No app has the id {app_id}. GET /_simulator/apps lists them.", 404)


def page(world: World, page_id: str) -> Page:
    """A Page by its id."""
    if found := world.state.pages.get(page_id):
        return found
    raise ControlError("page_id", f"No Page has the id {page_id}. GET /_simulator/accounts lists them.", 404)


def account(world: World, account_id: str) -> Account:
    """An Instagram account by its id."""
    if found := world.state.accounts.get(account_id):
        return found
    message = f"No Instagram account has the id {account_id}. GET /_simulator/accounts lists them."
    raise ControlError("account_id", message, 404)


def person(world: World, key: str) -> Person:
    """A person by their id, or by one of their IGSIDs."""
    if found := world.state.people.get(key):
        return found
    if thread := world.state.by_igsid.get(key):
        return world.state.people[thread.person_id]
    raise ControlError("person", f"No person has the id or IGSID {key}. GET /_simulator/people lists them.", 404)


def thread(world: World, account_id: str, key: str) -> Thread:
    """The thread of a person with an account. An IGSID must be that person's towards this account."""
    owner = account(world, account_id)
    someone = person(world, key)
    scoped = world.state.by_igsid.get(key)
    if scoped and scoped.account_id != owner.id:
        raise ControlError("person", f"The IGSID {key} is this person's towards another account, {scoped.account_id}.")
    return world.threads.between(owner, someone)


def message(world: World, mid: str, field: str = "mid") -> Message:
    """A message that still has its content."""
    found = world.state.messages.get(mid)
    if found is None:
        raise ControlError(field, f"No message has the mid {mid}.", 404)
    if found.deleted:
        raise ControlError(field, "This message has been unsent.", 409)
    return found
