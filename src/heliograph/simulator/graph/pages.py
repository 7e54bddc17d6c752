"""Pages, their professional accounts, and the user who runs them."""

from typing import Any

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import tokens
from heliograph.simulator.graph.apps import check_names, field_list
from heliograph.simulator.graph.call import Call
from heliograph.simulator.graph.fields import ABSENT, Field, select
from heliograph.simulator.models import Account, Owner, Page, Token

PAGE_FIELDS = (
    "feed",
    "mention",
    "name",
    "picture",
    "category",
    "description",
    "conversations",
    "leadgen",
    "messages",
    "messaging_account_linking",
    "messaging_postbacks",
    "messaging_optins",
    "messaging_referrals",
    "messaging_handovers",
    "messaging_policy_enforcement",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "message_reactions",
    "message_edits",
    "message_context",
    "standby",
)
"""Names that ``subscribed_fields`` accepts. They are the Page's; names of the object *instagram* are refused."""

TASKS = ["ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE"]
_ACCOUNTS_LIMIT = 25


async def me(call: Call) -> dict[str, Any]:
    """``GET /me``: the Page of a Page token, the user of a user token."""
    token = call.token()
    if token.page_id:
        return page_node(call, token, call.world.state.pages[token.page_id], call.fields("name,id"))
    owner = call.world.state.owners[token.owner_id]
    return select("User", call.fields("name,id"), _owner_resolvers(call, token, owner))


async def page(call: Call, node: Page) -> dict[str, Any]:
    """``GET /{page-id}``, for the Page's own token or its owner's."""
    token = call.token()
    if token.page_id != node.id and (token.page_id or token.owner_id != node.owner_id):
        raise call.unsupported(node.id)
    if token.page_id is None:
        call.world.limits.take("page", node.id)
    return page_node(call, token, node, call.fields("name,id"))


async def accounts(call: Call) -> dict[str, Any]:
    """``GET /me/accounts``: the Pages of a user, with tokens. Without ``pages_show_list`` the list is empty; Pages of a
    business portfolio are left out without ``business_management`` (Meta reference 4.2)."""
    token = call.token()
    if token.page_id:
        raise refuse("unknown_field", field="accounts", node="Page")
    default = "access_token,category,name,id,tasks"
    return _accounts(call, token, call.fields(default))


def _accounts(call: Call, token: Token, wanted: tuple[Field, ...]) -> dict[str, Any]:
    mine = [
        one
        for one in call.world.state.pages.values()
        if not one.hidden
        and one.owner_id == token.owner_id
        and one.tasks != []
        and (not one.portfolio or "business_management" in token.scopes)
        and tokens.covers(token, "pages_show_list", one.id)
    ]
    chosen, paging = call.page_of(mine, lambda one: str(one.id), _ACCOUNTS_LIMIT)
    answer: dict[str, Any] = {"data": [page_node(call, token, one, wanted) for one in chosen]}
    if paging:
        answer["paging"] = paging
    return answer


async def permissions(call: Call) -> dict[str, Any]:
    """``GET /me/permissions``: what the person granted and declined."""
    token = call.token()
    consent = call.world.consents.of(token.app_id, token.owner_id) if token.type != "instagram" else None
    told = dict.fromkeys(token.scopes, "granted")
    told |= {scope: "declined" for scope in (consent.declined if consent else ()) if scope not in told}
    return {"data": [{"permission": scope, "status": status} for scope, status in told.items()]}


async def account(call: Call, node: Account) -> dict[str, Any]:
    """``GET /{ig-account-id}``."""
    token = call.token()
    owner_page = call.world.state.pages[node.page_id]
    if token.page_id not in (None, owner_page.id) or token.owner_id != owner_page.owner_id:
        raise call.unsupported(node.id)
    if not tokens.covers(token, call.flavour.profile_scope, node.id):
        raise refuse("permission")
    return account_node(call, node, call.fields("id"))


async def subscribe(call: Call, node: Page) -> dict[str, Any]:
    """``POST /{page-id}/subscribed_apps``. The list replaces the former one; one wrong name refuses all."""
    token = _subscriber(call, node)
    fields = field_list(call.params.get("subscribed_fields"))
    if not fields:
        raise refuse("parameter_missing", name="subscribed_fields")
    check_names("subscribed_fields", fields, PAGE_FIELDS)
    if "messages" in fields and not tokens.covers(token, call.flavour.messages_field_scope, node.id):
        raise refuse("permission_messages_field", field="messages")
    node.subscribed[token.app_id] = fields
    call.world.state.save(node)
    return {"success": True}


async def subscribed(call: Call, node: Page) -> dict[str, Any]:
    """``GET /{page-id}/subscribed_apps``."""
    _subscriber(call, node)
    return _listed(call, node.subscribed)


async def unsubscribe(call: Call, node: Page) -> dict[str, Any]:
    """``DELETE /{page-id}/subscribed_apps``."""
    token = _subscriber(call, node)
    node.subscribed.pop(token.app_id, None)
    call.world.state.save(node)
    return {"success": True}


