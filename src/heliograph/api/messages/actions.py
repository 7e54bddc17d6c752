"""Actions: the buttons of a message (Sunshine reference 2.7)."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from heliograph.api.validation import UNKNOWN_TYPE, tag_of
from heliograph.api.wire import Metadata, Text, Uri, Wire

Label = Annotated[str, Field(max_length=4096)]


class _Action(Wire):
    text: Label
    metadata: Metadata | None = None


class MessengerOptions(Wire):
    """Passed on to Messenger; Instagram has no use for them."""

    messenger_extensions: Annotated[bool | None, Field(alias="messenger_extensions")] = None
    webview_share_button: Annotated[Literal["hide"] | None, Field(alias="webview_share_button")] = None


class ExtraChannelOptions(Wire):
    """Options for particular channels."""

    messenger: MessengerOptions | None = None


class Buy(_Action):
    """Ask for a payment; ``amount`` in cents."""

    type: Literal["buy"]
    amount: Annotated[int, Field(ge=0, le=2**53)]
    currency: Annotated[str, Field(max_length=3)] | None = None


class Link(_Action):
    """Open an address."""

    type: Literal["link"]
    uri: Uri
    default: bool | None = None
    extra_channel_options: ExtraChannelOptions | None = None


class Webview(_Action):
    """Open an address inside the channel, or ``fallback`` where that cannot be."""

    type: Literal["webview"]
    uri: Uri
    fallback: Uri
    default: bool | None = None
    size: Literal["compact", "tall", "full"] | None = None
    open_on_receive: bool | None = None
    extra_channel_options: ExtraChannelOptions | None = None


class Postback(_Action):
    """Tell the business that it was tapped."""

    type: Literal["postback"]
    payload: Text


class Reply(_Action):
    """Answer with the label; the answer carries the payload."""

    type: Literal["reply"]
    payload: Text
    icon_url: Uri | None = None


class LocationRequest(_Action):
    """Ask where the person is."""

    type: Literal["locationRequest"]


Action = Annotated[
    Annotated[Buy, Tag("=buy")]
    | Annotated[Link, Tag("=link")]
    | Annotated[LocationRequest, Tag("=locationRequest")]
    | Annotated[Postback, Tag("=postback")]
    | Annotated[Reply, Tag("=reply")]
    | Annotated[Webview, Tag("=webview")],
    Discriminator(
        tag_of,
        custom_error_type=UNKNOWN_TYPE,
        custom_error_message="buy, link, locationRequest, postback, reply, webview",
    ),
]

# What items and lists may carry.
ItemAction = Annotated[
    Annotated[Buy, Tag("=buy")]
    | Annotated[Link, Tag("=link")]
    | Annotated[Postback, Tag("=postback")]
    | Annotated[Webview, Tag("=webview")],
    Discriminator(tag_of, custom_error_type=UNKNOWN_TYPE, custom_error_message="buy, link, postback, webview"),
]
