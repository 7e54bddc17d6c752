"""The verification handshake of a callback.

Source: Meta's *Webhooks, getting started*: GET with hub.mode, hub.challenge and hub.verify_token, answered with 200 and
the bare challenge. Redirects are not followed.
"""

import time

import aiohttp

from heliograph.simulator import ids
from heliograph.simulator.models import App
from heliograph.simulator.wire_log import Attempt, WireLog

_RESPONSE_LIMIT = 4096


async def verify(
    session: aiohttp.ClientSession, app: App, url: str, verify_token: str, log: WireLog, at_ms: int
) -> str:
    """The verification GET that Meta makes while an app subscribes. Returns what went wrong, "" for nothing."""
    challenge = ids.digits(10)
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    entry = log.new("verification", at_ms, "GET", url, "&".join(f"{key}={value}" for key, value in query.items()))
    entry.app_id, entry.summary = app.id, "verification"
    entry.headers = {"Accept": "*/*", "User-Agent": "facebookplatform/1.0 (+http://developers.facebook.com)"}
    attempt = Attempt(at_ms, None, 0)
    entry.attempts.append(attempt)
    began = time.perf_counter()
    try:
        async with session.get(
            url,
            params=query,
            headers=entry.headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=10),
        ) as answer:
            entry.response = await answer.content.read(_RESPONSE_LIMIT)
            entry.status = attempt.status = answer.status
            reason = answer.reason
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        attempt.error = str(problem) or type(problem).__name__
        return f"curl_errno = 7; curl_error = {attempt.error}; HTTP Status Code = 0; HTTP Message = "
    finally:
        attempt.milliseconds = entry.milliseconds = round((time.perf_counter() - began) * 1000)
        log.changed(entry)
    if attempt.status != 200:
        return f"HTTP Status Code = {attempt.status}; HTTP Message = {reason}"
    if entry.response.decode("utf-8", "replace") != challenge:
        received = entry.response[:100].decode("utf-8", "replace")
        return f'Response does not match challenge, expected value="{challenge}", received="{received}..."'
    return ""
