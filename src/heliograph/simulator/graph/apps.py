"""What an app does with its app token: webhook subscriptions and ``debug_token``."""

from typing import Any

import orjson

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import tokens
from heliograph.simulator.graph.call import Call
from heliograph.simulator.graph.flavours import INSTAGRAM_FIELDS
from heliograph.simulator.models import App
from heliograph.simulator.webhooks.verify import verify


async def debug_token(call: Call) -> dict[str, Any]:
    """``GET /debug_token?input_token=..``."""
    return {"data": tokens.debug(call.world, call.app_from_token(), call.required("input_token"))}


async def subscribe(call: Call, app: App) -> dict[str, Any]:
    """``POST /{app-id}/subscriptions``: the callback is verified during the call, and nothing changes if that fails."""
    _own(call, app)
    _instagram(call.required("object"))
    url = call.required("callback_url")
    verify_token = call.required("verify_token")
    fields = field_list(call.params.get("fields"))
    check_names("fields", fields, INSTAGRAM_FIELDS)
    if not url.startswith(("https://", "http://")):
        raise refuse("parameter", reason="Param callback_url must be a valid URL")
    world = call.world
    reason = await verify(world.session, app, url, verify_token, world.wire, world.clock.now_ms())
    if reason:
        raise refuse("callback", reason=reason)
    app.callback_url, app.fields = url, fields
    world.state.save(app)
    return {"success": True}


async def subscriptions(call: Call, app: App) -> dict[str, Any]:
    """``GET /{app-id}/subscriptions``."""
    _own(call, app)
    if not app.callback_url:
        return {"data": []}
    version = call.path.split("/")[1] if call.path.startswith("/v") else "v23.0"
    return {
        "data": [
            {
                "object": "instagram",
                "callback_url": app.callback_url,
                "active": True,
                "fields": [{"name": name, "version": version} for name in app.fields],
            }
        ]
    }


async def unsubscribe(call: Call, app: App) -> dict[str, Any]:
    """``DELETE /{app-id}/subscriptions``: all of it, or only some ``fields``."""
    _own(call, app)
    if call.text("object"):
        _instagram(call.required("object"))
    fields = field_list(call.params.get("fields"))
    app.fields = [name for name in app.fields if fields and name not in fields]
    if not app.fields:
        app.callback_url = None
    call.world.state.save(app)
    return {"success": True}


def field_list(value: Any) -> list[str]:
    """A list parameter: JSON array, comma-separated text, or a list already."""
    if value is None:
        return []
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise refuse("parameter", reason="Param must be an array") from None
    parts = value if isinstance(value, list) else str(value).split(",")
    return list(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))


def check_names(parameter: str, names: list[str], known: tuple[str, ...]) -> None:
    """Refuse a list of fields for the first one that is not known, as Meta words it."""
    for index, name in enumerate(names):
        if name not in known:
            listed = ", ".join(known)
            raise refuse("parameter", reason=f'Param {parameter}[{index}] must be one of {{{listed}}} - got "{name}"')


def _own(call: Call, app: App) -> None:
    if call.app_from_token() is not app:
        raise call.unsupported(app.id)


def _instagram(name: str) -> None:
    if name != "instagram":
        raise refuse("parameter", reason=f'Param object must be one of {{instagram}} - got "{name}"')
