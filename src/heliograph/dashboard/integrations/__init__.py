"""Integrations: connected accounts, connecting one by logging in at Meta, and what can be set of each.

    overview ──▶ new ──Authenticate──▶ Meta's dialog ──▶ /connect/callback ──▶ chooser ──Save──▶ one account's page
              │   └── with a token of your own ─────────────────────────────────────────────────────┘
              └▶ invitations: links by which customers connect theirs, on the hosted page

overview     the list                               new      connecting one
one          an account's page                      chooser  choosing after Meta's dialog
standing     how an integration does, pure          queries  what the pages read
words        of permissions and settings            fields   the settings as a form
invitations  made and cancelled                     invited  an invitation as a form and a line
dialog       to Meta's login, and what goes wrong   arrival  the first webhook, as it comes
routes       which page is where
"""

from heliograph.dashboard.integrations.routes import ROUTES, START
from heliograph.dashboard.sections import Section

SECTION = Section("integrations", "Integrations", START, ROUTES)
