"""One call of the Graph API: its parameters, its token, and what is to happen after the answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from heliograph.simulator import access, ids
from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import tokens
from heliograph.simulator.graph.fields import Field, parse
from heliograph.simulator.graph.flavours import Flavour
from heliograph.simulator.models import Account, App, Page, Token
from heliograph.simulator.world import World

_JSON_PARAMETERS = frozenset(
    {"recipient", "message", "payload", "reply_to", "thread_control", "ice_breakers", "persistent_menu", "data"}
)
"""Parameters that are objects; a form carries them as JSON text."""


Files = dict[str, tuple[str, str, bytes]]

TASK_NAMES = {
    "MESSAGING": frozenset({"MESSAGING", "MODERATE", "PROFILE_PLUS_MESSAGING", "PROFILE_PLUS_FULL_CONTROL"}),
    "MODERATE": frozenset({"MODERATE", "PROFILE_PLUS_MODERATE", "PROFILE_PLUS_FULL_CONTROL"}),
}
"""The tasks of a Page's owner that allow what needs a task; older Pages have no task MESSAGING."""


@dataclass(slots=True)
class Call:
    """A call being answered. ``params`` joins query and body, as Meta does; the body wins."""

    world: World
    flavour: Flavour
    method: str
    path: str
    segments: tuple[str, ...]
    params: dict[str, Any]
    bearer: str | None
    url: str
    after: list[Callable[[], None]] = field(default_factory=list)
    note: str = ""
    """What the call was about, in a few words for the wire log."""
    use_case: str = "pages"
    """The business use case whose limit the call counts for, by its object."""
    app_id: str | None = None
    page: Page | None = None
    files: Files = field(default_factory=dict)
    """Files of a multipart body: content type, name and bytes by the part's name."""

    def text(self, name: str) -> str | None:
        """A parameter as text, None when it is absent."""
        value = self.params.get(name)
        return None if value is None else str(value)

    def required(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.text(name)
        if not value:
            raise refuse("parameter_missing", name=name)
        return value

    def fields(self, default: str) -> tuple[Field, ...]:
        """The ``fields`` parameter, or the node's own default."""
        return parse(self.text("fields") or default)

    def app_from_token(self) -> App:
        """The app that calls with its app token."""
        value = self.bearer or self.text("access_token")
        if not value:
            raise refuse("token_missing")
        app = tokens.app_of(self.world, value)
        tokens.check_proof(app, value, self.text("appsecret_proof"))
        self.app_id = app.id
        self.world.limits.take("app", app.id)
        return app

    def token(self) -> Token:
        """The living Page or user token of this call, its proof checked."""
        value = self.bearer or self.text("access_token")
        if not value:
            raise refuse("token_missing_me" if self.segments[:1] == ("me",) else "token_missing")
        token = self.world.state.tokens.get(value)
        why = tokens.problem(self.world, token)
        if why:
            raise why
        assert token is not None
        if (token.type == "instagram") != self.flavour.instagram:
            # Each host knows its own tokens only.
            raise refuse("token_malformed")
        tokens.check_proof(self.world.state.apps[token.app_id], value, self.text("appsecret_proof"))
        self.app_id = token.app_id
        self.page = self.world.state.pages.get(token.page_id or "")
        self.world.limits.take("app", token.app_id)
        if token.page_id is None:
            self.world.limits.take("user", token.owner_id)
        if self.flavour.instagram and self.page and not self._has_role(token, self.page):
            raise refuse("no_role", method=self.method.lower())
        return token

    def _has_role(self, token: Token, page: Page) -> bool:
        """Instagram Login gives a token to anybody; without a role on the app every call with it fails alike (4.6)."""
        app = self.world.state.apps[token.app_id]
        return access.may_call(app, page, page.account_id, self.flavour.profile_scope)

    def page_token(self, page: Page | None = None) -> tuple[Token, Page]:
        """The Page token of this call and its Page, which must be ``page`` when that is given."""
        token = self.token()
        if token.page_id is None:
            raise refuse("token_not_page")
        if page is not None and page.id != token.page_id:
            raise self.unsupported(page.id)
        own = self.world.state.pages[token.page_id]
        self.world.limits.take(self.use_case, own.id if self.use_case == "pages" else own.account_id or own.id)
        return token, own

    def check(self, token: Token, page: Page, scope: str, asset_id: str, refusal: str, task: str | None = None) -> None:
        """Whether a token may do something: its scope for the asset, the owner's task, the app's access level.

        Raises the error called ``refusal`` for the scope, 200 for the task, code 3 for the app.
        """
        if not tokens.covers(token, scope, asset_id):
            raise refuse(refusal)
        if task and not self.flavour.instagram and page.tasks is not None and not (TASK_NAMES[task] & set(page.tasks)):
            raise refuse("permission_task", task=task)
        if not access.may_call(self.world.state.apps[token.app_id], page, page.account_id, scope):
            raise refuse("capability")

    def account_of(self, page: Page) -> Account:
        """The professional account linked to a Page; 100/2534013 when there is none."""
        account = self.world.state.accounts.get(page.account_id) if page.account_id else None
        if account is None or not account.professional:
            raise refuse("not_linked")
        return account

    def unsupported(self, object_id: str) -> Exception:
        """100/33, which Meta gives for a missing object and for a missing right alike."""
        return refuse("unsupported", method=self.method.lower(), id=object_id)

    def page_of(
        self, rows: list[Any], key: Callable[[Any], str], default_limit: int
    ) -> tuple[list[Any], dict[str, Any]]:
        """A page of ``rows`` by the parameters ``limit``, ``after`` and ``before``, and its ``paging`` object."""
        limit = self._limit(default_limit)
        keys = [key(row) for row in rows]
        after, before = self.text("after"), self.text("before")
        start = 0
        if after:
            start = _position(keys, after) + 1
        elif before:
            start = max(0, _position(keys, before) - limit)
        chosen = rows[start : start + limit]
        if not chosen:
            return [], {}
        cursors = {"before": ids.escape(keys[start]), "after": ids.escape(keys[start + len(chosen) - 1])}
        paging: dict[str, Any] = {"cursors": cursors}
        if start + limit < len(rows):
            paging["next"] = self._link({"limit": limit, "after": cursors["after"]})
        if start > 0:
            paging["previous"] = self._link({"limit": limit, "before": cursors["before"]})
        return chosen, paging

    def _limit(self, default: int) -> int:
        value = self.text("limit")
        if value is None:
            return default
        if not value.isdecimal() or not 0 < int(value) <= 5000:
            raise refuse("parameter", reason="Param limit must be a number between 1 and 5000")
        return int(value)

    def _link(self, replaced: dict[str, Any]) -> str:
        left_out = ("after", "before", "limit", "client_secret")
        kept = {name: value for name, value in self.params.items() if name not in left_out}
        if self.bearer:
            kept["access_token"] = self.bearer
        return f"{self.world.cdn.origin}{self.url}?{urlencode({**kept, **replaced})}"


def _position(keys: list[str], cursor: str) -> int:
    try:
        return keys.index(ids.unescape(cursor))
    except ValueError:
        raise refuse("parameter", reason="Invalid cursor") from None


def parameters(query: str, content_type: str, body: bytes, files: Files | None = None) -> dict[str, Any]:
    """Query and body of a call as one dict; the files of a form go into ``files``.

    Raises (#100) for a body that is not what it says.
    """
    params: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
    if not body:
        return params
    if content_type.startswith("application/json"):
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise refuse("bad_json") from None
        if not isinstance(parsed, dict):
            raise refuse("bad_json")
        params.update(parsed)
        return params
    for name, value in _form(content_type, body, files):
        params[name] = _object(name, value) if name in _JSON_PARAMETERS else value
    return params


def _form(content_type: str, body: bytes, files: Files | None) -> Iterator[tuple[str, str]]:
    """The fields of a form, of either kind. The standard library's mail parser knows multipart."""
    if not content_type.startswith("multipart/form-data"):
        yield from parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return
    parsed = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body
    )
    for part in parsed.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        if filename := part.get_filename():
            if files is not None:
                files[name] = (part.get_content_type(), filename, content)
        else:
            yield name, content.decode("utf-8", "replace")


def _object(name: str, value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise refuse("parameter", reason=f"Param {name} must be valid JSON") from None


def locale_of(world: World, params: dict[str, Any], call: Call | None) -> str:
    """The language of a refusal: that of the request, else of the token's owner, else of the world."""
    if asked := params.get("locale"):
        return str(asked)
    value = (call.bearer if call else None) or str(params.get("access_token"))
    token = world.state.tokens.get(value)
    owner = world.state.owners.get(token.owner_id) if token else None
    return (owner.locale if owner else None) or world.rules.locale
