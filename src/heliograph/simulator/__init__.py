"""A simulator of Meta's side of Instagram Direct: Graph API, signed webhooks, accounts and people, and a phone to play.

For demos, development and tests. It meets the server over HTTP only. In a test: ``with running() as meta:``.

Ways in
app        all of it, as one ASGI application   server          running it
running    in a thread, for tests               client          the control API, for tests and scripts
control    `/_simulator`: play, order, look     graph           the Graph API
login      the login dialogs                    webhooks        what Meta sends
callbacks  Meta's calls that are no webhooks    signed_request  how these are signed, pure
cdn        files of messages and stories        cdn_ranges      parts of one
pages      its own pages                        knobs           what `/faults` lists
pictures   drawn here

The world
world    everything that runs in it            models    what it remembers
state    the records, and how they are found   store     where they survive a restart
clock    real time plus an offset              ids       as Meta writes them
hub      live changes                          wire_log  what went over the wire
threads  what is done in a thread

Meta's rules
rules        every choice as one knob     access       whom an app may serve, pure
window       when a business may write    routing      who controls a thread, pure
limits       how much may be asked        consents     what the dialog remembers
grants       until the app fetches them   errors       Meta's envelope
error_table  every error                  error_texts  the same in German

What goes wrong
faults       failures on order                      scenarios   ready-made ones
connections  switches of a connection, as a table   connection  what a switch reaches
switch_acts  what each does
"""

from heliograph.simulator.app import create_app
from heliograph.simulator.client.link import SimulatorError
from heliograph.simulator.client.meta import Meta
from heliograph.simulator.running import running
from heliograph.simulator.server import serve
from heliograph.simulator.world import World

__all__ = ["Meta", "SimulatorError", "World", "create_app", "running", "serve"]
