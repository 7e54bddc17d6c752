"""Our document against the original's, when there is one: ``HELIOGRAPH_SUNSHINE_OPENAPI`` names the file."""

import os
import re
from pathlib import Path

import pytest

from heliograph.api.reference.answers import responses
from heliograph.api.reference.tables import COMPONENTS, OPERATIONS
from tests.api.compare_openapi import Document, Names, additions, load, missing, outermost
from tests.api.house import House

GIVEN = os.environ.get("HELIOGRAPH_SUNSHINE_OPENAPI", "")
DOC = Path(__file__).parents[2] / "docs" / "api" / "openapi.md"

# Not served yet. The integrator takes out what has come.
COMING = {
    # switchboards
    "CreateSwitchboard", "ListSwitchboards", "UpdateSwitchboard", "DeleteSwitchboard", "CreateSwitchboardIntegration",
    "ListSwitchboardIntegrations", "UpdateSwitchboardIntegration", "DeleteSwitchboardIntegration", "PassControl",
    "OfferControl", "AcceptControl", "ReleaseControl",
    # users, clients, devices, participants
    "CreateUser", "ListUsers", "DeleteUser", "DeleteUserPersonalInformation", "SyncUser", "CreateClient",
    "RemoveClient", "ListDevices", "GetDevice", "JoinConversation", "LeaveConversation", "DeleteConversation",
    # attachments, integration types, conversions
    "UploadAttachment", "DeleteAttachment", "PostConversionEvents", "DownloadMessageRef",
    "CreateIntegration request *", "UpdateIntegration request *",
    # OAuth
    "Authorize", "GetToken", "RevokeAccess", "GetTokenInfo",
}  # fmt: skip

# Lines of the document about the document that speak of what is coming; the integrator empties this too.
COMING_LINES = {
    "PostMessage request content.fields[].text", "PostMessage request content.fields[].email",
    "PostMessage request content.fields[].select", "PostMessage request content.fields[].quotedMessageId",
    "PostMessage request override.instagram", "PostMessage request references", "PassControl request reason",
    "ReleaseControl request reason", "CreateIntegration request prechatCapture.*",
    "GetToken request as application/x-www-form-urlencoded", "GetToken request redirect_uri",
}  # fmt: skip

with_original = pytest.mark.skipif(not GIVEN, reason="HELIOGRAPH_SUNSHINE_OPENAPI names no document")


@pytest.fixture(scope="module")
def ours(house: House) -> Document:
    return dict(house.get("/openapi.json").body)


@pytest.fixture(scope="module")
def original() -> Document:
    return load(GIVEN)


def listed(heading: str) -> list[str]:
    """The patterns of a list in the document about the document."""
    section = DOC.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    items = [" ".join(item.split()) for item in re.split(r"^- ", section, flags=re.MULTILINE)[1:]]
    return [pattern for item in items for pattern in re.findall(r"`([^`]+)`", item.partition("`: ")[0] + "`")]


def fits(pattern: str, name: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None


def unexplained(names: set[str], patterns: list[str]) -> list[str]:
    return sorted(name for name in names if not any(fits(pattern, name) for pattern in patterns))


@with_original
def test_the_original_is_read_whole(original: Document) -> None:
    names = Names(original).all()
    assert len({name for name in names if " " not in name}) == 68
    assert len({name for name in names if name.endswith(" event")}) == 25
    assert "PostMessage request content.items[].actions[].uri" in names
    assert "CreateIntegration request webhooks[].target" in names


@with_original
def test_nothing_of_the_original_is_missing(original: Document, ours: Document) -> None:
    gone = unexplained(missing(original, ours), [*listed("Left out on purpose"), *COMING])
    assert not gone, "missing, and neither coming nor explained:\n" + "\n".join(gone)


@with_original
def test_what_is_coming_has_not_come(original: Document, ours: Document) -> None:
    gone = missing(original, ours)
    arrived = sorted(pattern for pattern in COMING if not any(fits(pattern, name) for name in gone))
    assert not arrived, "these are served now; take them out of COMING:\n" + "\n".join(arrived)


@with_original
def test_answers_of_what_is_coming_are_whole_already(original: Document) -> None:
    paths = {
        f"/{name}": {"get": {"operationId": name, "responses": responses(entry, [], [])}}
        for name, entry in OPERATIONS.items()
    }
    tables = {"paths": paths, "components": {"schemas": dict(COMPONENTS)}}
    theirs, own = Names(original).all(), Names(tables).all()
    gone = {name for name in theirs - own if name.partition(" ")[2].startswith("answer ") or name.endswith("event")}
    assert not unexplained(gone, listed("Left out on purpose"))


@with_original
def test_what_is_left_out_or_added_is_told_and_nothing_else(original: Document, ours: Document) -> None:
    added, gone = additions(original, ours), missing(original, ours)
    told, left = listed("Added"), listed("Left out on purpose")
    silent = unexplained(outermost(added), told)
    assert not silent, "added, but not in docs/api/openapi.md:\n" + "\n".join(silent)
    stale = [each for each in told if not any(fits(each, name) for name in added)]
    stale += [each for each in left if not any(fits(each, name) for name in gone)]
    stale = [each for each in stale if each not in COMING_LINES]
    assert not stale, "told in docs/api/openapi.md, but there is no such difference:\n" + "\n".join(stale)


def test_what_is_told_as_added_is_there(ours: Document) -> None:
    names = Names(ours).all()
    assert listed("Added")
    told = [each for each in listed("Added") if each not in COMING_LINES]
    assert not [pattern for pattern in told if not any(fits(pattern, name) for name in names)]


def test_differences_are_found() -> None:
    """The comparer itself: a field, a value, a parameter and an operation less."""

    def document(fields: dict[str, object], *operations: str) -> Document:
        answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
        paths = {f"/{name}": {"get": {"operationId": name, "responses": answer}} for name in operations}
        return {"paths": paths, "components": {"schemas": {"Thing": {"allOf": [{"properties": fields}]}}}}

    full = document({"a": {"enum": ["x", "y"]}, "b": {"items": {"properties": {"c": {}}}}}, "One", "Two")
    less = document({"a": {"enum": ["x"]}, "b": {}}, "One")
    assert missing(full, less) == {"Two", "One answer a = y", "One answer b[].c"}
    assert additions(less, full) >= {"Two", "One answer b[].c"}
    assert missing(full, full) == additions(full, full) == set()
