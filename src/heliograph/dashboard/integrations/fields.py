"""The settings of an integration as a form: what can be set, in plain words, and what was typed as an update of the API.

The API's own models check it (:class:`IntegrationUpdate`, the table of types); nothing is checked twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

from pydantic import ValidationError

from heliograph.api.validation import titles_of
from heliograph.dashboard.forms import Form
from heliograph.dashboard.integrations.standing import CUSTOM, LIVE

LONGEST_NAME = 100
MOST_HOURS = 20
DAYS = (("mon", "Mo"), ("tue", "Tu"), ("wed", "We"), ("thu", "Th"), ("fri", "Fr"), ("sat", "Sa"), ("sun", "Su"))
ZONES: Sequence[str] = sorted(available_timezones())
_ANSWER = "automaticAnswer"


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is on or off."""

    name: str
    label: str
    help: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; the first is what a new integration has. Each with its words."""

    name: str
    label: str
    options: Sequence[tuple[str, str, str]]
    help: str = ""


SWITCHES = (
    Switch(
        "storyRepliesEnabled",
        "Answers to your stories",
        "Whoever answers a story reaches you as a message that shows it. Off: these are left out.",
    ),
    Switch(
        "storyMentionsEnabled",
        "Mentions in people's stories",
        "Whoever mentions the account in a story reaches you with it. Off: these are left out.",
    ),
)
CHOICES = (
    Choice(
        "humanAgentTag",
        "Human agent tag",
        (
            ("afterWindow", "After 24 hours", "Answers between 24 hours and 7 days carry it: a person answers late."),
            ("always", "Always", "Every answer carries it, as Sunshine Conversations does."),
            ("never", "Never", "Your app has no Human Agent permission. Answers end after 24 hours."),
        ),
        "Meta lets a business answer for 24 hours, and with this tag for 7 days.",
    ),
    Choice(
        "carouselMode",
        "Carousels and lists",
        (
            ("native", "As cards", "Side by side, with buttons."),
            ("text", "As text", "The pictures, then a numbered text with the links."),
        ),
    ),
    Choice(
        "mediaMode",
        "People's pictures and videos",
        (
            ("proxy", "Fetch when asked", "Nothing is kept here. Links last as long as Instagram keeps the file."),
            ("store", "Keep a copy", "A copy is kept here, and deleted with the message."),
            ("link", "Pass Meta's link on", "Your systems fetch from Meta. The links end after some days."),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day in the form."""

    days: Sequence[str] = ()
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What the form shows: as it is, or as it was typed."""

    display_name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    answers: bool = False
    text: str = ""
    after: str = "0"
    when: str = "always"
    hours: Sequence[Hours] = ()
    timezone: str = "UTC"


def shown(display_name: str | None, settings: Mapping[str, Any]) -> Given:
    """The form of an integration as it is."""
    rule = settings.get(_ANSWER) or {}
    hours = [Hours(one.get("days") or (), one["from"], one["to"]) for one in rule.get("hours") or ()]
    return Given(
        display_name or "",
        settings,
        bool(rule),
        str(rule.get("text", "")),
        str(rule.get("afterMinutes", 0)),
        "hours" if hours else "always",
        hours,
        str(rule.get("timezone", "UTC")),
    )


def typed(form: Form) -> Given:
    """The form as it was sent, to be shown again."""
    settings: dict[str, Any] = {one.name: bool(form[one.name]) for one in SWITCHES}
    settings |= {one.name: form[one.name] for one in CHOICES}
    return Given(
        form["displayName"],
        settings,
        bool(form["answers"]),
        form.raw("text"),
        form["afterMinutes"],
        form["when"],
        _hours(form),
        form["timezone"],
    )


def read(form: Form, kind: str) -> dict[str, Any]:
    """An update body of the API. Null clears a name, and an automatic answer."""
    body: dict[str, Any] = {"displayName": form["displayName"] or None}
    if kind == LIVE:
        body |= {one.name: bool(form[one.name]) for one in SWITCHES}
        body |= {one.name: form[one.name] for one in CHOICES}
    if kind not in (CUSTOM,) and form["has_answer"]:
        body[_ANSWER] = _answer(form) if form["answers"] else None
    return body


def problems_of(error: ValidationError) -> dict[str, str]:
    """What the API's models find wrong: a sentence for each field, by its name on the wire."""
    found: dict[str, str] = {}
    for one in error.errors():
        path = [step for step in one["loc"] if isinstance(step, str)]
        name = next((step for step in reversed(path) if step in _SAID), path[0] if path else "")
        title = titles_of([{**one, "loc": ("body", *one["loc"])}])[0]
        found.setdefault(_PLACES.get(name, name), _SAID.get(name) or f"{title[:1].upper()}{title[1:]}.")
    return found


_SAID = {
    "displayName": f"Too long. At most {LONGEST_NAME} characters.",
    "text": "Write what is answered: 1 to 1000 characters.",
    "afterMinutes": "Minutes, from 0 to 1380: after 24 hours Meta takes no automatic answers.",
    "hours": "Give each span a beginning and an end, such as 18:00 to 08:00; at most 20 spans.",
    "from": "Give each span a beginning and an end, such as 18:00 to 08:00.",
    "to": "Give each span a beginning and an end, such as 18:00 to 08:00.",
    "days": "Choose days from Monday to Sunday.",
    "timezone": "There is no such time zone. Choose one of the list, such as Europe/Paris.",
    "appId": "The app's id, as it stands in the App Dashboard.",
    "appSecret": "The app's secret, as it stands in the App Dashboard.",
    "pageAccessToken": "The token that speaks for the Page, or for the account.",
}
_PLACES = {"from": "hours", "to": "hours", "days": "hours"}


def _answer(form: Form) -> dict[str, Any]:
    after = form["afterMinutes"]
    rule: dict[str, Any] = {
        "text": form["text"],
        "afterMinutes": int(after) if after.isascii() and after.isdigit() and len(after) < 7 else after,
        "timezone": form["timezone"] or "UTC",
    }
    if form["when"] == "hours":
        rule["hours"] = [
            {"from": one.start, "to": one.end, **({"days": list(one.days)} if one.days else {})} for one in _hours(form)
        ]
    return rule


def _hours(form: Form) -> list[Hours]:
    """The spans: of each line its days, its beginning and its end. A line without times is none."""
    lines = zip(form.all("line"), form.all("from"), form.all("to"), strict=False)
    return [
        Hours(form.all(f"days-{line}"), start, end)
        for line, start, end in list(lines)[: MOST_HOURS + 1]
        if start or end
    ]
