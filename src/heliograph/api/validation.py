"""What pydantic finds wrong, in words that name the wire's field: ``author.type must be one of business, user``.

The members of a union carry a tag that begins with ``=`` (see :func:`tag_of`); pydantic puts it into the location of
an error, where it would name no field.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

# pydantic's error type to our words. `{field}` is the path on the wire, the rest is the error's context.
PHRASES: Mapping[str, str] = {
    "missing": "should have required property '{field}'",
    "string_type": "{field} must be a string",
    "bool_type": "{field} must be true or false",
    "int_type": "{field} must be an integer",
    "int_from_float": "{field} must be an integer",
    "float_type": "{field} must be a number",
    "finite_number": "{field} must be a number",
    "list_type": "{field} must be an array",
    "dict_type": "{field} must be an object",
    "model_type": "{field} must be an object",
    "model_attributes_type": "{field} must be an object",
    "none_required": "{field} must be null",
    "literal_error": "{field} must be one of {expected}",
    "string_too_short": "{field} must have at least {min_length} character(s)",
    "string_too_long": "{field} must have at most {max_length} characters",
    "too_short": "{field} must have at least {min_length} element(s)",
    "too_long": "{field} must have at most {max_length} element(s)",
    "greater_than_equal": "{field} must be at least {ge}",
    "less_than_equal": "{field} must be at most {le}",
}

# A union's discriminator found no member; the error's message lists the types there are.
UNKNOWN_TYPE = "unknown_type"

# Errors that our own validators raise.
_OWN = "wire"
_OWN_WHOLE = "wire_whole"


def wrong(message: str) -> PydanticCustomError:
    """What a validator of one field raises: ``message`` follows the field's name."""
    return PydanticCustomError(_OWN, "{message}", {"message": message})


def wrong_together(message: str) -> PydanticCustomError:
    """What a validator of several fields raises: ``message`` names them, relative to their object."""
    return PydanticCustomError(_OWN_WHOLE, "{message}", {"message": message})


def tag_of(value: Any) -> str | None:
    """The tag of a union's member: its ``type`` after a ``=``."""
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"={kind}" if isinstance(kind, str) else None


def titles_of(errors: Sequence[Mapping[str, Any]]) -> list[str]:
    """One title per error, without repetition."""
    return list(dict.fromkeys(_title(error) for error in errors)) or ["Bad request"]


def _title(error: Mapping[str, Any]) -> str:
    field = _path(error["loc"])
    context = dict(error.get("ctx") or {})
    kind = error["type"]
    if kind == _OWN:
        return f"{field} {context['message']}"
    if kind == _OWN_WHOLE:
        prefix = "" if field == _BODY else f"{field}: "
        return prefix + str(context["message"])
    if kind == UNKNOWN_TYPE:
        return f"{field}.type must be one of {error['msg']}"
    if kind == "literal_error":
        context["expected"] = str(context["expected"]).replace(" or ", ", ").replace("'", "")
    phrase = PHRASES.get(kind, "{field} is not valid")
    return phrase.format(**{**context, "field": field})


_BODY = "the request body"


def _path(location: Sequence[str | int]) -> str:
    """``("body", "content", "=text", "actions", 0, "uri")`` is ``content.actions[0].uri``."""
    path = ""
    for step in location[1:]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif not step.startswith("="):
            path += f".{step}" if path else step
    return path or _BODY
