"""What the tests of media do all the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.instagram.house import Answer, House, Shop, new_mid, unique
from tests.media.cdn import PNG, PlayedCdn


def got(house: House, url: str, method: str = "GET", **headers: str) -> Answer:
    """What stands at an address of ours. Headers are named as in Python: ``if_range``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = house.http(method, urlsplit(url).path, headers=named)
    return Answer(answer.status, answer.body, {name.lower(): value for name, value in answer.headers.items()})


def attachment(kind: str, url: str) -> dict[str, Any]:
    return {"type": kind, "payload": {"url": url}}


def shown(shop: Shop, meta: PlayedCdn, body: bytes = PNG, kind: str = "image", **how: Any) -> tuple[str, str, str]:
    """A person sends a file: our address of it, its name at the CDN, the mid."""
    name, mid = unique("18"), new_mid()
    link = meta.put(name, body, **how)
    person = unique("58")
    shop.given(shop.item(person, message={"mid": mid, "attachments": [attachment(kind, link)]}))
    (message,) = shop.messages(person)
    return message["content"]["mediaUrl"], name, mid


@contextmanager
def at_meta(meta: PlayedCdn, name: str, **changes: Any) -> Iterator[None]:
    """A file of the CDN, changed for a while."""
    before = {key: getattr(meta.files[name], key) for key in changes}
    for key, value in changes.items():
        setattr(meta.files[name], key, value)
    try:
        yield
    finally:
        for key, value in before.items():
            setattr(meta.files[name], key, value)
