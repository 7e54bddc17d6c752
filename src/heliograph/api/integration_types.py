"""The integration types of the wire and their fields, as one table (Sunshine reference 2.3).

Types without a channel here are kept as they are given, without their secrets: nothing here would use them, and what is
not kept cannot leak. Some of the original's secrets are not marked as such in its document; here they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, create_model, model_validator

from heliograph.api.automatic_answer import AutomaticAnswer
from heliograph.api.errors import bad_request
from heliograph.api.messages.content import FormField
from heliograph.api.validation import titles_of, wrong, wrong_together
from heliograph.api.wire import Name, Uri, Wire

Value = Annotated[str, Field(max_length=4096)]
Filled = Annotated[str, Field(min_length=1, max_length=4096)]
ResponderId = Annotated[str, Field(min_length=1, max_length=100)]

# Ours: when replies carry Meta's HUMAN_AGENT tag.
HumanAgentTag = Literal["afterWindow", "always", "never"]
CarouselMode = Literal["native", "text"]
# Ours: how people's media are served.
MediaMode = Literal["proxy", "store", "link"]

# Ours: by which of Meta's two logins the account is connected.
InstagramLogin = Literal["facebook", "instagram"]

_COLOUR = re.compile(r"(?:[0-9a-fA-F]{3}){1,2}")
_ORIGIN = re.compile(r"https?://[^\s/?#@]+")


def _colour(value: str) -> str:
    if not _COLOUR.fullmatch(value):
        raise wrong("must be a hexadecimal color of 3 or 6 characters")
    return value


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise wrong("must be an origin like https://example.com")
    return value


Colour = Annotated[str, AfterValidator(_colour)]
Origin = Annotated[str, Field(max_length=2048), AfterValidator(_origin)]


class PrechatCapture(Wire):
    """What a web messenger asks before the first message."""

    avatar_url: Uri | None = None
    enabled: bool = False
    enable_email_linking: bool = False
    fields: Annotated[list[FormField], Field(max_length=20)] | None = None


@dataclass(frozen=True)
class Own:
    """A field of a type. ``nullable``: null is allowed, and clears. ``default``: shown when nothing was given.

    ``secret``: never shown, and not kept. ``stars``: the official Python client cannot read the integration without
    the field, although the original's document has it write-only; so it is shown as asterisks.
    """

    name: str
    type: Any
    needed: bool = False
    nullable: bool = False
    patched: bool = False
    secret: bool = False
    stars: bool = False
    default: Any = None


def _secret(name: str, **more: Any) -> Own:
    return Own(name, Filled, **{"secret": True, "nullable": True, **more})


def _need(name: str, kind: Any = Value) -> Own:
    return Own(name, kind, needed=True)


_CAN_USER = (
    Own("canUserSeeConversationList", bool, patched=True),
    Own("canUserCreateMoreConversations", bool, patched=True),
)

FIELDS: Mapping[str, tuple[Own, ...]] = {
    "instagram": (
        _need("appId", Filled),
        Own("appSecret", Filled, needed=True, secret=True),
        Own("pageAccessToken", Filled, needed=True, secret=True, patched=True),
        Own("login", InstagramLogin, nullable=True),
        Own("storyRepliesEnabled", bool, nullable=True, patched=True),
        Own("storyMentionsEnabled", bool, nullable=True, patched=True),
        Own("humanAgentTag", HumanAgentTag, nullable=True, patched=True),
        Own("carouselMode", CarouselMode, nullable=True, patched=True),
        Own("mediaMode", MediaMode, nullable=True, patched=True),
    ),
    "messenger": (
        _secret("pageAccessToken", needed=True, patched=True),
        _need("appId"),
        _secret("appSecret", needed=True),
    ),
    "android": (
        _secret("projectId", patched=True),
        _secret("clientEmail", patched=True),
        _secret("privateKey", patched=True),
        _secret("serverKey", patched=True),
        Own("senderId", Filled, nullable=True, patched=True),
        *_CAN_USER,
    ),
    "ios": (
        Own("certificate", Annotated[str, Field(min_length=1)], nullable=True, patched=True, secret=True),
        Own("password", Value, patched=True, secret=True),
        Own("production", bool, patched=True),
        Own("autoUpdateBadge", bool, patched=True),
        *_CAN_USER,
    ),
    "web": (
        Own("brandColor", Colour, patched=True, default="65758e"),
        Own("fixedIntroPane", bool, patched=True, default=False),
        Own("conversationColor", Colour, patched=True, default="0099ff"),
        Own("actionColor", Colour, patched=True, default="0099ff"),
        Own("displayStyle", Literal["button", "tab"], patched=True, default="button"),
        Own("buttonIconUrl", Uri, nullable=True, patched=True),
        Own("buttonWidth", Value, patched=True, default="58"),
        Own("buttonHeight", Value, patched=True, default="58"),
        Own("integrationOrder", list[Value], nullable=True, patched=True),
        Own("businessName", Value, patched=True),
        Own("businessIconUrl", Uri, patched=True),
        Own("backgroundImageUrl", Uri, patched=True),
        Own("originWhitelist", list[Origin], nullable=True, patched=True),
        Own("prechatCapture", PrechatCapture, patched=True),
        *_CAN_USER,
    ),
    "unity": _CAN_USER,
    "apple": (
        _need("businessId"),
        Own("apiSecret", Value, needed=True, secret=True, stars=True),
        _need("mspId"),
        Own(
            "authenticationMessageSecret",
            Annotated[str, Field(min_length=88, max_length=4096)],
            patched=True,
            secret=True,
        ),
    ),
    "line": (
        Own("channelId", Value),
        Own("channelSecret", Value, secret=True),
        Own("channelAccessToken", Value, secret=True),
        Own("serviceCode", Value),
        Own("switcherSecret", Filled, secret=True),
        Own("qrCodeUrl", Value),
    ),
    "mailgun": (
        _secret("apiKey", needed=True),
        Own("signingKey", Filled, secret=True),
        _need("domain", Filled),
        _need("incomingAddress", Filled),
        Own("hideUnsubscribeLink", bool, patched=True),
        Own("fromAddress", Filled, nullable=True, patched=True),
    ),
    "messagebird": (
        _secret("accessKey", needed=True),
        _secret("signingKey", needed=True),
        _need("originator", Filled),
    ),
    "telegram": (_secret("token", needed=True),),
    "twilio": (
        _need("accountSid"),
        _secret("authToken", needed=True),
        Own("phoneNumberSid", Filled),
        Own("messagingServiceSid", Filled),
    ),
    "twitter": (
        _need("tier", Literal["enterprise"]),
        Own("consumerKey", Filled, needed=True, secret=True, stars=True),
        _secret("consumerSecret", needed=True),
        Own("accessTokenKey", Filled, needed=True, secret=True, stars=True),
        _secret("accessTokenSecret", needed=True),
    ),
    "viber": (_secret("token", needed=True),),
    "whatsapp": (
        Own("hsmFallbackLanguage", Value, nullable=True, patched=True, default="en_US"),
        Own("accountId", Value, nullable=True, patched=True),
        Own("accountManagementAccessToken", Value, nullable=True, patched=True, secret=True),
    ),
}  # fmt: skip

# Shown by every integration of these types: only the original's console can change it.
_READ_ONLY: Mapping[str, dict[str, Any]] = {
    kind: {"attachmentsEnabled": True} for kind in ("android", "ios", "web", "unity")
}

# Of several fields exactly one must be there.
_ONE_OF: Mapping[str, tuple[str, ...]] = {"twilio": ("phoneNumberSid", "messagingServiceSid")}

# What every type but custom has beside its own fields and its name.
SHARED = ("defaultResponderId", "showAIDisclaimer", "automaticAnswer")

STARS = "********"


class _Create(Wire):
    type: str
    display_name: Name | None = None
    default_responder_id: ResponderId | None = None
    show_ai_disclaimer: Annotated[bool | None, Field(alias="showAIDisclaimer")] = None
    automatic_answer: AutomaticAnswer | None = None

    @model_validator(mode="after")
    def _one_of_several(self) -> "_Create":
        names = _ONE_OF.get(self.type, ())
        given = self.lean()
        if names and sum(name in given for name in names) != 1:
            raise wrong_together(f"exactly one of {', '.join(names)} must be given")
        return self


def _model(kind: str, fields: tuple[Own, ...], base: type[Wire], what: str, **more: Any) -> type[Any]:
    members: dict[str, Any] = {
        own.name: (own.type | None if own.nullable else own.type, ... if own.needed and base is _Create else None)
        for own in fields
    }
    return create_model(f"{kind.capitalize()}{what}", __base__=base, **members, **more)


CREATE_MODELS: Mapping[str, type[Any]] = {
    kind: _model(kind, fields, _Create, "Create", type=(Literal[kind], ...)) for kind, fields in FIELDS.items()
}
_UPDATE_MODELS: Mapping[str, type[Any]] = {
    kind: _model(kind, tuple(own for own in fields if own.patched), Wire, "Update") for kind, fields in FIELDS.items()
}


def own_changes(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A type's own patchable fields in an update body, checked; null where a field may be cleared. Raises a 400."""
    model = _UPDATE_MODELS.get(kind)
    if model is None:
        return {}
    try:
        checked = model.model_validate(dict(given))
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise bad_request(*titles_of(errors)) from None
    # With what is inside them in full: they replace what was there.
    return {name: value for name, value in checked.model_dump(by_alias=True).items() if name in checked.given()}


def shown_settings(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a type's given fields, and shown: no secrets."""
    fields = [own for own in FIELDS.get(kind, ()) if own.name in given]
    kept = {own.name: given[own.name] for own in fields if not own.secret}
    return kept | {own.name: STARS for own in fields if own.stars}


def first_settings(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """As :func:`shown_settings` for a new integration: with the type's defaults and read-only fields."""
    defaults = {own.name: own.default for own in FIELDS[kind] if own.default is not None}
    return defaults | _READ_ONLY.get(kind, {}) | shown_settings(kind, given)
