"""Bodies of CreateClient (Sunshine reference 1.14): how a user shall be reached on another channel."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from heliograph.api.messages.models import MessagePost
from heliograph.api.validation import wrong, wrong_together
from heliograph.api.wire import Wire

# Sunshine reference 1.14: the channels into which a business can link a user, and what each must be told.
CRITERIA = {"mailgun": "address", "messagebird": "phone_number", "twilio": "phone_number", "whatsapp": "phone_number"}

_PHONE = re.compile(r"\+[0-9][0-9 ().-]{3,30}")


def _phone_number(value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise wrong("must contain the + prefix and the country code, like +1 212-555-2368")
    return value


class MatchCriteria(Wire):
    """Who the user is on the channel."""

    type: Literal["mailgun", "messagebird", "twilio", "whatsapp"]
    integration_id: str
    primary: bool | None = None
    address: Annotated[str, Field(min_length=3, max_length=254)] | None = None
    subject: Annotated[str, Field(max_length=998)] | None = None
    phone_number: Annotated[str, AfterValidator(_phone_number)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "MatchCriteria":
        field = CRITERIA[self.type]
        if getattr(self, field) is None:
            name = "phoneNumber" if field == "phone_number" else field
            raise wrong_together(f"should have required property '{name}' when type is {self.type}")
        return self


class Confirmation(Wire):
    """How the user agrees."""

    type: Literal["immediate", "userActivity", "prompt"]
    message: MessagePost | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Confirmation":
        if self.message is not None:
            content = self.message.content.lean()
            if content["type"] not in ("text", "image"):
                raise wrong_together("message.content.type must be one of text, image")
            if any(action["type"] != "link" for action in content.get("actions", ())):
                raise wrong_together("message.content.actions must be of type link")
        return self


class Target(Wire):
    """The conversation that the client is for."""

    conversation_id: str


class ClientCreate(Wire):
    """Body of CreateClient."""

    match_criteria: MatchCriteria
    confirmation: Confirmation
    target: Target
