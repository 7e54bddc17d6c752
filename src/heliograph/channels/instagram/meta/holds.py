"""Holds: what an error of Meta's asks for beyond the call that got it, whichever call that was (Meta reference 3.2 "RL").

    sending ──▶ stop_of ──▶ the pause is part of its turn's transaction
    others  ──▶ heard ──▶ stop_of ──▶ a transaction of its own ──▶ waiting conversations are set aside

Invariant: Meta counts all calls of an account together, so a limit that one kind of work meets holds for every other.
"""

from heliograph.channels.instagram.meta import pauses
from heliograph.channels.instagram.meta.errors import Hold, Whose, meaning
from heliograph.channels.instagram.meta.graph import Caller, GraphError
from heliograph.channels.instagram.meta.pace import LIMITS, Kind, Rate
from heliograph.storage import Database

# Seconds between two conversations of an account that come back after a pause.
_EACH = 1 / Rate.of(LIMITS[Kind.SEND]).per_second


def stop_of(hold: Hold | None, caller: Caller, code: int | None, subcode: int | None) -> pauses.Stop | None:
    """Who is to pause, why and for how long, when a call for ``caller`` got this; None: nobody. Pure."""
    if hold is None:
        return None
    subject = pauses.app(caller.facebook_app) if hold.whose is Whose.APP else pauses.account(caller.account_id)
    reason = f"code {code}" + (f"/{subcode}" if subcode else "")
    return pauses.Stop(subject, reason if code else "refused", hold.seconds)


async def heard(database: Database, error: Exception) -> float:
    """Pause whom an error of the Graph client's says; for how many seconds that holds from now on. 0.0: for nobody.

    An error of a call for no account, with a token that is not stored, pauses nobody.
    """
    if not isinstance(error, GraphError) or error.caller is None:
        return 0.0
    meant = meaning(error.code, error.subcode, transient=error.transient, status=error.status)
    stop = stop_of(meant.hold, error.caller, error.code, error.subcode)
    if stop is None:
        return 0.0
    async with database.transaction() as connection:
        left, new = await pauses.pause(connection, [stop])
    if new:
        await pauses.set_aside(database, left, each=_EACH)
    return left[stop.subject]
