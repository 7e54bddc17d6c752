"""Those who log in, and both logins without a browser (Meta reference 4)."""

from typing import Any, Literal

from heliograph.simulator.client import told
from heliograph.simulator.client.link import Where, id_of
from heliograph.simulator.client.terms import Terms


class Logins(Terms):
    """People with a Facebook login, their Pages, and the login dialogs."""

    def make_owner(self, name: str | None = None) -> told.Owner:
        """Somebody with a Facebook login and no Pages."""
        return told.Owner.read(self.ask("POST", "/owners", {"name": name}))

    def owners(self) -> list[told.Owner]:
        """Everybody with a Facebook login."""
        return [told.Owner.read(one) for one in self.ask("GET", "/owners")["owners"]]

    def make_pages(
        self, count: int, owner: told.Owner | None = None, *, name: str | None = None, with_account: int | None = None
    ) -> list[str]:
        """Pages by the hundred for one person, each ``with_account``\\ th with an Instagram account; their ids."""
        body = {"count": count, "owner_user_id": owner.id if owner else None, "name": name}
        return list(self.ask("POST", "/pages/many", {**body, "with_account": with_account})["page_ids"])

    def make_configuration(
        self, app: told.App, *, scopes: list[str] | None = None, kind: Literal["user", "system_user"] = "user"
    ) -> str:
        """A configuration of Facebook Login for Business; its id is the dialog's ``config_id``."""
        return str(self.ask("POST", f"/apps/{app.id}/configurations", {"scopes": scopes, "kind": kind})["id"])

    def log_in(
        self,
        app: told.App,
        redirect_uri: str,
        *,
        owner: told.Owner | None = None,
        scope: str | None = None,
        config_id: str | None = None,
        state: str | None = None,
        granted: list[str] | None = None,
        page_ids: list[str] | None = None,
        account_ids: list[str] | None = None,
        deny: bool = False,
        reconnect: bool = False,
        **asked: Any,
    ) -> str:
        """Go through Facebook's dialog: the address to which the person is sent back, with the code in it.

        What is not given is granted in full. ``asked``: other words of the dialog's address, such as ``auth_type``.
        """
        body: dict[str, Any] = {"client_id": app.id, "redirect_uri": redirect_uri}
        body |= {"owner_user_id": owner.id if owner else None}
        body |= {"scope": scope, "config_id": config_id, "state": state, "granted": granted, "page_ids": page_ids}
        more = {"account_ids": account_ids, "deny": deny, "reconnect": reconnect, **asked}
        return str(self.ask("POST", "/login", {**body, **more})["redirect_to"])

    def make_instagram_app(self, name: str = "Test", *, human_agent: bool = True) -> told.App:
        """An app of Instagram Login; its id and secret are those of "API setup with Instagram login"."""
        return told.App.read(self.ask("POST", "/instagram/apps", {"name": name, "human_agent": human_agent}))

    def make_instagram_account(self, name: str = "Harbour Tea", username: str | None = None) -> told.Account:
        """A professional account without a Page."""
        return told.Account.of(self.ask("POST", "/instagram/accounts", {"name": name, "username": username}))

    def make_instagram_token(
        self,
        app: told.App,
        account: Where,
        *,
        scopes: list[str] | None = None,
        short: bool = False,
        age_seconds: int | None = None,
    ) -> str:
        """An Instagram user token: of 60 days, or (``short``) of an hour."""
        body = {"app_id": app.id, "account_id": id_of(account), "scopes": scopes, "short": short}
        return str(self.ask("POST", "/instagram/tokens", {**body, "age_seconds": age_seconds})["access_token"])

    def log_in_by_instagram(
        self,
        app: told.App,
        account: Where,
        redirect_uri: str,
        scope: str = "instagram_business_basic,instagram_business_manage_messages",
        *,
        state: str | None = None,
        granted: list[str] | None = None,
        deny: bool = False,
    ) -> str:
        """Go through Instagram's dialog: the address to which the account is sent back, with the code in it."""
        body = {"client_id": app.id, "redirect_uri": redirect_uri, "scope": scope, "account_id": id_of(account)}
        return str(
            self.ask("POST", "/instagram/login", {**body, "state": state, "granted": granted, "deny": deny})[
                "redirect_to"
            ]
        )

    def subscribe_instagram(
        self,
        app: told.App,
        callback_url: str,
        verify_token: str = "verify",  # noqa: S107 - a word for a test
        fields: list[str] | None = None,
    ) -> told.App:
        """Enter the webhook of an Instagram app in the dashboard; the address must answer the verification."""
        body = {"app_id": app.id, "callback_url": callback_url, "verify_token": verify_token, "fields": fields}
        return told.App.read(self.ask("POST", "/instagram/webhook", body))
