"""Profiles of people (Meta reference 5.1). A failing profile is normal and blocks nothing."""

import asyncio
from collections.abc import Iterable
from typing import Any

from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.holds import heard
from heliograph.messaging.arrivals import Profile
from heliograph.storage import Database
from heliograph.telemetry import metrics
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

_FIELDS = "name,username,profile_pic,follower_count,is_user_follow_business,is_business_follow_user,is_verified_user"
_TIMEOUT_SECONDS = 3.0
_AT_ONCE = 20

# Refusals that are nobody's fault (5.1), as the metric names them.
_REFUSALS = {230: "no_consent", 9010: "no_such_person", 2018218: "not_available", 2018247: "not_available"}


async def read_profile(graph: Graph, person: str, token: str, secret: str | None) -> Profile:
    """One profile. Raises what the Graph client raises; it is counted and logged here."""
    try:
        raw = await graph.call(
            "GET",
            f"/{person}",
            token,
            secret=secret,
            params={"fields": _FIELDS},
            timeout=_TIMEOUT_SECONDS,
            name="profile",
        )
    except (GraphError, NotSentError, NoAnswerError) as error:
        outcome = _outcome(error)
        metrics.PROFILES.labels(outcome).inc()
        log.info("profile not readable", person=person, outcome=outcome, error=type(error).__name__)
        raise
    metrics.PROFILES.labels("read").inc()
    return _profile(raw)


async def read_profiles(
    database: Database, graph: Graph, wanted: Iterable[tuple[Any, str, str, str | None]]
) -> dict[Any, Profile]:
    """Profiles by key, of ``(key, person, page token, app secret)``; those that cannot be read are missing.

    Where a limit is met those who are yet to be asked for are left out.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    found: dict[Any, Profile] = {}
    limited: set[str] = set()

    async def read(key: Any, person: str, token: str, secret: str | None) -> None:
        async with gate:
            if token in limited:
                return
            try:
                found[key] = await read_profile(graph, person, token, secret)
            except (GraphError, NotSentError, NoAnswerError) as error:
                if await heard(database, error):
                    limited.add(token)

    await asyncio.gather(*(read(*one) for one in wanted))
    return found


def _outcome(error: Exception) -> str:
    if isinstance(error, GraphError):
        return _REFUSALS.get(error.code, "refused")
    return "no_answer"


def _profile(raw: dict[str, Any]) -> Profile:
    fields = {name: raw.get(name) for name in _FIELDS.split(",")}
    known = {name: value for name, value in fields.items() if isinstance(value, str | int | bool)}
    texts = {name: _clean(value) for name, value in known.items() if isinstance(value, str)}
    return Profile(texts.get("name"), texts.get("username"), texts.get("profile_pic"), known | texts)


def _clean(text: str) -> str:
    return text.replace("\0", "")[:2048]
