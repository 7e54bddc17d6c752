"""The checks of what Meta said to our sends (Meta reference 2.3, 3.2). Pure.

A *refusal* told that the access is gone, and stops the sends until it is lifted. An *objection* was about what the app or
the account may do: the sends go on, and one that Meta takes ends it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from heliograph.channels.health import SENDING, Finding, State
from heliograph.channels.instagram.doctor.facts import Facts, LastRefusal, Linked, NotTold, Refused, Threads
from heliograph.channels.instagram.doctor.permission_checks import granted_all, lacks_right
from heliograph.channels.instagram.doctor.words import (
    ACCOUNT_STATUS,
    APPS,
    LOG_IN_AGAIN,
    REVIEW,
    SUPPORT,
    Speaker,
    when,
)
from heliograph.channels.instagram.meta.errors import meaning
from heliograph.channels.instagram.meta.refusals import ABOUT_MODE

# A refusal that nothing else explains stops the sends for so long; then the next one tries.
HELD = timedelta(hours=1)
_TAG_REMEMBERED = timedelta(days=7)
# After so long without another an objection may be over, and nobody has tried.
_OBJECTION_REMEMBERED = timedelta(days=1)
_NOT_LINKED = (100, 2534013)
_ACCESS_OFF = (200, 2534041)
# By Instagram Login: the account has no role on the app (4.6).
_EVERY_CALL = (100, None)


@dataclass(frozen=True, slots=True)
class Objection:
    """What one of Meta's errors means for an account's sends, and what to do."""

    state: State
    what: str
    repair: tuple[str, ...]
    link: str


_WAIT = "It ends by itself. Until then send no promotion, and nothing to people who did not write."
_LOOK = (
    "In the Instagram app open the account's Settings, then Account status: it says what Meta holds against it.",
    "Ask for a review there if it is a mistake.",
)
OBJECTIONS: Mapping[tuple[int, int | None], Objection] = {
    (100, 2534029): Objection(
        State.BROKEN,
        "Meta blocks this business from the messaging API.",
        ("In Meta's Business Support Home look for what is held against the business, and ask for a review.",),
        SUPPORT,
    ),
    (10, 1893063): Objection(
        State.WARNING, "Meta restricts this account from messaging for policy reasons.", (*_LOOK, _WAIT), ACCOUNT_STATUS
    ),
    (368, None): Objection(
        State.WARNING, "Meta blocks the account for a while for breaking a policy.", (*_LOOK, _WAIT), ACCOUNT_STATUS
    ),
    (36103, None): Objection(
        State.BROKEN,
        "Meta does not let this account use the messaging API.",
        (
            "In the Instagram app open the account's Settings, then Account type: it must be a business or creator account.",
            "If it is one, ask Meta's support; some kinds of accounts come later than others.",
        ),
        SUPPORT,
    ),
    (10904, None): Objection(
        State.WARNING,
        "Messages are switched off for this account.",
        ("In the Instagram app open the account's Settings, then Messages and story replies, and allow messages.",),
        ACCOUNT_STATUS,
    ),
    (613, 2018338): Objection(
        State.WARNING,
        "Meta warns that the human agent tag is misused.",
        ("Let people write what goes out after 24 hours, and nothing that promotes.",),
        SUPPORT,
    ),
}


def human_agent(say: Speaker, facts: Facts) -> Finding:
    """The feature Human Agent, by which people are answered after 24 hours (Meta reference 2.3)."""
    at = facts.tag_refused_at
    if at is None or facts.our_now - at > _TAG_REMEMBERED:
        return say.well("No answer with the human agent tag was refused lately.")
    return say.warns(
        f"On {when(at)} Meta refused an answer with the human agent tag, although seven days were not over: the app lacks"
        " the feature Human Agent, most likely.",
        "Answers later than 24 hours after the person's last message fail.",
        "In Meta's App Dashboard, under App Review, Permissions and features, ask for Human Agent.",
        "Until you have it: answer within 24 hours.",
        link=REVIEW,
    )


def sends(say: Speaker, facts: Facts) -> Finding:
    """What Meta last refused messages with, where nothing above explains it."""
    refusal = facts.refusal
    found = say.well("Meta has refused no message for want of access.")
    if refusal is not None:
        found = _refused(say, facts, refusal)
    objection = objected(facts)
    if found.state is not State.OK or objection is None:
        return found
    return _objected(say, facts, objection)


def objected(facts: Facts) -> LastRefusal | None:
    """What Meta objected to lately."""
    one = facts.objection
    return one if one is not None and facts.our_now - one.at <= _OBJECTION_REMEMBERED else None


def _objected(say: Speaker, facts: Facts, objection: LastRefusal) -> Finding:
    code, subcode, said = objection.code or 0, objection.subcode, objection.told()
    on = f"On {when(objection.at)} Meta refused a message"
    seen = {_ACCESS_OFF: facts.threads, _EVERY_CALL: facts.linked}.get((code, subcode))
    if isinstance(seen, Threads | Linked):
        return say.well(f"{on}, and would take it now.")
    if _told_elsewhere(facts, said):
        return say.pointless("What Meta refused is explained by another finding.")
    known = OBJECTIONS.get((code, subcode)) or (OBJECTIONS.get((code, None)) if code != 10 else None)
    if known is None:
        meant = meaning(code, subcode, transient=False, status=400)
        return say.warns(
            f"{on}, and nothing that can be seen explains it: {said.named()}.",
            "This message failed; others may fail likewise. One that Meta takes ends this warning.",
            meant.advice,
            link=APPS,
            underlying=said.underlying(),
        )
    told = say.broken if known.state is State.BROKEN else say.warns
    return told(
        f"{known.what} {on}: {said.named()}.",
        "Messages fail one by one. One that Meta takes ends this finding.",
        *known.repair,
        link=known.link,
        underlying=said.underlying(),
    )


def _told_elsewhere(facts: Facts, said: Refused) -> bool:
    """Whether another check says why: app mode, message access, permissions and tasks."""
    if (said.code, said.subcode) in {*ABOUT_MODE, _ACCESS_OFF, _EVERY_CALL}:
        return True
    return lacks_right(said) and (lacks_right(facts.threads) or not granted_all(facts))


def _refused(say: Speaker, facts: Facts, refusal: LastRefusal) -> Finding:
    seen = _explains(facts, refusal.code, refusal.subcode)
    if seen is False:
        return say.pointless("What Meta refused is explained by another finding.")
    if seen is True and not refusal.again:
        return say.well(f"Meta refused a message on {when(refusal.at)}, and would take it now.")
    if seen is not None and facts.our_now - refusal.at >= HELD:
        return say.well(f"Meta refused a message on {when(refusal.at)}; the next one may try.")
    meant = meaning(refusal.code or 0, refusal.subcode, transient=False, status=400)
    underlying = refusal.told()
    return say.broken(
        f"On {when(refusal.at)} Meta refused a message, and nothing that can be seen explains it: {underlying.named()}.",
        f"No message is sent for {HELD // timedelta(hours=1)} hour; then the next one tries again.",
        meant.advice,
        *LOG_IN_AGAIN,
        link=APPS,
        stops=(SENDING,),
        code="unauthorized",
        underlying=underlying.underlying(),
    )


def _explains(facts: Facts, code: int | None, subcode: int | None) -> bool | None:
    """Whether the reason for a refusal is gone, as far as it can be seen: False: it is there, None: nobody knows."""
    if isinstance(facts.token, NotTold | Refused):
        return None
    if not facts.token.valid:
        return False
    if (code, subcode) == _NOT_LINKED:
        linked = facts.linked
        return linked.account_id == facts.account_id if isinstance(linked, Linked) else None
    # Of the rest the token's own word must do; what it does not tell, comes back with the next message.
    return True
