"""Errors as the wire writes them (Sunshine reference 2.10): ``{"errors": [{"code", "title"}]}``."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.api.validation import titles_of

# The code of each status, where no more particular one is known.
CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "conflict",
    413: "payload_too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    423: "locked",
    429: "too_many_requests",
    500: "internal_error",
    502: "bad_gateway",
}

# What cannot be found: code and title, as the OpenAPI document has them.
NOT_FOUND: Mapping[str, tuple[str, str]] = {
    "app": ("app_not_found", "App not found"),
    "integration": ("integration_not_found", "Integration not found"),
    "user": ("user_not_found", "User not found"),
    "conversation": ("conversation_not_found", "Conversation not found"),
    "switchboard": ("switchboard_not_found", "Switchboard not found"),
    "switchboardIntegration": ("switchboard_integration_not_found", "SwitchboardIntegration not found"),
    "client": ("client_not_found", "Client not found"),
    "device": ("device_not_found", "Device not found"),
    "attachment": ("not_found", "Attachment not found"),
    "resource": ("not_found", "Resource not found"),
}

# A request can be wrong in many places; this many are named.
MOST_TITLES = 10


class ErrorEntry(BaseModel):
    """What went wrong, for programs and for people."""

    code: str
    title: str


class ErrorResponse(BaseModel):
    """The body of every error."""

    errors: list[ErrorEntry]


class ApiError(Exception):
    """An answer other than success. Raised anywhere below a request; nothing of the request is then written."""

    def __init__(self, status: int, *titles: str, code: str | None = None, headers: Mapping[str, str] | None = None):
        super().__init__(*titles)
        self.status = status
        self.titles = titles[:MOST_TITLES]
        self.code = code or CODES[status]
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The error on the wire."""
        return error_response(self.status, self.code, self.titles, self.headers)


def bad_request(*titles: str) -> ApiError:
    """400; each title names the field it speaks of."""
    return ApiError(400, *titles)


def not_found(what: str) -> ApiError:
    """404 with the code of what was looked for: a key of :data:`NOT_FOUND`."""
    code, title = NOT_FOUND[what]
    return ApiError(404, title, code=code)


def forbidden(title: str) -> ApiError:
    """403."""
    return ApiError(403, title)


def error_response(
    status: int, code: str, titles: tuple[str, ...] | list[str], headers: Mapping[str, str] | None = None
) -> Response:
    """An error body with one entry per title."""
    body = orjson.dumps({"errors": [{"code": code, "title": title} for title in titles]})
    return Response(body, status, dict(headers or {}), "application/json")


def internal_error() -> Response:
    """500, telling nothing of what happened: that is in the log."""
    return error_response(500, CODES[500], ("An unexpected error occurred",))


def install(app: FastAPI) -> None:
    """Make the app answer every error in the wire's form."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


async def _api_error(_: Request, error: Any) -> Response:
    response: Response = error.response()
    return response


async def _invalid(_: Request, error: Any) -> Response:
    return bad_request(*titles_of(error.errors())).response()


async def _unexpected(_: Request, __: Any) -> Response:
    return internal_error()  # the framework raises it again; the outermost layer logs it


_HTTP_TITLES = {404: "Resource not found", 405: "Method not allowed"}


async def _http_error(_: Request, error: Any) -> Response:
    """What the framework refuses by itself: unknown paths and methods."""
    status = error.status_code
    code = CODES.get(status, "bad_request" if status < 500 else "internal_error")
    return error_response(status, code, (_HTTP_TITLES.get(status, str(error.detail)),), error.headers)
