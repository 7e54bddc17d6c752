"""The form of a webhook: the API's own checks of its body, and whether the target can be reached at all."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from heliograph.api.webhooks import WebhookCreate
from heliograph.dashboard.forms import Form
from heliograph.delivery.guard import Network, is_allowed

LONGEST_NAME = 100

# A name that is not found in this time is taken as it is: deliveries ask again.
_LOOKUP_SECONDS = 3.0

_WORDS = {
    "target": "Enter a whole address that begins with https:// or http://, of at most 2048 characters.",
    "triggers": "Tick at least one event of the list.",
}
_INSIDE = (
    "{address} is not a public address: events are not sent into private networks. Give a public address, or let the "
    "operator allow its network with HELIOGRAPH_WEBHOOK_ALLOW_NETWORKS."
)
_SECRET_INSIDE = "Leave name and password out of the address: whoever sees this page would read them."  # noqa: S105


@dataclass
class Fields:
    """What was entered, as the wire names it, and what is wrong with it by field."""

    name: str = ""
    target: str = ""
    triggers: Sequence[str] = ()
    full_user: bool = False
    full_source: bool = False
    problems: dict[str, str] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        """The API's body."""
        return {
            "target": self.target,
            "triggers": list(self.triggers),
            "includeFullUser": self.full_user,
            "includeFullSource": self.full_source,
        }


async def read(form: Form, networks: Sequence[Network]) -> Fields:
    """What a form says, checked."""
    fields = Fields(
        form["name"], form["target"], form.all("triggers"), bool(form["full_user"]), bool(form["full_source"])
    )
    if len(fields.name) > LONGEST_NAME:
        fields.problems["name"] = f"Too long. At most {LONGEST_NAME} characters."
    try:
        WebhookCreate.model_validate(fields.wire())
    except ValidationError as refused:
        for error in refused.errors():
            name = str(error["loc"][0])
            fields.problems[name] = _WORDS[name]
    if "target" not in fields.problems and (problem := await _unreachable(fields.target, networks)):
        fields.problems["target"] = problem
    return fields


async def _unreachable(target: str, networks: Sequence[Network]) -> str:
    """Why deliveries to an address would be refused here, by the rule that each of them is held to; empty if not."""
    parts = urlsplit(target)
    if parts.username or parts.password:
        return _SECRET_INSIDE
    found = await _addresses(parts.hostname or "")
    # One address that is allowed is enough: a delivery tries them all.
    if not found or any(is_allowed(one, networks) for one in found):
        return ""
    return _INSIDE.format(address=found[0])


async def _addresses(host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    asked = asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    try:
        return [str(found[4][0]) for found in await asyncio.wait_for(asked, _LOOKUP_SECONDS)]
    except (OSError, UnicodeError, TimeoutError):
        return []
