"""An invitation as a form, and as a line of the list.

The API's own model checks the form (:class:`InvitationCreate`); nothing is checked twice. What the API says of a field
stands beside it, with the field's name as the form has it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from heliograph.api.invitations import LONGEST_STATE
from heliograph.api.validation import titles_of
from heliograph.channels.instagram.accounts.facebook_apps import Listed
from heliograph.dashboard.forms import Form
from heliograph.dashboard.integrations import words
from heliograph.dashboard.integrations.standing import name_of
from heliograph.messaging import way_back
from heliograph.messaging.invitations import DEFAULT_LIFE, Status, status_of
from heliograph.storage import Connection
from heliograph.storage.ids import is_id

PAGE = 25

# Days that an invitation may hold, with their words.
LIVES: Sequence[tuple[str, str]] = (("1", "1 day"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"))

LONGEST: Mapping[str, int] = {
    "returnUrl": way_back.LONGEST,
    "logoUrl": way_back.LONGEST,
    "state": LONGEST_STATE,
    "brandName": 100,
    "displayName": 100,
}

# Served by invitations_of_app and the primary key of integrations; the code's hash is not read. Ids are hexadecimal: all of
# them stand before a "g".
_NEWEST = "g"
_LIST = """
select v.id, v.return_url, v.state, v.brand_name, v.created_at, v.expires_at, v.opened_at, v.used_at, v.cancelled_at,
    i.id as integration_id, i.type, i.display_name, i.settings
from invitations v
left join integrations i on i.id = v.integration_id and i.app_id = v.app_id
where v.app_id = $1 and v.id < $2
order by v.id desc limit $3
"""

# What opens the link in a window, as docs/connect-page.md has it.
_POPUP = """\
addEventListener("message", (event) => {
  if (event.origin !== %s) return;
  if (event.data.type === "heliograph:connected")
    connected(event.data.integrationId, event.data.state);
});
button.onclick = () => open(link + "?popup=1", "connect", "popup,width=600,height=760");"""

# The look's status of each.
_KINDS: Mapping[Status, str] = {
    Status.OPEN: "calm",
    Status.OPENED: "wait",
    Status.USED: "good",
    Status.CANCELLED: "off",
    Status.EXPIRED: "off",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list. ``integration``: the name of the one that came of it; empty when there is none any more."""

    id: str
    status: Status
    brand: str
    returns_to: str
    state: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    cancelled_at: datetime | None
    integration_id: str | None
    integration: str

    @property
    def kind(self) -> str:
        """One of the look's statuses."""
        return _KINDS[self.status]

    @property
    def word(self) -> str:
        """The API's own word."""
        return self.status.value.capitalize()

    @property
    def can_end(self) -> bool:
        """Whether there is something to cancel."""
        return self.status in (Status.OPEN, Status.OPENED)


async def listed(connection: Connection, app_id: str, app_name: str, before: str, now: datetime) -> list[Line]:
    """The app's invitations, newest first: those before an id, one more than :data:`PAGE` when there are older ones."""
    rows = await connection.fetch(_LIST, app_id, before if is_id(before) else _NEWEST, PAGE + 1)
    return [_line(row, app_name, now) for row in rows]


def popup(public_url: str) -> str:
    """A script for the page of a product that opens the link in a window."""
    return _POPUP % json.dumps(way_back.origin_of(public_url))


def ways(usable: Sequence[Listed], offered: Mapping[str, Listed]) -> list[tuple[str, str]]:
    """What a person may be offered to log in by: pairs of the form's value and its words. Empty: there is no choice.

    ``offered``: the logins that the page has buttons for when nothing is said, each with its app.
    """
    if len(usable) < 2:
        return []
    by_app = [(f"app:{one.id}", f"{_name(one)}, {words.LOGINS[one.login]}") for one in usable]
    if len(offered) > 1:
        by_login = [(f"login:{login}", f"{words.LOGINS[login]} only") for login in offered]
        return [("", "What the person chooses"), *by_login, *by_app]
    return [*(("", f"The usual one: {_name(one)}") for one in offered.values()), *by_app]


def _name(one: Listed) -> str:
    return one.name or f"App {one.id}"


def typed(form: Form) -> dict[str, str]:
    """The form as it was sent, or as it is at first."""
    return {name: form[name] for name in (*LONGEST, "way")} | {
        "days": form["days"] or str(DEFAULT_LIFE.days),
    }


def read(given: Mapping[str, str]) -> dict[str, Any]:
    """A create body of the API, not checked yet."""
    body: dict[str, Any] = {name: given[name] for name in LONGEST if given[name]}
    days = dict(LIVES).get(given["days"])
    body["expiresIn"] = int(given["days"]) * 86_400 if days else given["days"]
    which, _, name = given["way"].partition(":")
    if which:
        body["login" if which == "login" else "facebookAppId"] = name
    return body


def problems_of(error: ValidationError) -> dict[str, str]:
    """What the API's model finds wrong: a sentence for each field of the form."""
    found: dict[str, str] = {}
    for one in error.errors():
        name = str(one["loc"][0]) if one["loc"] else ""
        said = _MISSING if one["type"] == "missing" else titles_of([{**one, "loc": ("body", *one["loc"])}])[0]
        found.setdefault(_place(name), _SAID.get(name) or sentence(name, said))
    return found


def problem(field: str, said: str) -> dict[str, str]:
    """The same, of one field that the API refuses otherwise."""
    return {_place(field): sentence(field, said)}


def sentence(name: str, said: str) -> str:
    """The API's words, with the field's name as people read it."""
    rest = said.removeprefix(f"{name} ")
    return f"{_CALLED[name] if rest != said and name in _CALLED else ''} {rest}".strip().rstrip(".") + "."


def _place(name: str) -> str:
    """Under which field of the form it stands."""
    return {"login": "way", "facebookAppId": "way", "expiresIn": "days", "expiresAt": "days"}.get(name, name)


_MISSING = "Give the address to go on to afterwards, such as https://desk.example.org/instagram"
_SAID = {
    "expiresIn": "Choose one of the list.",
    "login": "Choose one of the list.",
    "facebookAppId": "Choose one of the list.",
}
_CALLED = {
    "returnUrl": "The address",
    "logoUrl": "The address",
    "state": "The text",
    "brandName": "The name",
    "displayName": "The name",
}


def _line(row: Any, app_name: str, now: datetime) -> Line:
    return Line(
        row["id"],
        status_of(row["used_at"], row["cancelled_at"], row["opened_at"], row["expires_at"], now),
        row["brand_name"] or app_name,
        row["return_url"],
        row["state"] or "",
        row["created_at"],
        row["expires_at"],
        row["used_at"],
        row["cancelled_at"],
        row["integration_id"],
        name_of(row["display_name"], row["settings"], row["type"]) if row["integration_id"] else "",
    )
