"""What people let Facebook apps do, as the login dialog remembers it (Meta reference 4.3).

    nothing ──(dialog)──▶ remembered ──(dialog again: Reconnect)──▶ the same, hole and all
                             │   └──(Edit previous settings, or auth_type=rerequest)──▶ chosen anew
                             └──(app removed)──▶ nothing

What is taken back is taken from the tokens that are out already: a permission belongs to person and app, not to a token.
What is given later is in tokens of later logins only.
"""

from collections.abc import Iterator

from heliograph.simulator.models import Consent, Token
from heliograph.simulator.state import State

PUBLIC = "public_profile"
"""Always granted."""


class Consents:
    """The consents of all people, by app."""

    def __init__(self, state: State) -> None:
        self._state = state

    def of(self, app_id: str, owner_id: str) -> Consent | None:
        """What a person let an app do, None when they have not been asked or removed it."""
        return self._state.consents.get(f"{app_id}:{owner_id}")

    def keep(
        self, app_id: str, owner_id: str, scopes: list[str], declined: list[str], targets: dict[str, list[str]]
    ) -> Consent:
        """Remember a choice, and take from living tokens what it no longer holds."""
        consent = Consent(app_id, owner_id, scopes, declined, targets)
        self._state.add(consent)
        for token in self._tokens(app_id, owner_id):
            token.scopes = [scope for scope in token.scopes if scope not in declined]
            for scope, allowed in targets.items():
                if scope not in token.scopes:
                    continue
                had = token.targets.get(scope)
                token.targets[scope] = allowed if had is None else [one for one in had if one in allowed]
            self._state.save(token)
        return consent

    def decline(self, app_id: str, owner_id: str, scope: str) -> None:
        """The person takes one permission back."""
        had = self.of(app_id, owner_id) or self._read(app_id, owner_id)
        scopes = [one for one in had.scopes if one != scope]
        declined = [*(one for one in had.declined if one != scope), scope]
        self.keep(
            app_id, owner_id, scopes, declined, {name: had.targets[name] for name in had.targets if name != scope}
        )

    def learn(self, app_id: str, owner_id: str) -> Consent | None:
        """Remember what the tokens of an app that came without a login can do; None when it has none."""
        if not list(self._tokens(app_id, owner_id)):
            return None
        return self._state.add(self._read(app_id, owner_id))

    def apps_of(self, owner_id: str) -> list[str]:
        """The ids of the apps that a person let in, by the dialog or otherwise."""
        living = [one.app_id for one in self._state.tokens.values() if _lives(one) and one.owner_id == owner_id]
        asked = [one.app_id for one in self._state.consents.values() if one.owner_id == owner_id]
        return list(dict.fromkeys([*asked, *living]))

    def _tokens(self, app_id: str, owner_id: str) -> Iterator[Token]:
        for token in self._state.tokens.values():
            if (token.app_id, token.owner_id) == (app_id, owner_id) and _lives(token):
                yield token

    def _read(self, app_id: str, owner_id: str) -> Consent:
        """A consent as the tokens have it: a scope is narrowed only if it is in all of them."""
        consent = Consent(app_id, owner_id, [])
        wide: set[str] = set()
        for token in self._tokens(app_id, owner_id):
            for scope in token.scopes:
                if scope not in consent.scopes:
                    consent.scopes.append(scope)
                if scope in token.targets:
                    known = consent.targets.setdefault(scope, [])
                    known += [one for one in token.targets[scope] if one not in known]
                else:
                    wide.add(scope)
        for scope in wide:
            consent.targets.pop(scope, None)
        return consent


def _lives(token: Token) -> bool:
    return token.invalid_subcode is None
