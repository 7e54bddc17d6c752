"""What a message says, as it is shown: the nine types of content, and actions (Sunshine reference 2.7)."""

from collections.abc import Mapping

from heliograph.api.reference.terms import (
    ANYTHING,
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    URI,
    Schema,
    many,
    obj,
    one_of,
    ref,
    union,
)


def _kind(value: str) -> Schema:
    return {"type": "string", "const": value}


_OF_ACTION: Mapping[str, Schema] = {"text": TEXT, "metadata?": ref("Metadata")}
_OPENS: Mapping[str, Schema] = {"default?": FLAG, "extraChannelOptions?": ref("ChannelOptions")}
_BLOCKS: Mapping[str, Schema] = {"blockChatInput?": FLAG}
_RICH: Mapping[str, Schema] = {"text?": TEXT, "htmlText?": TEXT, **_BLOCKS}
_MEDIA: Mapping[str, Schema] = {
    "mediaUrl": URI,
    "mediaType?": TEXT,
    "mediaSize?": NUMBER,
    "altText?": TEXT,
    "attachmentId?": TEXT,
    **_RICH,
}
_ACTIONS: Mapping[str, Schema] = {"actions?": many(ref("ShownAction"))}
_FIELD: Mapping[str, Schema] = {
    "type": one_of("email", "select", "text"),
    "name": TEXT,
    "label": TEXT,
    "format?": one_of("integer", "decimal"),
}
_ANSWER: Mapping[str, Schema] = {"text?": TEXT, "email?": TEXT, "select?": many(ref("Choice"))}

_SHOWN_ACTIONS = {
    "buy": "ShownBuy",
    "link": "ShownLink",
    "locationRequest": "ShownLocationRequest",
    "postback": "ShownPostback",
    "reply": "ShownReply",
    "webview": "ShownWebview",
}
_OF_ITEM = ("buy", "link", "postback", "webview")
_SHOWN_CONTENTS = {
    "text": "ShownText",
    "image": "ShownImage",
    "file": "ShownFile",
    "carousel": "ShownCarousel",
    "list": "ShownList",
    "location": "ShownLocation",
    "form": "ShownForm",
    "formResponse": "ShownFormResponse",
    "template": "ShownTemplate",
}

SCHEMAS: Mapping[str, Schema] = {
    "ShownAction": union("A button.", _SHOWN_ACTIONS),
    "ShownItemAction": union("A button of a card.", {kind: _SHOWN_ACTIONS[kind] for kind in _OF_ITEM}),
    "ShownBuy": obj("Asks for a payment.", {"type": _kind("buy"), **_OF_ACTION, "amount": COUNT, "currency?": TEXT}),
    "ShownLink": obj("Opens an address.", {"type": _kind("link"), **_OF_ACTION, "uri": TEXT, **_OPENS}),
    "ShownLocationRequest": obj("Asks where the person is.", {"type": _kind("locationRequest"), **_OF_ACTION}),
    "ShownPostback": obj(
        "Tells the business that it was tapped.",
        {"type": _kind("postback"), **_OF_ACTION, "payload": TEXT, "uri?": TEXT},
    ),
    "ShownReply": obj(
        "Answers with its label.", {"type": _kind("reply"), **_OF_ACTION, "payload": TEXT, "iconUrl?": TEXT}
    ),
    "ShownWebview": obj(
        "Opens an address inside the channel.",
        {
            "type": _kind("webview"),
            **_OF_ACTION,
            "uri": TEXT,
            "fallback": TEXT,
            "size?": one_of("compact", "tall", "full"),
            "openOnReceive?": FLAG,
            **_OPENS,
        },
    ),
    "ChannelOptions": obj("Options for particular channels.", {"messenger?": ref("MessengerChoices")}),
    "MessengerChoices": obj(
        "Options for Messenger.", {"messenger_extensions?": FLAG, "webview_share_button?": one_of("hide")}
    ),
    "ShownContent": union("What a message says.", _SHOWN_CONTENTS),
    "ShownText": obj("A text.", {"type": _kind("text"), **_RICH, "payload?": TEXT, **_ACTIONS}),
    "ShownImage": obj("A picture.", {"type": _kind("image"), **_MEDIA, "payload?": TEXT, **_ACTIONS}),
    "ShownFile": obj("A file: audio and video too.", {"type": _kind("file"), **_MEDIA, "payload?": TEXT}),
    "ShownCarousel": obj(
        "Cards beside each other.",
        {
            "type": _kind("carousel"),
            "items": many(ref("ShownItem")),
            "text?": TEXT,
            "displaySettings?": ref("CarouselLayout"),
            **_BLOCKS,
        },
    ),
    "CarouselLayout": obj("The layout of a carousel.", {"imageAspectRatio?": one_of("horizontal", "square")}),
    "ShownList": obj(
        "Cards below each other.",
        {
            "type": _kind("list"),
            "items": many(ref("ShownItem")),
            "text?": TEXT,
            "actions?": many(ref("ShownItemAction")),
            **_BLOCKS,
        },
    ),
    "ShownItem": obj(
        "A card of a carousel, a line of a list.",
        {
            "title": TEXT,
            "description?": TEXT,
            "mediaUrl?": URI,
            "mediaType?": TEXT,
            "altText?": TEXT,
            "size?": one_of("compact", "large"),
            "actions": many(ref("ShownItemAction")),
            "metadata?": ref("Metadata"),
        },
    ),
    "ShownLocation": obj(
        "A place.",
        {
            "type": _kind("location"),
            "coordinates": ref("Place"),
            "location?": ref("PlaceName"),
            "text?": TEXT,
            **_BLOCKS,
        },
    ),
    "Place": obj("A point on the globe, in degrees.", {"lat": NUMBER, "long": NUMBER}),
    "PlaceName": obj("What a place is called.", {"address?": TEXT, "name?": TEXT}),
    "ShownForm": obj(
        "Questions.",
        {"type": _kind("form"), "fields": many(ref("Question")), "submitted?": FLAG, "text?": TEXT, **_BLOCKS},
    ),
    "Question": obj(
        "A question of a form.",
        {
            **_FIELD,
            "placeholder?": TEXT,
            "minSize?": COUNT,
            "maxSize?": COUNT,
            "options?": many(ref("Choice")),
            **_ANSWER,
        },
    ),
    "Choice": obj("One of the answers to choose from.", {"name?": TEXT, "label?": TEXT}),
    "ShownFormResponse": obj(
        "The answers to a form.",
        {"type": _kind("formResponse"), "fields": many(ref("GivenAnswer")), "textFallback?": TEXT, **_BLOCKS},
    ),
    "GivenAnswer": obj("An answer to a question.", {**_FIELD, **_ANSWER, "quotedMessageId?": TEXT}),
    "ShownTemplate": obj("A WhatsApp template.", {"type": _kind("template"), "template": ANYTHING, **_BLOCKS}),
}
