"""Everything that knows Instagram (Meta reference). What knows Sunshine's words only, stands in ``messaging``.

receive   plain ASGI: signature, journal, 200          graph     the HTTP client of the Graph API
flood     whether webhooks come in a flood             journal   webhooks as they came, and the jobs that name them
filing    the `filing` lanes                           leftovers items that were not applied, and why
envelope  a webhook's bytes -> its items               errors    Meta's codes -> outcomes, one table
wire      an item -> a typed event, pure               render    content -> send parts, pure
mapping   events -> arrivals, pure                     contents  attachments -> content, pure
steps     what waits, in its order                     ledger    the send ledger's SQL
plan      what a batch comes to                        echoes    own sends told apart from others'
confirmations  that messages of ours reached the person
inbound   the `inbound` lanes                          outbound  the `send` lanes
media     media of messages, by proxy                  refusals  what a refusal tells besides
profiles  the `profile` lanes                          activities typing, seen marks, reactions
connect   token, Page, account, subscriptions          accounts  Facebook apps and connected accounts
quoting   which message an answer quotes               uploads   stored files sent by Meta's own copy
limits    what Meta takes at most                      capabilities what goes in and out, as a table
backfill  what webhooks missed, from Meta's threads    conversions  events for Meta's ad measurement
flavours  Meta's two logins, as a table                logins    how an account is connected by each
renewal   tokens that end, refreshed before they do    connect_instagram  the token's owner, exchange, subscription
pace      how fast an account is asked                 pauses    who is to be left alone for a while
usage     what Meta's headers tell of its limits       meter     has accounts slow down or pause in time
turns     what is written of many sends together       judging   what to do next about a message, pure
callbacks the owner takes consent back                 departure the `departure` lanes
erasure   out of the journal: `unsent`, `people`       journal_people  whose items stand in the journal
"""

from heliograph.channels.instagram.channel import InstagramChannel

__all__ = ["InstagramChannel"]
