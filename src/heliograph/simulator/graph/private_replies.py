"""Private replies to comments: ``recipient.comment_id`` (Meta reference 2.4).

One for each comment, within seven days, for a live comment while the broadcast lasts. A reply opens no window and asks
for none, and it is answered even while another app owns the thread (gotcha 12).
"""

from heliograph.simulator.errors import refuse
from heliograph.simulator.graph.call import Call
from heliograph.simulator.models import Account, Comment, Page, Token

LIFE_MS = 7 * 24 * 3_600_000


def comment(call: Call, token: Token, page: Page, account: Account, comment_id: str) -> Comment:
    """The comment that may be answered now.

    Raises 200/2534066 for a permission that is missing, -1/2534023 for a second reply, 100/2534025 for the rest.
    """
    assets = {"pages_messaging": page.id}
    for scope in call.flavour.private_reply_scopes:
        call.check(token, page, scope, assets.get(scope, account.id), "permission_reply", "MESSAGING")
    if call.world.rules.private_reply_needs_feature and not call.world.state.apps[token.app_id].human_agent:
        raise refuse("capability")
    found = call.world.state.comments.get(comment_id)
    if found is None or found.account_id != account.id or found.deleted:
        raise refuse("comment_invalid")
    if found.reply_mid:
        raise refuse("comment_replied")
    if found.live and not call.world.state.posts[found.post_id].live:
        raise refuse("comment_invalid")
    if call.world.clock.now_ms() - found.created_ms > LIFE_MS:
        raise refuse("comment_invalid")
    call.world.limits.take("live_reply" if found.live else "private_reply", account.id)
    return found
