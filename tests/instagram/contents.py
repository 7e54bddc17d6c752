"""Contents to be sent, in few words."""

from typing import Any

URL = "https://shop.example/a"
Content = dict[str, Any]


def text(said: str | None = None, *actions: Content) -> Content:
    return {"type": "text", **({"text": said} if said is not None else {}), **({"actions": actions} if actions else {})}


def reply(label: str, payload: str = "P") -> Content:
    return {"type": "reply", "text": label, "payload": payload}


def link(label: str = "Shop", uri: str = URL, **more: Any) -> Content:
    return {"type": "link", "text": label, "uri": uri, **more}


def postback(label: str = "More", payload: str = "MORE") -> Content:
    return {"type": "postback", "text": label, "payload": payload, "uri": ""}


def file(media_type: str | None, **more: Any) -> Content:
    return {"type": "file", "mediaUrl": URL, **({"mediaType": media_type} if media_type else {}), **more}


def item(title: str = "Tacos", *actions: Content, **more: Any) -> Content:
    return {"title": title, "actions": list(actions) or [link()], **more}


def carousel(*items: Content, kind: str = "carousel", **more: Any) -> Content:
    return {"type": kind, "items": list(items), **more}


# What Meta gets


def quick(title: str, payload: str = "P") -> Content:
    return {"content_type": "text", "title": title, "payload": payload}


def attachment(kind: str, url: str = URL) -> Content:
    return {"attachment": {"type": kind, "payload": {"url": url}}}


def web_url(title: str = "Shop", url: str = URL) -> Content:
    return {"type": "web_url", "url": url, "title": title}


def tap(title: str = "More", payload: str = "MORE") -> Content:
    return {"type": "postback", "payload": payload, "title": title}


def template(kind: str, **payload: Any) -> Content:
    return {"attachment": {"type": "template", "payload": {"template_type": kind, **payload}}}


def buttons(said: str, *made: Content) -> Content:
    return template("button", text=said, buttons=list(made))


def cards(*elements: Content) -> Content:
    return template("generic", elements=list(elements))
