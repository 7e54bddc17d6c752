"""What goes wrong, and the clock."""

from typing import Any, Literal
from urllib.parse import quote

from heliograph.simulator.client import told
from heliograph.simulator.client.link import Where, Who, id_of
from heliograph.simulator.client.logins import Logins
from heliograph.simulator.faults import GraphOutcome, Usage, WebhookKind


class Trouble(Logins):
    """What goes wrong, and the clock."""

    def fail_calls(
        self,
        name: str | None = None,
        *,
        match: str | None = None,
        count: int | None = None,
        rate: float | None = None,
        seed: int | None = None,
        account: Where | None = None,
        person: Who | None = None,
        status: int | None = None,
        code: int | None = None,
        subcode: int | None = None,
        message: str | None = None,
        mode: Literal["before", "after"] | None = None,
        outcome: GraphOutcome | None = None,
        delay_seconds: float | None = None,
        is_transient: bool | None = None,
        usage: Usage | None = None,
        regain_minutes: int | None = None,
    ) -> told.Fault:
        """Let Graph calls go wrong: the next one, the next ``count``, or with ``rate`` a share of them for ever.

        ``name`` is a scenario such as ``613/2534040`` or ``timeout after``; what else is given changes it. ``match`` is
        ``send``, ``upload``, ``profile``, ``conversations``, ``subscribe``, ``login``, ``any`` or a part of the path.
        """
        body = {"name": name, "match": match, "count": count, "rate": rate, "seed": seed, "account_id": id_of(account)}
        body |= {"person": id_of(person), "status": status, "code": code, "subcode": subcode, "message": message}
        body |= {"mode": mode, "outcome": outcome, "delay_seconds": delay_seconds, "is_transient": is_transient}
        body |= {"usage": usage, "regain_minutes": regain_minutes}
        return told.Fault.read(self.ask("POST", "/faults", body))

    def spoil_webhooks(
        self,
        kind: WebhookKind,
        *,
        count: int | None = None,
        rate: float | None = None,
        seed: int | None = None,
        account: Where | None = None,
        event: str | None = None,
        delay_seconds: float | None = None,
        size: int | None = None,
        shuffle: bool | None = None,
        split: bool | None = None,
    ) -> told.Fault:
        """Let webhook events go wrong: the next one, the next ``count``, or with ``rate`` a share of them for ever.

        ``event`` narrows it to one kind, such as ``echo``. Only the kind ``drop`` loses anything.
        """
        body = {"kind": kind, "count": count, "rate": rate, "seed": seed, "account_id": id_of(account), "event": event}
        body |= {"delay_seconds": delay_seconds, "size": size, "shuffle": shuffle, "split": split}
        return told.Fault.read(self.ask("POST", "/webhook-faults", body))

    def scenarios(self) -> dict[str, str]:
        """The names that :meth:`fail_calls` takes, and what each means."""
        return {one["name"]: one["meaning"] for one in self.ask("GET", "/scenarios")["scenarios"]}

    def faults(self) -> told.Faults:
        """What is on order and what has struck."""
        answer = self.ask("GET", "/faults")
        graph, webhooks = ([told.Fault.read(one) for one in answer[name]] for name in ("faults", "webhook_faults"))
        return told.Faults(graph, webhooks, answer["struck"])

    def cancel(self, fault: told.Fault) -> None:
        """Take one order back."""
        self.ask("DELETE", f"/faults/{fault.id}")

    def clear_faults(self) -> None:
        """Nothing goes wrong any more; what was held back leaves at once."""
        self.ask("POST", "/faults/clear")

    def deliver_like(self, profile: Literal["development", "36h", "1h"] | None = None, **settings: Any) -> None:
        """How webhooks are delivered: a retry schedule, and single settings such as ``retry_delays``."""
        self.ask("PATCH", "/delivery", {"profile": profile, **settings})

    def delivery(self) -> dict[str, Any]:
        """How webhooks are delivered: every setting of :meth:`deliver_like`."""
        return self.ask("GET", "/delivery")

    def advance(self, by: Literal["25h", "8d", "61d"] | float) -> int:
        """Move the clock forward, by a named jump or by seconds; the time then."""
        return int(self.ask("POST", "/clock", {"jump" if isinstance(by, str) else "advance_seconds": by})["now"])

    def back_to_real_time(self) -> None:
        """Set the clock to real time. What was said meanwhile keeps its time."""
        self.ask("POST", "/clock", {"offset_seconds": 0})

    def now(self) -> int:
        """The simulator's time."""
        return int(self.ask("GET", "/clock")["now"])

    def lapse_media(self) -> None:
        """Make every link to media given out so far stop working."""
        self.ask("POST", "/media/lapse")

    def break_connection(
        self, switch: str, account: Where, app: told.App | None = None, scope: str | None = None
    ) -> None:
        """Turn a switch of :meth:`connection`, such as ``password_changed`` or ``messages_off``."""
        self._switch(switch, account, app, scope, True)

    def mend_connection(
        self, switch: str, account: Where, app: told.App | None = None, scope: str | None = None
    ) -> None:
        """Undo a switch. Raises :class:`SimulatorError` where only a new login helps."""
        self._switch(switch, account, app, scope, False)

    def _switch(self, switch: str, account: Where, app: told.App | None, scope: str | None, on: bool) -> None:
        body = {"account_id": id_of(account), "app_id": app.id if app else None, "scope": scope, "on": on}
        self.ask("POST", f"/connection/{quote(switch)}", body)

    def connection(self, account: Where) -> dict[str, bool]:
        """Every switch of an account's connection, and whether it is on."""
        answer = self.ask("GET", "/connection", account_id=id_of(account))
        return {one["name"]: one["on"] for one in answer["switches"]}

    def revoke_token(self, token: str, subcode: int = 460) -> None:
        """Kill one token: calls with it answer 190 with the subcode."""
        self.ask("POST", "/tokens/revoke", {"access_token": token, "subcode": subcode})

    def set_callbacks(
        self, app: told.App, *, deauthorize_url: str | None = None, data_deletion_url: str | None = None
    ) -> None:
        """The addresses of an app that Meta calls when a person removes it, or wants their data deleted."""
        body = {"deauthorize_url": deauthorize_url, "data_deletion_url": data_deletion_url}
        self.ask("PATCH", f"/apps/{app.id}", body)

    def deauthorize(
        self, app: told.App, user_id: str | None = None, *, page_id: str | None = None
    ) -> told.Called | None:
        """A person removes the app: tokens die, the app is told. None when it has no address for that."""
        answer = self.ask("POST", f"/apps/{app.id}/deauthorize", {"user_id": user_id, "page_id": page_id})["called"]
        return told.Called.read(answer) if answer else None

    def ask_deletion(self, app: told.App, user_id: str | None = None, *, page_id: str | None = None) -> told.Called:
        """A person asks the app to delete their data."""
        body = {"user_id": user_id, "page_id": page_id}
        return told.Called.read(self.ask("POST", f"/apps/{app.id}/data-deletion", body)["called"])

    def callbacks(self) -> list[told.Called]:
        """The callbacks so far, also those that the app caused itself."""
        return [told.Called.read(one) for one in self.ask("GET", "/callbacks")["callbacks"]]