async def subscribe_account(call: Call, node: Account) -> dict[str, Any]:
    """``POST /{ig-account-id}/subscribed_apps``, with Instagram's names and the Page token."""
    token, _ = _account_subscriber(call, node)
    fields = field_list(call.params.get("subscribed_fields"))
    if not fields:
        raise refuse("parameter_missing", name="subscribed_fields")
    check_names("subscribed_fields", fields, call.flavour.account_fields)
    if "comments" in fields and not tokens.covers(token, call.flavour.comments_scope, node.id):
        raise refuse("permission_scope", scope=call.flavour.comments_scope)
    node.subscribed[token.app_id] = fields
    call.world.state.save(node)
    return {"success": True}


async def subscribed_account(call: Call, node: Account) -> dict[str, Any]:
    """``GET /{ig-account-id}/subscribed_apps``."""
    _account_subscriber(call, node)
    return _listed(call, node.subscribed)


async def unsubscribe_account(call: Call, node: Account) -> dict[str, Any]:
    """``DELETE /{ig-account-id}/subscribed_apps``."""
    token, _ = _account_subscriber(call, node)
    node.subscribed.pop(token.app_id, None)
    call.world.state.save(node)
    return {"success": True}


def _listed(call: Call, subscribed: dict[str, list[str]]) -> dict[str, Any]:
    apps = call.world.state.apps
    return {
        "data": [
            {
                "category": "Business",
                "link": f"{call.world.cdn.origin}/",
                "name": apps[app_id].name,
                "id": app_id,
                "subscribed_fields": fields,
            }
            for app_id, fields in subscribed.items()
        ]
    }


def _account_subscriber(call: Call, node: Account) -> tuple[Token, Page]:
    token, own = call.page_token()
    if own.account_id != node.id:
        raise call.unsupported(node.id)
    asset = node.id if call.flavour.instagram else own.id
    call.check(token, own, call.flavour.subscribe_scope, asset, call.flavour.subscribe_refusal, "MODERATE")
    return token, own


def _subscriber(call: Call, node: Page) -> Token:
    token, _ = call.page_token(node)
    call.check(token, node, call.flavour.subscribe_scope, node.id, "permission_metadata", "MODERATE")
    return token


def page_node(call: Call, token: Token, node: Page, wanted: tuple[Field, ...]) -> dict[str, Any]:
    """A Page's fields as a token may see them."""
    linked = call.world.state.accounts.get(node.account_id) if node.account_id else None

    def instagram(asked: Field) -> Any:
        return connected(asked) if linked and linked.professional else ABSENT

    def connected(asked: Field) -> Any:
        if linked is None or not tokens.covers(token, call.flavour.profile_scope, linked.id):
            return ABSENT
        return account_node(call, linked, asked.names("id"))

    return select(
        "Page",
        wanted,
        {
            "id": lambda _: node.id,
            "name": lambda _: node.name,
            "category": lambda _: "Shopping & retail",
            "link": lambda _: f"{call.world.cdn.origin}/{node.id}",
            "tasks": lambda _: (TASKS if node.tasks is None else node.tasks) if token.page_id is None else ABSENT,
            "access_token": lambda _: _page_token(call, token, node),
            "instagram_business_account": instagram,
            "connected_instagram_account": connected,
            "messaging_feature_status": lambda _: feature_status(node),
        },
    )


def feature_status(node: Page) -> dict[str, bool]:
    """How conversations are routed: ``hop_v2`` with a default app, ``ig_multi_app`` with several apps."""
    return {
        "hop_v2": node.default_app_id is not None,
        "msgr_multi_app": True,
        "ig_multi_app": len(node.subscribed) > 1,
    }


def account_node(call: Call, node: Account, wanted: tuple[Field, ...]) -> dict[str, Any]:
    """A professional account's fields."""
    return select(
        "IGUser",
        wanted,
        {
            "id": lambda _: node.id,
            "ig_id": lambda _: node.id,
            "username": lambda _: node.username,
            "name": lambda _: node.name,
            "profile_picture_url": lambda _: f"{call.world.cdn.origin}/_simulator/pictures/{node.id}.png",
            "biography": lambda _: f"{node.name} on the simulator",
            "website": lambda _: ABSENT,
            "followers_count": lambda _: len(call.world.state.people),
            "follows_count": lambda _: 0,
            "media_count": lambda _: len(call.world.threads.stories_of(node.id)),
        },
    )


def _owner_resolvers(call: Call, token: Token, owner: Owner) -> dict[str, Any]:
    return {
        "id": lambda _: owner.id,
        "name": lambda _: owner.name,
        "accounts": lambda asked: _accounts(call, token, asked.names("access_token,category,name,id,tasks")),
    }


def _page_token(call: Call, token: Token, node: Page) -> Any:
    """The Page token that belongs to a user token: the same one at every reading. A Page token sees itself."""
    if token.page_id:
        return token.value
    state, now = call.world.state, call.world.clock.now_ms()
    for one in state.tokens.values():
        same = (one.page_id, one.app_id, one.issued_at) == (node.id, token.app_id, token.issued_at)
        # Another one of the same second may have died since.
        if same and one.invalid_subcode is None and (not one.expires_at or now < one.expires_at * 1000):
            return one.value
    owner = state.owners[token.owner_id]
    minted = tokens.mint(call.world, state.apps[token.app_id], node, owner, list(token.scopes), dict(token.targets))
    minted.issued_at = token.issued_at
    state.save(minted)
    return minted.value
