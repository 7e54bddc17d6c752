"""What one POST to a customer carries (Sunshine reference 3.1): envelope and events. Pure."""

from collections.abc import Iterable
from typing import Any

import orjson


def event_text(body: str, extras: str | None, *, full_user: bool, full_source: bool) -> str:
    """An event's JSON for one webhook: as it stands in the log, or with the full user and source client in place."""
    if extras is None or not (full_user or full_source):
        return body
    event = orjson.loads(body)
    added = orjson.loads(extras)
    _expand(event["payload"], added["user"] if full_user else None, added["client"] if full_source else None)
    return orjson.dumps(event).decode()


def envelope(app_id: str, webhook_id: str, events: Iterable[str]) -> bytes:
    """The body of the POST. ``events`` are JSON texts; they are joined, not parsed again."""
    head = orjson.dumps({"app": {"id": app_id}, "webhook": {"id": webhook_id, "version": "v2"}})
    return head[:-1] + b',"events":[' + ",".join(events).encode() + b"]}"


def _expand(node: Any, user: dict[str, Any] | None, client: dict[str, Any] | None) -> None:
    """Walk a payload: users named ``user`` become full, ``source`` of the channel gains its client."""
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if name == "user" and user is not None and isinstance(value, dict) and value.get("id") == user["id"]:
            node[name] = user
        elif (
            name == "source" and client is not None and isinstance(value, dict) and value.get("type") == client["type"]
        ):
            value["client"] = client
        elif name not in ("metadata", "content"):
            _expand(value, user, client)
