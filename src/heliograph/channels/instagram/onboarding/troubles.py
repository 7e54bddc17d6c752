"""What can go wrong between the dialog and the connected account, as one closed table. Pages show it as it stands here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from heliograph.channels.instagram.accounts.remedies import REMEDIES, Remedy


class Kind(StrEnum):
    """Every way in which connecting by login ends without an account."""

    CANCELLED = "cancelled"
    META_REFUSED = "meta_refused"
    WRONG_STATE = "wrong_state"
    REPLAYED = "replayed"
    OTHER_BROWSER = "other_browser"
    EXPIRED = "expired"
    CODE_EXPIRED = "code_expired"
    CODE_USED = "code_used"
    REDIRECT_MISMATCH = "redirect_mismatch"
    APP_MISCONFIGURED = "app_misconfigured"
    NO_APP = "no_app"
    META_UNREACHABLE = "meta_unreachable"
    DENIED_SCOPES = "denied_scopes"
    NO_PAGES = "no_pages"
    NOT_REACHED = "not_reached"
    GRANT_GONE = "grant_gone"
    NOT_LISTED = "not_listed"
    NOT_ELIGIBLE = "not_eligible"
    OTHER_ACCOUNT = "other_account"
    CONNECT_REFUSED = "connect_refused"
    GONE = "gone"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One of them. ``title`` and ``text`` say what happened and what to do, ``remedies`` how, step by step.

    ``again``: whether beginning anew can help, so that a page offers a button for it. ``status``: a page's HTTP status.
    """

    kind: Kind
    title: str
    text: str
    remedies: tuple[Remedy, ...] = ()
    again: bool = True
    status: int = 400


class LoginError(Exception):
    """A login that does not go on. ``again_at``: the page of ours where it was begun, when that is known."""

    def __init__(self, trouble: Trouble, again_at: str = "") -> None:
        super().__init__(trouble.text)
        self.trouble = trouble
        self.again_at = again_at

    @property
    def kind(self) -> Kind:
        """Which of the kinds it is."""
        return self.trouble.kind


def _row(
    kind: Kind, title: str, text: str, *remedies: str, again: bool = True, status: int = 400
) -> tuple[Kind, Trouble]:
    return kind, Trouble(kind, title, text, tuple(REMEDIES[name] for name in remedies), again, status)


TROUBLES: Mapping[Kind, Trouble] = dict(
    (
        _row(
            Kind.CANCELLED,
            "Nothing was connected",
            "The dialog was closed without a confirmation. If you did not cancel: Meta gives the same answer when the app is"
            " in Development mode and you have no role on it.",
            "role_on_app",
            status=200,
        ),
        _row(Kind.META_REFUSED, "Meta did not let you in", "Meta refused the login and said: {said}", "check_app"),
        _row(
            Kind.WRONG_STATE,
            "This login is not known here",
            "The address that you came back with belongs to no login that was begun here, or to one that is long past. Go"
            " back to the page where you began, and begin anew.",
            again=False,
        ),
        _row(
            Kind.REPLAYED,
            "This login was used before",
            "Each login works once, and this one has been used. Reloading the page or going back does not repeat it. Begin"
            " anew.",
            status=409,
        ),
        _row(
            Kind.OTHER_BROWSER,
            "This login was begun in another browser",
            "A login ends in the browser in which it was begun, at the same address: {here}. If this is the browser, it was"
            " begun at another address of this server, or cookies of this site are not kept: allow them, and begin anew at"
            " {here}.",
            again=False,
            status=403,
        ),
        _row(
            Kind.EXPIRED,
            "This login took too long",
            "There are 15 minutes to come back from Meta, and 30 to choose an account. Begin anew.",
            status=410,
        ),
        _row(
            Kind.CODE_EXPIRED,
            "Meta's code has expired",
            "Meta's confirmation lives for ten minutes, and was used too late. Log in again.",
            "log_in_again",
        ),
        _row(
            Kind.CODE_USED,
            "Meta's code was used before",
            "Meta's confirmation works once, and has been used. Log in again.",
            "log_in_again",
        ),
        _row(
            Kind.REDIRECT_MISMATCH,
            "Meta knows another address of this server",
            "Meta gives the access only to an address that is entered in the app's settings. Enter {redirect_uri} there:"
            " Facebook Login for Business (or Instagram, Business login settings), Valid OAuth redirect URIs.",
            "check_app",
            status=502,
        ),
        _row(
            Kind.APP_MISCONFIGURED,
            "The Facebook app is not set up right",
            "Meta does not accept the app's id and secret as they are stored here. Whoever runs this server must enter the"
            " secret anew. Meta said: {said}",
            "check_app",
            again=False,
            status=502,
        ),
        _row(
            Kind.NO_APP,
            "There is no Facebook app to log in with",
            "{said}",
            again=False,
            status=409,
        ),
        _row(
            Kind.META_UNREACHABLE,
            "Meta did not answer",
            "Meta could not be asked just now: {said}. Nothing was connected. Try again in a few minutes.",
            status=503,
        ),
        _row(
            Kind.DENIED_SCOPES,
            "Permissions are missing",
            "Without {said} no messages can be received or sent.",
            "rerequest",
            "start_over",
            status=200,
        ),
        _row(
            Kind.NO_PAGES,
            "No Page to connect",
            "Your Facebook profile showed no Page: it manages none, or none was allowed in the dialog.",
            "make_page",
            "start_over",
            status=200,
        ),
        _row(
            Kind.NOT_REACHED,
            "The app does not reach this account",
            "Meta logged you in, and then refused every call for the account: it has no role on the app, and the app has no"
            " Advanced Access. Meta said: {said}",
            "role_on_app",
        ),
        _row(
            Kind.GRANT_GONE,
            "The access is gone again",
            "Meta does not accept the access that was granted a moment ago: the app was removed, or the password changed."
            " Log in again.",
            "log_in_again",
        ),
        _row(
            Kind.NOT_LISTED,
            "This account is not among yours",
            "The account that was chosen is not one of those that Meta shows for this login. Choose again.",
        ),
        _row(Kind.NOT_ELIGIBLE, "This account cannot be connected yet", "{said}"),
        _row(
            Kind.OTHER_ACCOUNT,
            "This is another account",
            "The integration is of the Instagram account {wanted}, and this login leads to {said}. Log in with a profile"
            " that manages {wanted}; connect another account as an integration of its own.",
        ),
        _row(Kind.CONNECT_REFUSED, "The account could not be connected", "{said}"),
        _row(
            Kind.GONE,
            "What this login was for is gone",
            "The app or the integration was deleted meanwhile. Nothing was connected.",
            again=False,
            status=410,
        ),
        _row(
            Kind.DONE,
            "This login has done its work",
            "An account was connected with this login. Begin anew for another one.",
            status=409,
        ),
    )
)


def trouble(kind: Kind, **words: str) -> Trouble:
    """A row of the table, its text filled in."""
    row = TROUBLES[kind]
    text = row.text.format(**words) if words else row.text
    return Trouble(row.kind, row.title, text, row.remedies, row.again, row.status)
