"""How the pages of this room look: sheets without scripts, which lead nowhere but to pages of this server."""

from heliograph.look import Sheets

SHEETS = Sheets("heliograph.connect", form_action="'self'", **{"X-Robots-Tag": "noindex"})
