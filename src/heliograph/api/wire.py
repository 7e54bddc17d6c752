"""Building blocks of the wire models. Unknown keys are passed over, types are not converted."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from heliograph.api.validation import wrong

# Sunshine reference 2.2.
MOST_METADATA_BYTES = 4096


class Wire(BaseModel):
    """A model of the wire: camelCase names, strict types, unknown keys ignored."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")

    def given(self) -> dict[str, Any]:
        """What the caller gave, null included, by the wire's names."""
        return self.model_dump(by_alias=True, exclude_unset=True)

    def lean(self) -> dict[str, Any]:
        """What has a value, by the wire's names."""
        return self.model_dump(by_alias=True, exclude_none=True)


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    for name, item in value.items():
        if not isinstance(item, str | int | float | bool):
            raise wrong(f"must be flat: the value of '{name[:100]}' must be a string, a number or a boolean")
    if len(orjson.dumps(value)) > MOST_METADATA_BYTES:
        raise wrong(f"is limited to {MOST_METADATA_BYTES} bytes in size.")
    return value


def _uri(value: str) -> str:
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    if not scheme or any(char.isspace() for char in value):
        raise wrong("must be an absolute URI")
    return value


def _web_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or any(char.isspace() for char in value):
        raise wrong("must be an http or https URL")
    return value


Metadata = Annotated[dict[str, Any], AfterValidator(_metadata)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Short = Annotated[str, Field(max_length=128)]
Text = Annotated[str, Field(max_length=4096)]
Uri = Annotated[str, Field(min_length=1, max_length=2048, json_schema_extra={"format": "uri"}), AfterValidator(_uri)]
WebUrl = Annotated[
    str,
    Field(min_length=1, max_length=2048, json_schema_extra={"format": "uri", "pattern": "^https?://"}),
    AfterValidator(_web_url),
]


class Meta(Wire):
    """Where a page stands in its list (2.9)."""

    has_more: bool
    after_cursor: str | None = None
    before_cursor: str | None = None


class Links(Wire):
    """Absolute addresses of the pages beside this one (2.9)."""

    prev: str | None = None
    next: str | None = None


class Nothing(Wire):
    """The body of operations that have nothing to say."""


def reply(content: dict[str, Any], status: int = 200) -> Response:
    """A success, as the wire writes it."""
    return Response(orjson.dumps(content), status, media_type="application/json")
