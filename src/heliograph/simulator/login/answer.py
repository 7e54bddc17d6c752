"""What the person decided, as the address that they return to.

Source: Meta reference 4.1 and 4.3. The person may leave out permissions, Pages and accounts ("Choose what you allow"); the
token then lacks the scope, or has it for the chosen assets only. A refusal comes back as ``error=access_denied``.
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from heliograph.simulator import signed_request
from heliograph.simulator.consents import PUBLIC
from heliograph.simulator.graph import tokens
from heliograph.simulator.login.asked import ARBITER, Asked
from heliograph.simulator.models import Consent, Owner, Page
from heliograph.simulator.world import World

SHORT_SECONDS = 3600
_DENIED = {
    "error": "access_denied",
    "error_code": "200",
    "error_description": "Permissions error",
    "error_reason": "user_denied",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was ticked. None for Pages or accounts is all of them, and those to come."""

    scopes: list[str]
    page_ids: list[str] | None
    account_ids: list[str] | None


def pages_of(world: World, owner: Owner) -> list[Page]:
    """The Pages that a person can choose from."""
    return [page for page in world.state.pages.values() if page.owner_id == owner.id and not page.hidden]


def shown(asked: Asked, consent: Consent | None, edit: bool) -> list[str]:
    """The permissions that the dialog shows. What was declined before is silently left out, unless it is asked again."""
    scopes = [scope for scope in asked.scopes if scope != PUBLIC]
    if consent is None or edit or asked.rerequest or asked.configuration:
        return scopes
    return [scope for scope in scopes if scope not in consent.declined]


def nothing_new(asked: Asked, consent: Consent | None) -> bool:
    """Whether the short dialog is enough: everything that would be shown was granted before."""
    if consent is None:
        return False
    return all(scope in consent.scopes for scope in shown(asked, consent, edit=False))


def allow(world: World, asked: Asked, owner: Owner, choice: Choice, edit: bool = True) -> str:
    """The address to return to when the person allows what they chose.

    An app in Development mode is refused to everybody without a role on it, as if the person had refused.
    """
    if not _served(asked, owner):
        return deny(asked)
    had = world.consents.of(asked.app.id, owner.id)
    offered = shown(asked, had, edit)
    chosen = offered if asked.configuration else [scope for scope in offered if scope in choice.scopes]
    kept = [scope for scope in (had.scopes if had else ()) if scope not in offered and scope != PUBLIC]
    granted = [*kept, *chosen, PUBLIC]
    before = had.declined if had else []
    declined = [scope for scope in dict.fromkeys([*before, *offered]) if scope not in granted]
    world.consents.keep(asked.app.id, owner.id, granted, declined, _targets(world, owner, granted, choice))
    return _granted(world, asked, owner)


def reconnect(world: World, asked: Asked, owner: Owner) -> str:
    """The address to return to when the person goes on with what they chose before."""
    return _granted(world, asked, owner) if _served(asked, owner) else deny(asked)


def _served(asked: Asked, owner: Owner) -> bool:
    return asked.app.live or owner.id in asked.app.roles


def _targets(world: World, owner: Owner, scopes: list[str], choice: Choice) -> dict[str, list[str]]:
    pages = pages_of(world, owner)
    kinds: dict[str, list[str]] = {}
    if choice.page_ids is not None:
        kinds["pages_"] = [page.id for page in pages if page.id in choice.page_ids]
    if choice.account_ids is not None:
        kinds["instagram_"] = [page.account_id for page in pages if page.account_id in choice.account_ids]
    return {scope: list(ids) for scope in scopes for kind, ids in kinds.items() if scope.startswith(kind)}


def _granted(world: World, asked: Asked, owner: Owner) -> str:
    consent = world.consents.of(asked.app.id, owner.id)
    assert consent is not None
    answer: dict[str, str] = {}
    system = asked.configuration is not None and asked.configuration["kind"] == "system_user"
    if "code" in asked.response:
        answer["code"] = world.grants.give(
            asked.app.id,
            owner.id,
            list(consent.scopes),
            dict(consent.targets),
            asked.exchanged_with,
            challenge=asked.challenge,
            system=system,
        )
    if "token" in asked.response:
        answer |= token_answer(world, asked, consent)
    if "signed_request" in asked.response:
        now = world.clock.now_ms() // 1000
        answer["signed_request"] = signed_request.of_login(asked.app.secret, owner.id, now, answer.get("code"))
    if "graph_domain" in asked.response:
        answer["graph_domain"] = "facebook"
    if "granted_scopes" in asked.response:
        answer["granted_scopes"] = ",".join(consent.scopes)
        answer["denied_scopes"] = ",".join(consent.declined)
    address = _back(asked, answer, "token" in asked.response)
    return address if "#" in address else f"{address}#_=_"


def token_answer(world: World, asked: Asked, consent: Consent) -> dict[str, str]:
    """A short-lived token for the browser, with its two times: seconds to live, and the second data access ends."""
    owner = world.state.owners[consent.owner_id]
    made = tokens.mint(world, asked.app, None, owner, list(consent.scopes), dict(consent.targets), SHORT_SECONDS)
    return {
        "access_token": made.value,
        "data_access_expiration_time": str(made.issued_at + tokens.DATA_ACCESS_SECONDS),
        "expires_in": str(SHORT_SECONDS),
    }


def deny(asked: Asked) -> str:
    """The address to return to when the person refuses."""
    return _back(asked, _DENIED)


def _back(asked: Asked, answer: dict[str, str], fragment: bool = False) -> str:
    if asked.state is not None:
        answer = {**answer, "state": asked.state}
    if asked.by_sdk:
        # Our own page, whatever host was named. Its fragment tells it whom to answer; the answer joins the fragment,
        # and so reaches no server.
        parts = urlsplit(asked.redirect_uri)
        return f"{ARBITER}/?{parts.query}#{parts.fragment}&{urlencode(answer)}"
    mark = "#" if fragment else "&" if "?" in asked.redirect_uri else "?"
    return f"{asked.redirect_uri}{mark}{urlencode(answer)}"
