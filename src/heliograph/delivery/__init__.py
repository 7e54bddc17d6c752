"""Customer webhooks: events on their way to the addresses that asked for them.

worker     the `webhook` lanes, and the attempt log     payload   what one POST carries, pure
sender     one POST, and what its answer means          schedule  when a failed one is tried again, pure
guard      which addresses may be posted to             removal   the `removal` lanes: OAuth clients told that they are out

A POST is known by the webhook's secret in ``X-API-Key``; bodies are not signed.

Invariant: every event reaches every webhook that asked for it at least once, or ends in the attempt log as failed.
Order is kept per (webhook, conversation): each is a lane.
"""
