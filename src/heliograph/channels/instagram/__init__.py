"""Everything that knows Instagram (Meta reference). What knows Sunshine's words only, stands in ``messaging``.

    in   journal ──▶ inbound        missed   backfill ──▶ journal        out   sending

Its rooms, top floor first: each knows those below it only, and none of its own floor (`make lint` checks).

channel     all of it, as a channel of the server

assembly    what each room is given, and what of the others

inbound     items understood and applied                  backfill  what webhooks missed, from Meta's threads
onboarding  logging in at Meta, and choosing              doctor    what is wrong with a connection, and its repair
review      App Review: what to ask for, what is missing  capabilities  what goes in and out, as a table

profiles    of those who write

journal     webhooks as they came, before Meta's 200      sending   business messages, part by part
media       media of messages, by proxy

accounts    how accounts are connected, kept up, and go
notes       what one room leaves for another above it: rows

meta        Meta's rules, and the client of its Graph API
wire        a webhook's bytes -> items -> events, pure
"""

from heliograph.channels.instagram.assembly import Options
from heliograph.channels.instagram.channel import InstagramChannel

__all__ = ["InstagramChannel", "Options"]
