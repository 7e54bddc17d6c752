"""Which of the Pages that a person has can be connected, and why not the others. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from heliograph.channels.instagram.accounts.remedies import REMEDIES, Remedy
from heliograph.channels.instagram.accounts.tasks import missing_tasks


class Why(StrEnum):
    """Every reason why a Page or account is not simply connected."""

    CONNECTED = "connected"
    CONNECTED_OTHERWISE = "connected_otherwise"
    OTHER_ACCOUNT = "other_account"
    NO_ACCOUNT = "no_account"
    NOT_PROFESSIONAL = "not_professional"
    ACCOUNT_HIDDEN = "account_hidden"
    SCOPE_MISSING = "scope_missing"
    NOT_COVERED = "not_covered"
    TASKS_MISSING = "tasks_missing"
    TOKEN_MISSING = "token_missing"  # noqa: S105  no password, a reason


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, as a sentence and with the way out."""

    why: Why
    text: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the chooser. By Instagram Login ``page_id`` is the account's own id, and ``page_name`` empty.

    ``account_id`` is what :meth:`Onboarding.choose` takes. ``integration_id``: the integration of this app that has the
    account already; choosing it then reconnects that one. Names are the person's own texts: escape them.
    """

    page_id: str
    page_name: str
    account_id: str
    username: str
    name: str
    picture: str = ""
    reason: Reason | None = None
    integration_id: str | None = None

    @property
    def eligible(self) -> bool:
        """Whether it can be chosen: nothing is in the way, or it is connected here already and is reconnected."""
        return self.reason is None or self.reason.why is Why.CONNECTED


@dataclass(frozen=True, slots=True)
class Seen:
    """What Meta shows of one Page (Meta reference 4.2). ``tasks`` None: not told. ``linked``: some account is linked."""

    page_id: str
    page_name: str
    account_id: str = ""
    username: str = ""
    name: str = ""
    picture: str = ""
    linked: bool = False
    tasks: tuple[str, ...] | None = None
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What the person granted: scopes, and those that are narrowed with the assets they cover (Meta reference 4.3).

    ``scopes`` None: Meta did not tell, and what is missing shows itself later.
    """

    scopes: frozenset[str] | None
    targets: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def missing(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Those of ``wanted`` that were not granted at all."""
        return () if self.scopes is None else tuple(scope for scope in wanted if scope not in self.scopes)

    def covers(self, scope: str, asset: str) -> bool:
        """Whether a scope is granted for an asset. One that names no assets covers all."""
        if self.scopes is not None and scope not in self.scopes:
            return False
        return scope not in self.targets or asset in self.targets[scope]


@dataclass(frozen=True, slots=True)
class Here:
    """How an account is connected in this app already."""

    integration_id: str
    facebook_app_id: str
    login: str


def _reason(why: Why, text: str, *remedies: str) -> Reason:
    return Reason(why, text, tuple(REMEDIES[name] for name in remedies))


def judge(
    seen: Seen,
    grant: Grant,
    required: Sequence[str],
    here: Mapping[str, Here],
    *,
    by: tuple[str, str],
    only: str | None = None,
) -> Row:
    """The line of one Page.

    ``by``: Facebook app and login of this login; ``here``: by account id, what this app has; ``only``: the account of the
    integration that is to be reconnected.
    """
    reason = _why_not(seen, grant, required, here, by, only)
    known = here.get(seen.account_id)
    return Row(
        seen.page_id,
        seen.page_name,
        seen.account_id,
        seen.username,
        seen.name,
        seen.picture,
        reason,
        known.integration_id if known else None,
    )


def _why_not(
    seen: Seen,
    grant: Grant,
    required: Sequence[str],
    here: Mapping[str, Here],
    by: tuple[str, str],
    only: str | None,
) -> Reason | None:
    if not seen.account_id:
        return _no_account(seen, grant)
    who = f"@{seen.username}" if seen.username else seen.account_id
    if only is not None and seen.account_id != only:
        return _reason(Why.OTHER_ACCOUNT, f"The integration to reconnect is of another account than {who}.")
    known = here.get(seen.account_id)
    if known is not None and (known.facebook_app_id, known.login) != by:
        how = "the other login" if known.login != by[1] else "another Facebook app"
        return _reason(
            Why.CONNECTED_OTHERWISE,
            f"{who} is connected in this app by {how}, as integration {known.integration_id}. Every message would come"
            " twice: reconnect that one, or delete it first.",
            "open_integration",
        )
    if missing := grant.missing(required):
        return _reason(Why.SCOPE_MISSING, f"The permission {', '.join(missing)} was not granted.", "rerequest")
    for scope in required:
        asset, kind = (seen.account_id, "account") if scope.startswith("instagram_") else (seen.page_id, "Page")
        if not grant.covers(scope, asset):
            return _reason(
                Why.NOT_COVERED,
                f"The permission {scope} was granted, but not for this {kind}: it was left out under Choose what you allow.",
                "edit_access",
                "start_over",
            )
    if tasks := missing_tasks(seen.tasks):
        return _reason(Why.TASKS_MISSING, f"Your role on this Page lacks {' and '.join(tasks)}.", "get_tasks")
    if not seen.token:
        return _reason(Why.TOKEN_MISSING, "Meta gave no token for this Page. Log in again.", "start_over")
    if known is not None:
        return _reason(
            Why.CONNECTED,
            f"{who} is connected here already. Choosing it reconnects that integration; conversations stay.",
        )
    return None


def _no_account(seen: Seen, grant: Grant) -> Reason:
    if grant.missing(("instagram_basic",)):
        return _reason(
            Why.SCOPE_MISSING, "Without the permission instagram_basic no Instagram account can be seen.", "rerequest"
        )
    if seen.linked:
        return _reason(
            Why.NOT_PROFESSIONAL,
            "The Instagram account that is linked to this Page is not a professional one.",
            "become_professional",
        )
    if "instagram_basic" in grant.targets:
        return _reason(
            Why.ACCOUNT_HIDDEN,
            "No Instagram account can be seen: none is linked to this Page, or it was left out under Choose what you allow.",
            "edit_access",
            "start_over",
            "link_account",
        )
    return _reason(Why.NO_ACCOUNT, "No Instagram account is linked to this Page.", "link_account")
