"""What Instagram has nothing of its own for, as text (Sunshine reference 5.3). Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from heliograph.channels.instagram.sending.render.parts import Part, UnsupportedContentError, lines, texts


def location(content: Mapping[str, Any]) -> Iterator[Part]:
    """Name and address, and a link to a map."""
    place = content.get("location") or {}
    at = ",".join(_degrees(content["coordinates"][axis]) for axis in ("lat", "long"))
    told = lines(place.get("name"), place.get("address")) or "Location shared:"
    yield from texts(lines(told, f"https://maps.google.com/maps?q={at}"))


def _degrees(value: float) -> str:
    """Plain digits, to a decimetre: maps do not read 1e-07."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def form(content: Mapping[str, Any]) -> Iterator[Part]:
    """The text above the questions and the questions; the person answers as they like."""
    yield from texts(lines(content.get("text"), *map(_question, content["fields"])))


def _question(field: Mapping[str, Any]) -> str:
    options = ", ".join(option["label"] for option in field.get("options") or ())
    return f"{field['label']}: {options}" if options else str(field["label"])


def refused(content: Mapping[str, Any]) -> Iterator[Part]:
    """What no text can stand for."""
    raise UnsupportedContentError(
        f'Unsupported message type: Instagram cannot take "{content["type"]}". {_WHY.get(content["type"], "")}'.strip()
    )


_WHY = {
    "template": "Templates are WhatsApp's; give override.instagram.payload for what Instagram shall get.",
    "formResponse": "Answers to forms come from people.",
}
