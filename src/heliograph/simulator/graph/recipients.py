"""Who sends to whom: what a send, an upload and a change of hands check before they do anything."""

from dataclasses import dataclass

from heliograph.simulator import access, routing
from heliograph.simulator.errors import refuse
from heliograph.simulator.graph import private_replies
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Account, Comment, Page, Thread, Token


@dataclass(frozen=True, slots=True)
class Addressed:
    """A send that may reach somebody. ``comment``: the one that it answers privately."""

    token: Token
    page: Page
    account: Account
    thread: Thread
    comment: Comment | None


def addressed(call: Call, page: Page | None) -> Addressed:
    """Who sends to whom, when they may: a person, by their IGSID, or whoever wrote a comment."""
    token, own, account = sender(call, page)
    given = call.params.get("recipient")
    if not isinstance(given, dict):
        raise refuse("parameter_missing", name="recipient")
    comment = None
    if "comment_id" in given:
        comment = private_replies.comment(call, token, own, account, str(given["comment_id"]))
        thread = call.world.threads.between(account, call.world.state.people[comment.person_id])
    else:
        thread = thread_of(call, account, str(given.get("id")))
    _check_reach(call, token, own, thread)
    if comment is None and not routing.may_answer(thread, own, token.app_id, call.world.clock.now_ms()):
        raise not_owner(call)
    return Addressed(token, own, account, thread, comment)


def sender(call: Call, page: Page | None) -> tuple[Token, Page, Account]:
    """Who calls for which Page and account, when they may message for it at all."""
    token, own = call.page_token(page)
    account = call.account_of(own)
    call.check(token, own, call.flavour.send_scope, account.id, "permission_app", "MESSAGING")
    if not account.allow_messages:
        raise refuse("messages_access_off")
    if token.app_id in own.blocked_apps:
        raise refuse("business_blocked")
    if account.restriction:
        raise refuse(account.restriction, method=call.method.lower())
    return token, own, account


def thread_of(call: Call, account: Account, igsid: str) -> Thread:
    """The thread of a person with the account; 100/2534014 for nobody and for another account's IGSID."""
    thread = call.world.state.by_igsid.get(igsid)
    if thread is None or thread.account_id != account.id:
        raise refuse("no_user")
    return thread


def not_owner(call: Call) -> Exception:
    """The refusal of an app that has not the thread, in the wording that the world has chosen."""
    return refuse(f"not_owner_{call.world.rules.not_owner}")


def _check_reach(call: Call, token: Token, page: Page, thread: Thread) -> None:
    """Whether the person can be reached: by anybody, and by this app."""
    person = call.world.state.people[thread.person_id]
    if not person.reachable or person.refusal:
        raise refuse(person.refusal or "unreachable")
    if thread.archived:
        raise refuse("thread_archived")
    app = call.world.state.apps[token.app_id]
    if refusal := access.may_message(app, page, thread, person, call.world.rules):
        raise refuse(refusal)
