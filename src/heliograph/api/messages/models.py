"""What is posted, and what is shown (Sunshine reference 2.7)."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from heliograph.api.messages.content import Content
from heliograph.api.validation import wrong_together
from heliograph.api.wire import Links, Meta, Metadata, Text, Uri, Wire


class Author(Wire):
    """Who writes. ``subtypes`` AI and bot mark a message as automatic: it never carries the human agent tag."""

    type: Literal["business", "user"]
    subtypes: Annotated[list[Literal["AI", "agent", "bot"]], Field(max_length=1)] | None = None
    user_id: str | None = None
    user_external_id: str | None = None
    display_name: Text | None = None
    avatar_url: Uri | None = None

    @model_validator(mode="after")
    def _names_user(self) -> "Author":
        given = [value for value in (self.user_id, self.user_external_id) if value]
        if self.type == "user" and len(given) != 1:
            raise wrong_together("exactly one of userId, userExternalId must be given when type is user")
        return self

    def lean(self) -> dict[str, Any]:
        """What has a value; a business author names no user, and no subtypes are left out."""
        wire = super().lean()
        if self.type == "business":
            wire.pop("userId", None)
            wire.pop("userExternalId", None)
        if not self.subtypes:
            wire.pop("subtypes", None)
        return wire


# `integrationType` of a message that no channel gets.
NOWHERE = "none"


class Destination(Wire):
    """Where a message shall go: an integration, a type, or nowhere (``none``: a silent message)."""

    integration_id: str | None = None
    integration_type: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Destination":
        if self.integration_id is not None and self.integration_type is not None:
            raise wrong_together("integrationId and integrationType exclude each other")
        return self

    @property
    def silent(self) -> bool:
        """Whether the message goes to no channel."""
        return self.integration_type == NOWHERE


class RawPayload(Wire):
    """What a channel gets as it is."""

    payload: dict[str, Any] | None = None


class ApplePayload(RawPayload):
    """What Apple gets, and what the person's device must be able to do."""

    with_capabilities: list[Literal["LIST", "TIME", "FORM", "QUICK", "AUTH2"]] | None = None


class InstagramPayload(RawPayload):
    """What Instagram gets: a Send API ``message``; and which message it answers, by our id or Meta's."""

    reply_to: Annotated[str | None, Field(alias="reply_to", min_length=1, max_length=1024)] = None

    def given(self) -> dict[str, Any]:
        """What has a value."""
        return {name: value for name, value in (("payload", self.payload), ("reply_to", self.reply_to)) if value}


class Override(Wire):
    """What particular channels get in the place of the content. ``instagram`` is ours."""

    apple: ApplePayload | None = None
    line: RawPayload | None = None
    messenger: RawPayload | None = None
    whatsapp: RawPayload | None = None
    instagram: InstagramPayload | None = None

    def raw(self) -> dict[str, Any] | None:
        """What is given, by channel; None when nothing is."""
        given = {name: {"payload": one.payload} for name, one in self if one is not None and one.payload}
        if self.instagram is not None and (ours := self.instagram.given()):
            given["instagram"] = ours
        return given or None


class Reference(Wire):
    """What an answer of a bot is based on."""

    uri: Uri
    title: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    description: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class MessagePost(Wire):
    """Body of PostMessage. ``references`` in it are ours: the original shows them only."""

    author: Author
    content: Content
    destination: Destination | None = None
    metadata: Metadata | None = None
    override: Override | None = None
    references: Annotated[list[Reference], Field(min_length=1, max_length=10)] | None = None
    payload_schema: Annotated[Literal["whatsapp"] | None, Field(alias="schema")] = None

    @model_validator(mode="after")
    def _fits(self) -> "MessagePost":
        if self.author.type == "user":
            for name in self.destination.lean() if self.destination else ():
                raise wrong_together(f"destination.{name} is possible only when author.type is business")
        return self


class Message(Wire):
    """Message."""

    id: str
    received: str
    author: dict[str, Any]
    content: dict[str, Any]
    source: dict[str, Any]
    metadata: dict[str, Any] | None = None
    quoted_message: dict[str, Any] | None = None
    references: list[dict[str, Any]] | None = None
    deleted: bool | None = None


class MessagePostResponse(Wire):
    """The messages that were made: one."""

    messages: list[Message]


class MessageListResponse(Wire):
    """A page of messages, oldest first."""

    messages: list[Message]
    meta: Meta
    links: Links
