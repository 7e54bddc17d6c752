"""The profile of somebody who wrote: ``GET /{igsid}``.

Source: Meta's user-profile page. Consent exists only once the person has written; before that the answer is 230. Asking
for a field that does not exist fails the whole call with 100.
"""

from typing import Any

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph.call import Call
from heliograph.simulator.graph.fields import select
from heliograph.simulator.models import Thread

_UNREADABLE = {"no_user": "no_profile", "unreachable": "profile_unavailable", "unavailable": "profile_unavailable"}
"""Somebody who blocked the account or is gone can not be read either."""


async def profile(call: Call, thread: Thread) -> dict[str, Any]:
    """The person's name, username and picture as the account may see them."""
    token, page = call.page_token()
    if page.account_id != thread.account_id:
        raise refuse("no_profile")
    account = call.account_of(page)
    if not account.allow_messages:
        raise refuse("messages_access_off")
    call.check(token, page, call.flavour.profile_scope, account.id, "permission", "MODERATE")
    call.check(token, page, call.flavour.read_scope, account.id, "permission_app")
    person = call.world.state.people[thread.person_id]
    resolvers = {
        "id": lambda _: thread.igsid,
        "name": lambda _: person.name,
        "username": lambda _: person.username,
        "profile_pic": lambda _: f"{call.world.cdn.origin}/_simulator/pictures/{person.id}.png",
        "follower_count": lambda _: int(person.id[-3:]),
        "is_user_follow_business": lambda _: account.id in person.follows,
        "is_business_follow_user": lambda _: account.id in person.followed_by,
        "is_verified_user": lambda _: False,
    }
    answer = select("IGBusinessScopedUser", call.fields("name,username,profile_pic"), resolvers)
    if person.refusal in _UNREADABLE:
        raise refuse(_UNREADABLE[person.refusal])
    if not thread.last_action_ms or not person.profile_available:
        raise refuse("no_consent")
    return answer


async def missing(call: Call) -> dict[str, Any]:
    """A number that could be an IGSID and is nobody's: 9010."""
    call.token()
    raise refuse("no_profile")
