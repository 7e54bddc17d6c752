"""The address of Meta's dialog, and what an exchange's answer comes to: pure rules."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.channels.instagram.meta.graph import GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.channels.instagram.onboarding.dialog import Asked, address, challenge_of
from heliograph.channels.instagram.onboarding.exchange import access_of, kind_of
from heliograph.channels.instagram.onboarding.pages import grant_of, seen_of
from heliograph.channels.instagram.onboarding.troubles import Kind
from heliograph.settings import Settings

BACK = "https://messages.example/connect/callback"


def opened(login: str = FACEBOOK, **more: Any) -> tuple[str, dict[str, str]]:
    whole = address(LoginHosts(), "v25.0", Asked(login, "123", BACK, "s", **more))
    parts = urlsplit(whole)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", {k: v[0] for k, v in parse_qs(parts.query).items()}


def test_facebooks_dialog() -> None:
    where, asked = opened()
    assert where == "https://www.facebook.com/v25.0/dialog/oauth"
    assert asked == {
        "client_id": "123",
        "redirect_uri": BACK,
        "response_type": "code",
        "state": "s",
        "scope": "pages_show_list,pages_manage_metadata,pages_messaging,instagram_basic,instagram_manage_messages,"
        "business_management",
        "extras": '{"setup":{"channel":"IG_API_ONBOARDING"}}',
    }


def test_what_can_be_added() -> None:
    # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    _, asked = opened(verifier=verifier, rerequest=True, popup=True)
    assert asked["code_challenge"] == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" == challenge_of(verifier)
    assert (asked["code_challenge_method"], asked["auth_type"], asked["display"]) == ("S256", "rerequest", "popup")


def test_a_configuration_takes_the_place_of_scopes() -> None:
    _, asked = opened(config_id="77")
    assert asked["config_id"] == "77"
    assert asked["override_default_response_type"] == "true"
    assert "scope" not in asked


def test_instagrams_dialog() -> None:
    where, asked = opened(INSTAGRAM, verifier="v", rerequest=True, popup=True)
    assert where == "https://www.instagram.com/oauth/authorize"
    assert asked == {
        "client_id": "123",
        "redirect_uri": BACK,
        "response_type": "code",
        "state": "s",
        "scope": "instagram_business_basic,instagram_business_manage_messages",
    }


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({}, ("https://www.facebook.com", "https://www.instagram.com", "https://api.instagram.com")),
        (
            {"graph_url": "http://127.0.0.1:8001/"},
            ("http://127.0.0.1:8001", "http://127.0.0.1:8001/instagram", "http://127.0.0.1:8001/instagram"),
        ),
        (
            {"graph_url": "http://127.0.0.1:8001", "facebook_url": "https://f", "instagram_url": "https://i/"},
            ("https://f", "https://i", "http://127.0.0.1:8001/instagram"),
        ),
    ],
)
def test_where_the_dialogs_are(given: dict[str, Any], hosts: tuple[str, str, str]) -> None:
    settings = Settings(**given)
    assert (settings.facebook_dialog, settings.instagram_dialog, settings.instagram_api) == hosts


@pytest.mark.parametrize(
    ("answer", "scopes"),
    [
        ({"access_token": "T", "expires_in": 3600}, None),
        ({"data": [{"access_token": "T", "user_id": "1", "permissions": "a,b"}]}, {"a", "b"}),
        ({"access_token": "T", "user_id": 1, "permissions": ["a", "b"]}, {"a", "b"}),
        ({"data": {"access_token": "T", "permissions": "a, b"}}, {"a", "b"}),
        ({"access_token": "T", "permissions": []}, set()),
    ],
)
def test_every_form_of_an_exchange(answer: dict[str, Any], scopes: set[str] | None) -> None:
    access = access_of(answer)
    assert access.token == "T"
    assert access.scopes == scopes
    assert "T" not in repr(access).replace("Access", "")


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 7}, {"data": []}, {"data": [7]}])
def test_an_exchange_without_a_token_is_no_answer(answer: dict[str, Any]) -> None:
    with pytest.raises(NoAnswerError):
        access_of(answer)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (GraphError(400, 100, 36007, "expired"), Kind.CODE_EXPIRED),
        (GraphError(400, 100, 36009, "used"), Kind.CODE_USED),
        (GraphError(400, 100, 36008, "Error validating verification code."), Kind.REDIRECT_MISMATCH),
        (GraphError(400, 191, None, "not whitelisted"), Kind.REDIRECT_MISMATCH),
        (GraphError(400, 101, None, "Invalid application"), Kind.APP_MISCONFIGURED),
        (GraphError(400, 1, None, "Error validating client secret."), Kind.APP_MISCONFIGURED),
        (GraphError(400, 400, None, "Error validating client secret."), Kind.APP_MISCONFIGURED),
        (GraphError(400, 400, None, "Invalid platform app"), Kind.APP_MISCONFIGURED),
        (GraphError(400, 400, None, "Matching code was not found or was already used"), Kind.CODE_USED),
        (GraphError(400, 400, None, "Invalid redirect_uri"), Kind.REDIRECT_MISMATCH),
        (GraphError(400, 400, None, "This authorization code has expired"), Kind.CODE_EXPIRED),
        (GraphError(400, 400, None, "something else"), Kind.META_REFUSED),
        (GraphError(500, 2, None, "unavailable", transient=True), Kind.META_UNREACHABLE),
        (GraphError(400, 4, None, "limit", transient=True), Kind.META_UNREACHABLE),
        (NotSentError("no connection"), Kind.META_UNREACHABLE),
        (NoAnswerError("no answer"), Kind.META_UNREACHABLE),
    ],
)
def test_what_a_refused_exchange_is(error: Exception, kind: Kind) -> None:
    assert kind_of(error) is kind


@pytest.mark.parametrize("page", [None, 7, {}, {"id": ""}, {"name": "x"}])
def test_what_is_no_page(page: Any) -> None:
    assert seen_of(page) is None


def test_a_page_in_odd_forms() -> None:
    seen = seen_of({"id": 10, "name": None, "tasks": "all", "instagram_business_account": "17841"})
    assert seen
    assert (seen.page_id, seen.page_name, seen.tasks, seen.account_id) == ("10", "", None, "")


@pytest.mark.parametrize(
    "inspected", [None, [], {}, {"scopes": "a"}, {"granular_scopes": "x"}, {"granular_scopes": [1]}]
)
def test_a_grant_that_meta_does_not_tell(inspected: Any) -> None:
    grant = grant_of(inspected)
    assert (grant.scopes, dict(grant.targets)) == (None, {})
