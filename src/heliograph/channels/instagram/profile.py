"""Profiles of people (Meta reference 5.1). A failing profile is normal and blocks nothing."""

import asyncio
from collections.abc import Iterable
from typing import Any

from heliograph.channels.instagram.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.messaging.arrivals import Profile
from heliograph.telemetry.logs import get_logger

log = get_logger("instagram")

_FIELDS = "name,username,profile_pic,follower_count,is_user_follow_business,is_business_follow_user,is_verified_user"
_TIMEOUT_SECONDS = 3.0
_AT_ONCE = 20


async def read_profiles(graph: Graph, wanted: Iterable[tuple[Any, str, str, str | None]]) -> dict[Any, Profile]:
    """Profiles by key, of ``(key, person, page token, app secret)``; those that cannot be read are missing."""
    gate = asyncio.Semaphore(_AT_ONCE)
    found: dict[Any, Profile] = {}

    async def read(key: Any, person: str, token: str, secret: str | None) -> None:
        async with gate:
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
                log.info("profile not readable", person=person, error=type(error).__name__)
                return
            found[key] = _profile(raw)

    await asyncio.gather(*(read(*one) for one in wanted))
    return found


def _profile(raw: dict[str, Any]) -> Profile:
    fields = {name: raw.get(name) for name in _FIELDS.split(",")}
    known = {name: value for name, value in fields.items() if isinstance(value, str | int | bool)}
    texts = {name: _clean(value) for name, value in known.items() if isinstance(value, str)}
    return Profile(texts.get("name"), texts.get("username"), texts.get("profile_pic"), known | texts)


def _clean(text: str) -> str:
    return text.replace("\0", "")[:2048]
