"""How the pages of this room look: sheets with one small script, without which they work as well.

Browsers apply a form's policy to where its answer leads, and on from there: to Meta's dialog, and to return addresses.
"""

from heliograph.look import Sheets, script_of

_SCRIPT = "\n".join((script_of("heliograph.look", "chooser.js"), script_of("heliograph.connect", "static/page.js")))

SHEETS = Sheets(
    "heliograph.connect",
    form_action="'self' https: http:",
    parts=("asking.css", "chooser.css"),
    script=_SCRIPT,
    **{"X-Robots-Tag": "noindex"},
)
