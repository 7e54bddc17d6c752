"""One account's connection: what a switch of it reaches, and what the world keeps to give back later."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN
from heliograph.simulator.models import Account, App, Consent, Page, Token
from heliograph.simulator.world import World


@dataclass(frozen=True, slots=True)
class Connection:
    """One account and its Page, towards one app or all. ``scope`` is for switches that narrow a token."""

    world: World
    page: Page
    account: Account
    apps: tuple[App, ...]
    scope: str = FACEBOOK_LOGIN.send_scope

    def tokens(self, personal: bool = False) -> Iterator[Token]:
        """The tokens of the Page; with ``personal`` every token that its owner gave."""
        known = {app.id for app in self.apps}
        for token in self.world.state.tokens.values():
            theirs = personal and token.owner_id == self.page.owner_id
            if token.app_id in known and (theirs or token.page_id == self.page.id):
                yield token

    def consents(self) -> Iterator[Consent]:
        """What the login dialog remembers of the owner, so that a login which only reconnects keeps a narrowing."""
        for app in self.apps:
            known = self.world.consents
            if consent := known.of(app.id, self.page.owner_id) or known.learn(app.id, self.page.owner_id):
                yield consent
                self.world.state.save(consent)

    def remember(self, name: str, what: Any) -> None:
        """Keep what a switch took away, to be able to give it back."""
        kept = self.world.state.settings.setdefault("switched", {})
        kept.setdefault(f"{name} {self.page.id}", what)
        self.world.state.save_settings()

    def recall(self, name: str) -> Any:
        """What was taken away, once; None when nothing was."""
        found = self.world.state.settings.get("switched", {}).pop(f"{name} {self.page.id}", None)
        self.world.state.save_settings()
        return found

    def remembers(self, name: str) -> bool:
        """Whether something is kept under that name."""
        return f"{name} {self.page.id}" in self.world.state.settings.get("switched", {})
