"""Everything that knows Instagram (Meta reference). What knows Sunshine's words only, stands in ``messaging``.

receive   plain ASGI: signature, journal, 200          graph     the HTTP client of the Graph API
flood     whether webhooks come in a flood             journal   webhooks as they came, and the jobs that name them
filing    the `filing` lanes                           leftovers items that were not applied, and why
envelope  a webhook's bytes -> its items               errors    Meta's codes -> outcomes, one table
wire      an item -> a typed event, pure               render    content -> send parts, pure
mapping   events -> arrivals, pure                     ledger    the send ledger's SQL
inbound   the `inbound` lanes                          outbound  the `send` lanes
connect   token, Page, account, subscriptions          accounts  Facebook apps and connected accounts
backfill  what webhooks missed, from the Conversations API   conversions  events for Meta's ad measurement
"""

from heliograph.channels.instagram.channel import InstagramChannel

__all__ = ["InstagramChannel"]
