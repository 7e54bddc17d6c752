"""Heliograph: a self-hosted messaging server for Instagram Direct, wire-compatible with Sunshine Conversations v2.

The rooms, top floor first (`docs/architecture.md` draws the way of a message through them):

``cli`` · ``commands`` · ``app``  start things and put the server together
``opening`` · ``settings``        what a process opens, and by which settings
``operate`` · ``installation``    what operators ask, and how the installation itself stands
``dashboard`` · ``connect``       pages: of those who run it, and to connect an account from
``api``                           Sunshine Conversations v2 over HTTP
``channels``                      everything that knows Instagram
``messaging``                     users, conversations, messages, integrations, the window rule
``delivery``                      customer webhooks
``events``                        the event log and its fan-out
``lanes``                         ordered, leased, durable work
``storage``                       PostgreSQL, migrations, secrets, ids
``telemetry`` · ``look``          metrics and logs; what all pages look like

``simulator`` plays Meta and meets the server over HTTP only.
"""

__version__ = "0.1.0"
