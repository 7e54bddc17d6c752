"""The terms on which an app works: Meta's rules and limits, an app's mode, the owner's tasks, who controls a thread."""

from collections.abc import Iterable
from typing import Any, Literal

from heliograph.simulator.client import told
from heliograph.simulator.client.comments import Comments
from heliograph.simulator.client.link import Where, Who, id_of


class Terms(Comments):
    """Rules, an app's mode, an account's rights, and routing."""

    def rules(self) -> dict[str, Any]:
        """Every knob of the rules, and how it stands."""
        return self.ask("GET", "/rules")

    def change_rules(self, **knobs: Any) -> dict[str, Any]:
        """Turn knobs of the rules, such as ``sends_per_second=5``; how all of them stand then."""
        return self.ask("PATCH", "/rules", knobs)

    def errors(self) -> list[dict[str, Any]]:
        """Every error of Meta's: its name, numbers and texts, and whether a rule raises it."""
        return list(self.ask("GET", "/errors")["errors"])

    def change_app(
        self,
        app: told.App,
        *,
        live: bool | None = None,
        advanced: list[str] | None = None,
        all_advanced: Literal[True] | None = None,
        roles: list[str] | None = None,
        human_agent: bool | None = None,
        require_proof: bool | None = None,
        redirect_uris: list[str] | None = None,
    ) -> told.App:
        """An app's mode (``live`` False: Development), Advanced Access, ids of those with a role, features."""
        body = {"live": live, "advanced": advanced, "all_advanced": all_advanced, "roles": roles}
        body |= {"human_agent": human_agent, "require_proof": require_proof, "redirect_uris": redirect_uris}
        return told.App.read(self.ask("PATCH", f"/apps/{app.id}", body))

    def change_account(self, account: Where, *, allow_messages: bool | None = None, linked: bool | None = None) -> None:
        """Switches of the owner: "Allow access to messages", and the link to the Page."""
        self.ask("PATCH", f"/accounts/{id_of(account)}", {"allow_messages": allow_messages, "linked": linked})

    def change_rights(
        self,
        account: Where,
        *,
        tasks: list[str] | None = None,
        all_tasks: Literal[True] | None = None,
        restriction: str | None = None,
        catalog: list[str] | None = None,
        unread: bool | None = None,
    ) -> list[str]:
        """The owner's tasks on the Page, which are the answer; the error that every send gets; products; and whether
        it is a creator account that was never read.
        """
        body: dict[str, Any] = {"tasks": tasks, "all_tasks": all_tasks, "restriction": restriction}
        body |= {"catalog": catalog, "unread": unread}
        return list(self.ask("PATCH", f"/accounts/{id_of(account)}/rules", body)["tasks"])

    def set_language(self, user_id: str, locale: Literal["en_US", "de_DE"] | None) -> None:
        """The language of the errors that a user's tokens get; None: that of the rules."""
        self.ask("PATCH", f"/owners/{user_id}", {"locale": locale})

    def enforce_policy(
        self, app: told.App, account: Where, action: Literal["block", "unblock"], reason: str | None = None
    ) -> None:
        """Meta blocks an app for an account: sends answer 100/2534029 until it lets go."""
        body = {"account_id": id_of(account), "app_id": app.id, "action": action, "reason": reason}
        self.ask("POST", "/policy-enforcement", body)

    def dashboard_test(
        self, app: told.App, field: str = "messages", form: Literal["messaging", "changes"] = "messaging"
    ) -> None:
        """Press the dashboard's button "Test": it reaches the callback in every mode, with ``entry.id`` 0."""
        self.ask("POST", f"/apps/{app.id}/dashboard-test", {"field": field, "form": form})

    def routing(self, account: Where) -> told.Routing:
        """Conversation routing of an account."""
        return told.Routing.read(self.ask("GET", f"/accounts/{id_of(account)}/routing"))

    def route(self, account: Where, default: told.App | None = None, may_take: Iterable[told.App] = ()) -> told.Routing:
        """Set the default app and those that may take control besides; without a default app, routing is off."""
        body = {"default_app_id": default.id if default else None, "may_take": [app.id for app in may_take]}
        return told.Routing.read(self.ask("PUT", f"/accounts/{id_of(account)}/routing", body))

    def thread_owner(self, account: Where, person: Who) -> str | None:
        """The id of the app that controls a thread now."""
        owner = self.ask("GET", f"/threads/{id_of(account)}/{id_of(person)}/owner")["owner_app_id"]
        return None if owner is None else str(owner)

    def app_acts(
        self,
        app: told.App | str,
        action: Literal["take", "pass", "release", "request", "message"],
        account: Where,
        person: Who,
        *,
        target: told.App | None = None,
        text: str | None = None,
        metadata: str | None = None,
    ) -> str | None:
        """Another app, or an inbox by its id, takes, passes, releases or asks for a thread, or says something in it.

        The id of the app that controls the thread then. No rule of who may do it is kept.
        """
        body = {"app_id": app if isinstance(app, str) else app.id, "action": action, "metadata": metadata}
        body |= {"account_id": id_of(account), "person": id_of(person), "text": text}
        owner = self.ask("POST", "/app-acts", body | {"target_app_id": target.id if target else None})["owner_app_id"]
        return None if owner is None else str(owner)
