"""What Meta takes at most (Meta reference 2.1). Numbers that know what they measure; renderers and the docs read them."""

from typing import Self


class Limit(int):
    """A number of Meta's. ``what`` it bounds, in which ``unit``, and where that is written."""

    what: str
    unit: str
    source: str

    def __new__(cls, value: int, unit: str, what: str, source: str = "2.1") -> Self:
        """``source`` is a chapter of the Meta reference."""
        limit = super().__new__(cls, value)
        limit.unit, limit.what, limit.source = unit, what, source
        return limit

    def __str__(self) -> str:
        number = f"{self // 1024**2} MB" if self.unit == "bytes of a file" else f"{int(self)} {self.unit}"
        return f"{self.what}: {number}"


TEXT = Limit(1000, "bytes of UTF-8", "a text")
QUICK_REPLIES = Limit(13, "at most", "quick replies of a message")
TITLE = Limit(20, "characters", "the title of a quick reply or button")
PAYLOAD = Limit(1000, "characters", "the payload of a quick reply or postback")
ELEMENTS = Limit(10, "at most", "elements of a generic or product template")
ELEMENT_TEXT = Limit(80, "characters", "title and subtitle of an element, each")
BUTTONS = Limit(3, "at most", "buttons of an element or a button template")
# Meta says characters. Counted in bytes a text is within the limit however they count.
BUTTON_TEXT = Limit(640, "bytes of UTF-8", "the text of a button template")
IMAGES = Limit(10, "at most", "pictures of one message")
# Meta does not say which MB; only what is too large either way is refused here.
IMAGE_BYTES = Limit(8 * 1024**2, "bytes of a file", "a picture")
MEDIA_BYTES = Limit(25 * 1024**2, "bytes of a file", "a video, an audio or a PDF")
TYPING = Limit(20, "seconds", "a typing bubble", "2.2")

# The media types that Meta takes as an attachment of a kind.
MEDIA_TYPES: dict[str, frozenset[str]] = {
    "image": frozenset({"image/png", "image/jpeg", "image/jpg", "image/gif"}),
    "audio": frozenset(
        {"audio/aac", "audio/m4a", "audio/x-m4a", "audio/mp4", "audio/wav", "audio/x-wav", "audio/vnd.wave"}
    ),
    "video": frozenset({"video/mp4", "video/ogg", "video/x-msvideo", "video/avi", "video/quicktime", "video/webm"}),
    "file": frozenset({"application/pdf"}),
}
