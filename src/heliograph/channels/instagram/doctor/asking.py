"""Asking Meta, each thing once: what it says becomes facts. Whatever goes wrong is a fact, too; nothing is raised.

    token (debug_token, by the app) ──▶ it lives? ──▶ Page and account, tasks, subscriptions, threads, beside each other

By Instagram Login there is no ``debug_token``: the account itself is read, and that tells whether the token lives.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from heliograph.channels.instagram.accounts.facebook_login import app_token
from heliograph.channels.instagram.accounts.records import FacebookApp
from heliograph.channels.instagram.doctor.facts import (
    AppSubscription,
    Facts,
    Fields,
    Linked,
    NotTold,
    Refused,
    Threads,
    Token,
)
from heliograph.channels.instagram.meta import graph as metas
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Caller, Graph, GraphError, NoAnswerError, NotSentError, without

_DEAD = (190, 102)
_UNREADABLE = NotTold("Meta's answer cannot be read")
Answer = Mapping[str, Any] | Refused | NotTold


async def ask(graph: Graph, app: FacebookApp, token: metas.Token, facts: Facts) -> Facts:
    """``facts`` with what Meta tells. One call of the Conversations API is among them: the caller has its turn."""
    meta = _Meta(graph, app, token, Caller(facts.account_id, app.id))
    return await (_by_facebook(meta, facts) if facts.login == FACEBOOK else _by_instagram(meta, facts))


async def _by_facebook(meta: "_Meta", facts: Facts) -> Facts:
    told, app_subscription = await asyncio.gather(meta.token(), meta.app_subscription())
    facts = replace(facts, token=told, app_subscription=app_subscription)
    if isinstance(told, Token) and not told.valid:
        dead = NotTold("the token is not valid")
        return replace(facts, linked=dead, subscription=dead, threads=dead)
    linked, tasks, subscription, threads, demanded = await asyncio.gather(
        meta.linked(), meta.tasks(), meta.subscription(f"/{facts.page_id}"), meta.threads(facts), meta.proof_demanded()
    )
    return replace(
        facts, linked=linked, tasks=tasks, subscription=subscription, threads=threads, proof_demanded=demanded
    )


async def _by_instagram(meta: "_Meta", facts: Facts) -> Facts:
    me = await meta.me()
    if isinstance(me, Refused) and me.code in _DEAD:
        dead = NotTold("the token is not valid")
        return replace(facts, token=Token(False, me), linked=dead, subscription=dead, threads=dead)
    end = facts.token.expires_at if isinstance(facts.token, Token) else None
    token: Token | NotTold = me if isinstance(me, NotTold) else Token(True, expires_at=end)
    subscription, threads = await asyncio.gather(meta.subscription("/me"), meta.threads(facts))
    return replace(facts, token=token, linked=me, subscription=subscription, threads=threads)


class _Meta:
    """The calls, and how their answers are read. Nothing of them is trusted to have the documented shape."""

    def __init__(self, graph: Graph, app: FacebookApp, token: metas.Token, caller: Caller) -> None:
        self._graph = graph
        self._app = app
        self._token = token
        self._caller = caller

    async def _get(self, path: str, params: Mapping[str, str] | None = None, *, proof: bool = True) -> Answer:
        return await self._call(path, self._token, self._app.secret if proof else None, params)

    async def _get_as_app(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        return await self._call(path, app_token(self._app.id, self._app.secret), self._app.secret, params)

    async def _call(self, path: str, token: str, secret: str | None, params: Mapping[str, str] | None) -> Answer:
        try:
            return await self._graph.call(
                "GET", path, token, secret=secret, params=params, name="doctor", caller=self._caller
            )
        except GraphError as error:
            if error.passes:
                return NotTold(f"Meta answered {without(str(error), self._token)}")
            return Refused(error.code, error.subcode, without(error.message, self._token)[:500])
        except (NotSentError, NoAnswerError) as error:
            return NotTold(str(error))

    async def token(self) -> Token | Refused | NotTold:
        answer = await self._get_as_app("/debug_token", {"input_token": self._token})
        if isinstance(answer, Refused | NotTold):
            return answer
        data = _dict(answer.get("data"))
        error = _dict(data.get("error"))
        said = without(str(error.get("message", "")), self._token)[:500]
        scopes, valid = data.get("scopes"), data.get("is_valid")
        if not isinstance(valid, bool):
            return _UNREADABLE
        return Token(
            valid,
            Refused(_int(error.get("code")) or 190, _int(error.get("subcode")), said) if error else None,
            str(data.get("type", "")),
            _time(data.get("expires_at")),
            _time(data.get("data_access_expires_at")),
            frozenset(map(str, scopes)) if isinstance(scopes, list) else None,
            {
                str(one.get("scope")): frozenset(map(str, one["target_ids"]))
                for one in _rows(data, "granular_scopes")
                if isinstance(one.get("target_ids"), list)
            },
        )

    async def linked(self) -> Linked | Refused | NotTold:
        answer = await self._get("/me", {"fields": "id,name,instagram_business_account{id,username}"})
        if isinstance(answer, Refused | NotTold):
            return answer
        if not answer.get("id"):
            return _UNREADABLE
        account = _dict(answer.get("instagram_business_account"))
        key = str(account.get("id") or "")
        return Linked(key or None, str(answer.get("name") or ""), str(account.get("username") or ""))

    async def me(self) -> Linked | Refused | NotTold:
        answer = await self._get("/me", {"fields": "user_id,username"})
        if isinstance(answer, Refused | NotTold):
            return answer
        rows = _rows(answer, "data")
        bare = rows[0] if rows else answer
        if not bare.get("user_id"):
            return _UNREADABLE
        return Linked(str(bare["user_id"]), username=str(bare.get("username") or ""))

    async def tasks(self) -> frozenset[str] | None:
        """Told to the person's own token alone, as far as it is known; asked all the same."""
        answer = await self._get("/me", {"fields": "tasks"})
        found = answer.get("tasks") if isinstance(answer, Mapping) else None
        return frozenset(map(str, found)) if isinstance(found, list) else None

    async def app_subscription(self) -> AppSubscription | Refused | NotTold | None:
        answer = await self._get_as_app(f"/{self._app.id}/subscriptions")
        if isinstance(answer, Refused | NotTold):
            return answer
        for one in _rows(answer, "data"):
            if one.get("object") == "instagram":
                names = frozenset(str(field.get("name")) for field in _rows(one, "fields"))
                return AppSubscription(str(one.get("callback_url") or ""), names, one.get("active") is True)
        return None

    async def subscription(self, node: str) -> Fields | Refused | NotTold:
        answer = await self._get(f"{node}/subscribed_apps")
        if isinstance(answer, Refused | NotTold):
            return answer
        for one in _rows(answer, "data"):
            if str(one.get("id")) == self._app.id:
                names = one.get("subscribed_fields")
                return Fields(frozenset(map(str, names)) if isinstance(names, list) else frozenset())
        return Fields(None)

    async def threads(self, facts: Facts) -> Threads | Refused | NotTold:
        edge = facts.flavour.conversations.format(page_id=facts.page_id)
        answer = await self._get(edge, {"platform": "instagram", "fields": "id,updated_time", "limit": "1"})
        if isinstance(answer, Refused | NotTold):
            return answer
        times = [_iso(one.get("updated_time")) for one in _rows(answer, "data")]
        return Threads(max((at for at in times if at is not None), default=None))

    async def proof_demanded(self) -> bool | None:
        answer = await self._get("/me", {"fields": "id"}, proof=False)
        if isinstance(answer, NotTold):
            return None
        # A refusal that has another reason is had with the proof as well, and found there.
        return isinstance(answer, Refused) and (answer.code, answer.subcode) == (100, None)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(parent: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    rows = parent.get(name)
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _int(value: Any) -> int | None:
    return value if type(value) is int else None


def _time(value: Any) -> datetime | None:
    """Seconds since 1970; 0 is never."""
    return datetime.fromtimestamp(value, UTC) if type(value) is int and 0 < value < 2**33 else None


def _iso(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
