"""Every check, as a table: facts in, a finding out. Pure. docs/doctor.md is tested against it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from heliograph.channels.health import Finding
from heliograph.channels.instagram.doctor import (
    account_checks,
    permission_checks,
    send_checks,
    token_checks,
    webhook_checks,
)
from heliograph.channels.instagram.doctor.facts import Facts
from heliograph.channels.instagram.doctor.words import BUSINESS_TOOLS, LOG_IN_AGAIN, Speaker
from heliograph.channels.instagram.meta.flavours import FACEBOOK, FLAVOURS

Rule = Callable[[Speaker, Facts], Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """One row. ``name`` is what programs know it by, ``title`` what people read."""

    name: str
    title: str
    rule: Rule

    def look(self, facts: Facts) -> Finding:
        """What it finds."""
        return self.rule(Speaker(self.name, self.title), facts)


def _scopes() -> list[Check]:
    wanted = [(scope, flavour.login) for flavour in FLAVOURS.values() for scope in flavour.required_scopes]
    wanted += [(scope, FACEBOOK) for scope in permission_checks.OPTIONAL_SCOPES]
    return [
        Check(
            f"scope:{scope}", f"Permission {scope}", partial(permission_checks.scope_granted, scope=scope, login=login)
        )
        for scope, login in wanted
    ]


CHECKS: tuple[Check, ...] = (
    Check("token_valid", "Token", token_checks.token_valid),
    Check("token_kind", "Kind of token", token_checks.token_kind),
    Check("token_expiry", "End of the token", token_checks.token_expiry),
    Check("data_access", "End of data access", token_checks.data_access),
    *_scopes(),
    Check("grants", "What was allowed", permission_checks.grants),
    Check("page_link", "Page and account", account_checks.page_link),
    Check("tasks", "Tasks on the Page", account_checks.tasks),
    Check(webhook_checks.APP_SUBSCRIPTION, "App subscription", webhook_checks.app_subscription),
    Check(webhook_checks.PAGE_SUBSCRIPTION, "Page or account subscription", webhook_checks.page_subscription),
    Check("app_secret_proof", "App secret", token_checks.app_secret_proof),
    Check("message_access", "Access to messages", account_checks.message_access),
    Check("thread_owner", "Other apps", account_checks.thread_owner),
    Check("app_mode", "App mode", account_checks.app_mode),
    Check("human_agent", "Human agent", send_checks.human_agent),
    Check("sends", "Sends", send_checks.sends),
    Check("webhooks", "Webhooks", webhook_checks.webhooks),
    Check("webhook_latency", "Webhook delay", webhook_checks.webhook_latency),
    Check("graph_version", "Graph API version", webhook_checks.graph_version),
    Check("public_url", "Public address", webhook_checks.public_url),
)

_DEPARTED = Speaker(CHECKS[0].name, CHECKS[0].title)


def examine(facts: Facts) -> tuple[Finding, ...]:
    """What every check finds."""
    return tuple(check.look(facts) for check in CHECKS)


def departed(why: str) -> Finding:
    """What is found of an account whose owner took it back: nothing more is asked about it. ``why`` may be empty."""
    return _DEPARTED.broken(
        why or "The person who connected this account took that back at Meta.",
        "Nothing is sent. Conversations stay as they are.",
        *LOG_IN_AGAIN,
        link=BUSINESS_TOOLS,
        code="unauthorized",
    )
