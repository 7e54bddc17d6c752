"""Who is in the simulated world."""

from typing import Any, Literal

from heliograph.simulator.client import told
from heliograph.simulator.client.link import Link, Where, Who, id_of


class World(Link):
    """Who is there."""

    def seed(self) -> told.Seed:
        """A small world, made at the first asking: one app, one account, a Page token, three people."""
        made = self.ask("POST", "/seed")
        account = self.account(made["instagram_account_id"])
        return told.Seed(
            app=next(one for one in self.apps() if one.id == made["facebook_app_id"]),
            account=account,
            person=self.people()[0],
            igsid=made["customer_id"],
            page_access_token=made["page_access_token"],
        )

    def make_app(
        self,
        name: str = "Test",
        *,
        human_agent: bool = True,
        require_proof: bool = False,
        id: str | None = None,  # noqa: A002 - as Meta calls it
        secret: str | None = None,
    ) -> told.App:
        """A Facebook app; ``id`` and ``secret`` of one that there is elsewhere, if given."""
        body = {"name": name, "human_agent": human_agent, "require_proof": require_proof, "id": id, "secret": secret}
        return told.App.read(self.ask("POST", "/apps", body))

    def make_account(
        self,
        page_name: str = "Lighthouse Books",
        username: str | None = None,
        *,
        name: str | None = None,
        owner_user_id: str | None = None,
        instagram: bool | None = None,
        professional: bool | None = None,
        portfolio: bool | None = None,
    ) -> told.Account:
        """A Page with its Instagram professional account; ``instagram`` False: without one, and ``id`` is None.

        ``portfolio``: the Page is owned by a business portfolio. ``owner_user_id``: a further Page of somebody.
        """
        body = {"page_name": page_name, "username": username, "name": name, "owner_user_id": owner_user_id}
        more = {"instagram": instagram, "professional": professional, "portfolio": portfolio}
        return told.Account.of(self.ask("POST", "/accounts", {**body, **more}))

    def make_person(
        self, name: str | None = None, username: str | None = None, *, profile_available: bool = True
    ) -> told.Person:
        """Somebody who can write."""
        body = {"name": name, "username": username, "profile_available": profile_available}
        return told.Person.read(self.ask("POST", "/people", body))

    def make_token(
        self,
        app: told.App,
        account: told.Account,
        *,
        kind: Literal["page", "user"] = "page",
        scopes: list[str] | None = None,
        targets: dict[str, list[str]] | None = None,
        expires_in: int | None = None,
    ) -> str:
        """An access token; by default with every scope, for ever. ``expires_in`` in seconds."""
        body = {"app_id": app.id, "page_id": account.page_id, "type": kind, "scopes": scopes, "targets": targets}
        return str(self.ask("POST", "/tokens", {**body, "expires_in": expires_in})["access_token"])

    def subscribe(
        self,
        app: told.App,
        account: told.Account,
        callback_url: str,
        fields: str = "messages,messaging_postbacks,messaging_seen,message_reactions,message_edit",
        verify_token: str = "verify",  # noqa: S107 - a word for a test
    ) -> None:
        """Do what a developer does in the dashboard: have an account's webhooks sent to an address.

        The address must answer the verification. ``fields`` separated by commas. A product that subscribes by itself
        needs none of this.
        """
        form = {"object": "instagram", "callback_url": callback_url, "fields": fields, "verify_token": verify_token}
        self.graph("POST", f"/{app.id}/subscriptions", f"{app.id}|{app.secret}", **form)
        token = self.make_token(app, account)
        self.graph("POST", f"/{account.page_id}/subscribed_apps", token, subscribed_fields="messages")

    def apps(self) -> list[told.App]:
        """All apps."""
        return [told.App.read(one) for one in self.ask("GET", "/apps")["apps"]]

    def app(self, app_id: str) -> told.App:
        """An app by its id."""
        return told.App.read(self.ask("GET", f"/apps/{app_id}"))

    def accounts(self) -> list[told.Account]:
        """All accounts."""
        return [told.Account.of(one) for one in self.ask("GET", "/accounts")["accounts"] if one["instagram_account_id"]]

    def account(self, account_id: str) -> told.Account:
        """An account by its id."""
        return next(one for one in self.accounts() if one.id == account_id)

    def people(self) -> list[told.Person]:
        """Everybody who can write."""
        return [told.Person.read(one) for one in self.ask("GET", "/people")["people"]]

    def change_person(
        self,
        person: Who,
        *,
        reachable: bool | None = None,
        profile_available: bool | None = None,
        refusal: str | None = None,
        private: bool | None = None,
        follows: list[str] | None = None,
        followed_by: list[str] | None = None,
    ) -> told.Person:
        """Whether somebody can be written to (else 551/1545041, or the error ``refusal``), and whether their profile can
        be read (else 230); whether their account is ``private``; the ids of accounts that they follow, or that follow
        them.
        """
        body: dict[str, Any] = {"reachable": reachable, "profile_available": profile_available, "refusal": refusal}
        body |= {"private": private, "follows": follows, "followed_by": followed_by}
        return told.Person.read(self.ask("PATCH", f"/people/{id_of(person)}", body))

    def igsid(self, account: Where, person: Who) -> str:
        """A person's id towards an account: what webhooks and sends name them by."""
        return str(self.ask("GET", f"/people/{id_of(person)}/igsid/{id_of(account)}")["igsid"])

    def reset(self) -> None:
        """An empty world at the real time, with nothing on order."""
        self.ask("POST", "/reset")
