"""Structured logs: pretty on a terminal, one JSON object a line elsewhere.

What goes in: ids, counts, codes, durations. What never goes in: secrets, tokens, message text, names of people. So an error
is given as it is (``error=error``), and told here by its class and SQLSTATE; its text only where that quotes nobody.
One id follows a message through the log: ``mid`` (Meta's id) on the way in, ``message`` (ours) on the way out;
``conversation`` is bound beside both.
"""

import logging
import re
import sys
from typing import Any

import orjson
import structlog

from heliograph.telemetry import faults

_SECRET_WORDS = re.compile("token|secret|authorization|password|x-api-key|signature", re.IGNORECASE)


def _mask_secrets(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last guard: a field whose name smells of a secret is masked, whoever put it there."""
    for name in event:
        if _SECRET_WORDS.search(name):
            event[name] = "***"
    return event


def _tell_errors(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Errors, by what may be told of them."""
    for name, value in list(event.items()):
        if isinstance(value, BaseException):
            event[name] = type(value).__name__
            told = {"sqlstate": faults.sqlstate(value), "says": faults.says(value), "at": faults.place(value)}
            event.update({key: text for key, text in told.items() if text and key not in event})
    return event


def _traced(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The traceback of what is being handled, where a line asks for it, as text."""
    wanted = event.pop("exc_info", None)
    error = wanted if isinstance(wanted, BaseException) else sys.exc_info()[1] if wanted else None
    if error is not None:
        event["exception"] = faults.trace(error)
    return event


class _Lines(logging.Formatter):
    """Lines of libraries: their tracebacks quote no more than ours."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        # asyncio's further lines show the task, and with it the error as it is.
        record.message = record.message.partition("\n")[0] if record.exc_info else record.message
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  logging's name
        return faults.trace(ei[1]) if ei[1] is not None else ""


def configure_logging(*, level: str = "INFO", as_json: bool | None = None) -> None:
    """Set up logging for this process. ``as_json=None`` means: JSON unless standard error is a terminal."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer(colors=True)
    if as_json:
        renderer = structlog.processors.JSONRenderer(serializer=orjson.dumps)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _tell_errors,
            _mask_secrets,
            _traced,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer)
        if as_json
        else structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries that use the standard logger: warnings and worse, same stream.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def get_logger(room: str) -> Any:
    """A logger that names the room it speaks from."""
    return structlog.get_logger(room=room)
