"""What is said of a permission or feature of Meta's, for App Review. The table of them is `permissions`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

COMPANY, PRODUCT = "[company]", "[product]"


class Need(StrEnum):
    """How much depends on a permission."""

    REQUIRED = "required"  # no account connects without it
    ADVISED = "advised"  # it works without, for fewer accounts or with less
    FREE = "free"  # every app has it: nothing to ask for
    OPTIONAL = "optional"


class Counted(StrEnum):
    """By what a successful call comes about."""

    READ = "read"  # a harmless read, made with the token of a connected account
    LOGIN = "login"  # by a person's own token, which is only there while they log in
    PORTFOLIO = "portfolio"  # by a list with a Page of a portfolio in it, which the list does not tell
    NEVER = "never"  # no call belongs to it that does nothing


@dataclass(frozen=True, slots=True)
class Read:
    """A read that changes nothing. ``path`` has the places ``{page_id}`` and ``{account_id}``."""

    path: str
    params: Mapping[str, str]
    harmless: str
    """Why it does no harm: what Meta answers, and what that is used for."""

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.params.items())
        return f"GET {self.path}?{query}" if query else f"GET {self.path}"


@dataclass(frozen=True, slots=True)
class Permission:
    """One row. ``name`` as the review form has it."""

    name: str
    login: str
    need: Need
    meaning: str
    """What it is for, in Meta's terms."""
    use: str
    """What Heliograph does with it, naming the calls."""
    reason: str
    """The text to adapt for the review form."""
    shown: tuple[str, ...]
    """What the reviewer must see in the screencast."""
    counted: Counted
    counts: str
    """Which calls count as its test call."""
    standard: str
    """Whether Standard Access is enough."""
    read: Read | None = None
    feature: bool = False

    def text(self, company: str = COMPANY, product: str = PRODUCT) -> str:
        """The text for the review form, with its places filled as far as something is given."""
        return self.reason.replace(COMPANY, company or COMPANY).replace(PRODUCT, product or PRODUCT)
