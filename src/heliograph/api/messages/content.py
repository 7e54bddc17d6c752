"""Content: the nine types a message can have, with the wire's limits (Sunshine reference 2.7)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from heliograph.api.messages.actions import Action, ItemAction
from heliograph.api.validation import UNKNOWN_TYPE, tag_of, wrong_together
from heliograph.api.wire import Metadata, Short, Text, WebUrl, Wire


class _Rich(Wire):
    """Text in up to three forms."""

    text: Text | None = None
    html_text: Text | None = None
    markdown_text: Text | None = None
    block_chat_input: bool | None = None

    @model_validator(mode="after")
    def _exclusive(self) -> "_Rich":
        if self.html_text and self.markdown_text:
            raise wrong_together("htmlText and markdownText exclude each other")
        return self


class TextContent(_Rich):
    """A text, with actions or without."""

    type: Literal["text"]
    actions: list[Action] | None = None
    payload: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> "TextContent":
        if not (self.text or self.html_text or self.markdown_text or self.actions):
            raise wrong_together("text is required unless actions, htmlText or markdownText is given")
        return self


class _Media(_Rich):
    media_url: WebUrl
    media_type: Short | None = None
    alt_text: Short | None = None
    attachment_id: Text | None = None


class ImageContent(_Media):
    """A picture by its address."""

    type: Literal["image"]
    actions: list[Action] | None = None


class FileContent(_Media):
    """Any file by its address: audio and video too."""

    type: Literal["file"]


class Item(Wire):
    """A card of a carousel, a line of a list."""

    title: Annotated[Short, Field(min_length=1)]
    description: Short | None = None
    media_url: WebUrl | None = None
    media_type: Short | None = None
    alt_text: Short | None = None
    size: Literal["compact", "large"] | None = None
    actions: Annotated[list[ItemAction], Field(min_length=1, max_length=3)]
    metadata: Metadata | None = None


Items = Annotated[list[Item], Field(min_length=1, max_length=10)]


class DisplaySettings(Wire):
    """The layout of a carousel."""

    image_aspect_ratio: Literal["horizontal", "square"] | None = None


class CarouselContent(Wire):
    """Cards beside each other."""

    type: Literal["carousel"]
    items: Items
    display_settings: DisplaySettings | None = None
    block_chat_input: bool | None = None


class ListContent(Wire):
    """Cards below each other."""

    type: Literal["list"]
    items: Items
    actions: Annotated[list[ItemAction], Field(min_length=1, max_length=10)] | None = None
    block_chat_input: bool | None = None


class Coordinates(Wire):
    """A place on the globe, in degrees."""

    lat: Annotated[float, Field(allow_inf_nan=False)]
    long: Annotated[float, Field(allow_inf_nan=False)]


class Location(Wire):
    """The name of a place."""

    address: Text | None = None
    name: Text | None = None


class LocationContent(Wire):
    """A place."""

    type: Literal["location"]
    coordinates: Coordinates
    location: Location | None = None
    block_chat_input: bool | None = None


_Label = Annotated[Short, Field(min_length=1)]
_Size = Annotated[int, Field(ge=1, le=256)]


def _names_differ(named: Sequence[Any], what: str) -> None:
    if len({one.name for one in named}) != len(named):
        raise wrong_together(f"{what} must have names that differ")


class Option(Wire):
    """A choice of a select field."""

    name: _Label
    label: _Label


class _Field(Wire):
    type: Literal["email", "select", "text"]
    name: _Label
    label: _Label
    format: Literal["integer", "decimal"] | None = None


class FormField(_Field):
    """A question."""

    placeholder: _Label | None = None
    min_size: _Size | None = None
    max_size: _Size | None = None
    options: Annotated[list[Option], Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _unique(self) -> "FormField":
        _names_differ(self.options or (), "options")
        return self


class FormContent(Wire):
    """Questions."""

    type: Literal["form"]
    fields: Annotated[list[FormField], Field(min_length=1, max_length=20)]
    text: Text | None = None
    block_chat_input: bool | None = None

    @model_validator(mode="after")
    def _unique(self) -> "FormContent":
        _names_differ(self.fields, "fields")
        return self


class FormResponseContent(Wire):
    """The answers to a form: they come from the web widget, and cannot be sent by the API."""

    type: Literal["formResponse"]

    @model_validator(mode="after")
    def _never(self) -> "FormResponseContent":
        raise wrong_together("type must not be formResponse: it cannot be sent by the API")


class TemplateContent(Wire):
    """A WhatsApp template; no other channel can deliver it."""

    type: Literal["template"]
    template: dict[str, Any]
    block_chat_input: bool | None = None


Content = Annotated[
    Annotated[TextContent, Tag("=text")]
    | Annotated[ImageContent, Tag("=image")]
    | Annotated[FileContent, Tag("=file")]
    | Annotated[CarouselContent, Tag("=carousel")]
    | Annotated[ListContent, Tag("=list")]
    | Annotated[LocationContent, Tag("=location")]
    | Annotated[FormContent, Tag("=form")]
    | Annotated[FormResponseContent, Tag("=formResponse")]
    | Annotated[TemplateContent, Tag("=template")],
    Discriminator(
        tag_of,
        custom_error_type=UNKNOWN_TYPE,
        custom_error_message="carousel, file, form, formResponse, image, list, location, template, text",
    ),
]
