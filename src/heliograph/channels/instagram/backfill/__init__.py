"""Backfill: what webhooks missed, brought in from Meta's Conversations API (Meta reference 1.4, 5.2).

worker    the `backfill` lanes: one run after another for each integration
looks     what is asked of Meta, one call a look
steps     the rules of a step, pure
todo      the threads in which something is missing, pure
runs      the SQL of runs, and of how far each account has been compared
listing   Meta's answers -> threads and messages, pure
retold    a message as Meta lists it -> the webhook that it would have been, pure
schedule  when runs begin by themselves: downtime, reconnection, interval
"""

from heliograph.channels.instagram.backfill.runs import BACKFILL_LANE, pruning
from heliograph.channels.instagram.backfill.schedule import Schedule
from heliograph.channels.instagram.backfill.worker import BackfillWorker

__all__ = ["BACKFILL_LANE", "BackfillWorker", "Schedule", "pruning"]
