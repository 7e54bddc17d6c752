"""Structured logs: pretty on a terminal, one JSON object a line elsewhere.

What goes in: ids, counts, codes, durations. What never goes in: secrets, tokens, message text, names of people.
One id follows a message through the log: ``mid`` (Meta's id) on the way in, ``message`` (ours) on the way out;
``conversation`` is bound beside both.
"""

import logging
import re
import sys
from typing import Any

import orjson
import structlog

_SECRET_WORDS = re.compile("token|secret|authorization|password|x-api-key|signature", re.IGNORECASE)


def _mask_secrets(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last guard: a field whose name smells of a secret is masked, whoever put it there."""
    for name in event:
        if _SECRET_WORDS.search(name):
            event[name] = "***"
    return event


def configure_logging(*, level: str = "INFO", as_json: bool | None = None) -> None:
    """Set up logging for this process. ``as_json=None`` means: JSON unless standard error is a terminal."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer(
        colors=True,
        # The default one prints local variables, and those hold tokens and texts.
        exception_formatter=structlog.dev.plain_traceback,
    )
    if as_json:
        renderer = structlog.processors.JSONRenderer(serializer=orjson.dumps)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask_secrets,
            structlog.processors.format_exc_info if as_json else _keep,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer)
        if as_json
        else structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries that use the standard logger: warnings and worse, same stream.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _keep(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return event


def get_logger(room: str) -> Any:
    """A logger that names the room it speaks from."""
    return structlog.get_logger(room=room)
