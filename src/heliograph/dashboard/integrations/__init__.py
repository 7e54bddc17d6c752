"""Integrations: connected accounts, connecting one by logging in at Meta, and what can be set of each.

    overview ──▶ new ──Authenticate──▶ Meta's dialog ──▶ /connect/callback ──▶ chooser ──Save──▶ one account's page
              │   └── with a token of your own ─────────────────────────────────────────────────────┘
              └▶ invitations: links by which customers connect theirs, on the hosted page

standing   how an integration does, in a word and a sentence       queries  what the pages read
words      what the pages say of permissions and settings          fields   the settings as a form
invited    an invitation as a form, and as a line of the list
dialog     on to Meta's login, and what goes wrong on the way      arrival  the first webhook, as it comes
"""

from heliograph.dashboard.integrations.routes import ROUTES, START
from heliograph.dashboard.sections import Section

SECTION = Section("integrations", "Integrations", START, ROUTES)
