"""The messenger profile: ice breakers and the persistent menu (Meta reference 5.3).

``platform=instagram`` names Instagram's; without it the calls are about Messenger's, which nobody sees here.
"""

from collections.abc import Callable
from typing import Any

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import recipients
from heliograph.simulator.graph.apps import field_list
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Page

ICE_BREAKERS = 4
QUESTION = 80
MENU_ITEMS = 20
TITLE = 30
PAYLOAD = 1000
_UNAVAILABLE = ("composer_input_disabled", "webview_height_ratio")


async def write(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``POST``: replace the fields that are given."""
    own = _owner(call, page)
    given = {name: _FIELDS[name](call.params[name]) for name in _FIELDS if name in call.params}
    if not given:
        raise refuse("parameter", reason=f"One of the params {', '.join(_FIELDS)} is required")
    own.profiles.setdefault(_platform(call), {}).update(given)
    call.world.state.save(own)
    call.note = ", ".join(given)
    return {"result": "success"}


async def read(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``GET``: the fields that were asked for and are set."""
    own = _owner(call, page)
    kept = own.profiles.get(_platform(call), {})
    told = {name: kept[name] for name in _asked(call) if name in kept}
    return {"data": [told] if told else []}


async def remove(call: Call, page: Page | None = None) -> dict[str, Any]:
    """``DELETE``: take the fields away."""
    own = _owner(call, page)
    for name in _asked(call):
        own.profiles.get(_platform(call), {}).pop(name, None)
    call.world.state.save(own)
    return {"result": "success"}


def _owner(call: Call, page: Page | None) -> Page:
    """Whose profile it is. Messenger's is the Page's own, by ``pages_messaging``; Instagram's is who may send's."""
    if call.flavour.instagram or _platform(call) == "instagram":
        return recipients.sender(call, page)[1]
    token, own = call.page_token(page)
    call.check(token, own, call.flavour.messages_field_scope, own.id, "permission_app", "MESSAGING")
    return own


def _platform(call: Call) -> str:
    return (call.text("platform") or "messenger").lower()


def _asked(call: Call) -> list[str]:
    names = field_list(call.params.get("fields"))
    if not names:
        raise refuse("parameter_missing", name="fields")
    for index, name in enumerate(names):
        if name not in _FIELDS:
            listed = ", ".join(_FIELDS)
            raise refuse("parameter", reason=f'Param fields[{index}] must be one of {{{listed}}} - got "{name}"')
    return names


def _ice_breakers(given: Any) -> list[dict[str, Any]]:
    """Questions by language; a flat list of questions is the default language's."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given) or not given:
        raise _wrong("ice_breakers", "must be a non-empty array of objects")
    if all("question" in one for one in given):
        given = [{"call_to_actions": given, "locale": "default"}]
    for where, actions in _languages("ice_breakers", given, ICE_BREAKERS):
        _text(actions, where, "question", QUESTION)
        _text(actions, where, "payload", PAYLOAD)
    return list(given)


def _persistent_menu(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given) or not given:
        raise _wrong("persistent_menu", "must be a non-empty array of objects")
    for name in _UNAVAILABLE:
        if any(name in one or any(name in item for item in one.get("call_to_actions") or ()) for one in given):
            raise _wrong(f"persistent_menu[{name}]", "is not available on Instagram")
    for where, item in _languages("persistent_menu", given, MENU_ITEMS):
        _text(item, where, "title", TITLE)
        match item.get("type"):
            case "postback":
                _text(item, where, "payload", PAYLOAD)
            case "web_url":
                if not str(item.get("url", "")).startswith(("http://", "https://")):
                    raise _wrong(f"{where}[url]", "must be a valid URL")
            case _:
                raise _wrong(f"{where}[type]", "must be one of {postback, web_url}")
    return list(given)


def _languages(name: str, given: list[dict[str, Any]], most: int) -> list[tuple[str, dict[str, Any]]]:
    """Every action with its place. One language must be the default, and none may come twice."""
    locales = [str(one.get("locale", "default")) for one in given]
    if "default" not in locales or len(set(locales)) < len(locales):
        raise _wrong(f"{name}[locale]", "must name each locale once, and default among them")
    found: list[tuple[str, dict[str, Any]]] = []
    for index, one in enumerate(given):
        actions = one.get("call_to_actions")
        if not isinstance(actions, list) or not 0 < len(actions) <= most:
            raise _wrong(f"{name}[{index}][call_to_actions]", f"must have 1 to {most} elements")
        for at, action in enumerate(actions):
            if not isinstance(action, dict):
                raise _wrong(f"{name}[{index}][call_to_actions][{at}]", "must be an object")
            found.append((f"{name}[{index}][call_to_actions][{at}]", action))
    return found


def _text(action: dict[str, Any], where: str, name: str, most: int) -> None:
    value = action.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise _wrong(f"{where}[{name}]", f"must have 1 to {most} characters")


def _wrong(name: str, rule: str) -> Exception:
    return refuse("parameter", reason=f"Param {name} {rule}")


_FIELDS: dict[str, Callable[[Any], list[dict[str, Any]]]] = {
    "ice_breakers": _ice_breakers,
    "persistent_menu": _persistent_menu,
}
