"""Customer webhooks: schedule, signing, address guard, worker, attempt log.

Invariant: every event reaches every webhook that asked for it at least once, or ends in the attempt log as failed.
Order is kept per (webhook, conversation): each is a lane.
"""
