"""Everything that knows Instagram (Meta reference). What knows Sunshine's words only, stands in ``messaging``.

A message's way in:   journal -> inbound                  and out:  sending
journal   webhooks as they came, before Meta's 200        meta      Meta's rules, and the client of its Graph API
inbound   items understood and applied                    sending   business messages, part by part
wire      a webhook's bytes -> items -> events, pure
backfill  what webhooks missed, from Meta's threads       media     media of messages, by proxy
accounts  how accounts are connected, kept up, and go     profiles  of those who write
doctor    what is wrong with a connection, and its repair   review    App Review: what to ask for, what is missing
onboarding  logging in at Meta, and choosing                capabilities  what goes in and out, as a table
notes     what one room leaves for another to look at
channel   all of it, as a channel of the server
"""

from heliograph.channels.instagram.channel import InstagramChannel

__all__ = ["InstagramChannel"]
