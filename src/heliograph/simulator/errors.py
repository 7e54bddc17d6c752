"""A refusal in Meta's error envelope, in the language of whoever asked.

Meta localises ``message`` and the texts for people, and nothing else (Meta reference 3.1); the simulator speaks English
and German.
"""

from typing import Any

from heliograph.simulator import ids
from heliograph.simulator.error_table import ERRORS, ORDERED_ONLY, REFUSALS, RESTRICTIONS, REVOKED, Row
from heliograph.simulator.error_texts import GERMAN

__all__ = ["ERRORS", "ORDERED_ONLY", "REFUSALS", "RESTRICTIONS", "REVOKED", "GraphError", "Row", "refuse"]


class GraphError(Exception):
    """An answer in Meta's error envelope. ``name`` is its row in the table, when it comes from there."""

    def __init__(
        self,
        status: int,
        code: int,
        subcode: int | None,
        message: str,
        error_type: str = "OAuthException",
        transient: bool = False,
        name: str | None = None,
        words: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.subcode = subcode
        self.message = message
        self.type = error_type
        self.transient = transient
        self.name = name
        self.words = words or {}

    def body(self, locale: str = "en_US") -> dict[str, Any]:
        """The envelope. Keys stand in the order in which they were seen; absent ones are left out as Meta does."""
        message, title, advice = said(self.name, self.words, self.message, locale)
        error: dict[str, Any] = {"message": message, "type": self.type}
        if self.transient:
            error["is_transient"] = True
        error["code"] = self.code
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if title:
            error |= {"error_user_title": title, "error_user_msg": advice}
        error["fbtrace_id"] = ids.trace_id()
        return {"error": error}


def refuse(row_name: str, /, **words: object) -> GraphError:
    """The error called ``row_name`` in :data:`ERRORS`, with ``words`` put into its text."""
    row = ERRORS[row_name]
    text = row.message.format(**words) if words else row.message
    return GraphError(row.status, row.code, row.subcode, text, row.type, row.transient, row_name, words)


def said(name: str | None, words: dict[str, object], message: str, locale: str) -> tuple[str, str | None, str | None]:
    """What an error says in a language: message, and the title and text for a person where the table has them."""
    row = ERRORS.get(name or "")
    if row is None:
        return message, None, None
    told = GERMAN.get(name or "") if locale.startswith("de") else None
    if told is None:
        return message, row.title, row.advice
    return told.message.format(**words) if words else told.message, told.title, told.advice
