"""Signing in and out, and the links that open once."""

from heliograph.dashboard.door.routes import ROUTES
from heliograph.dashboard.sections import Section

SECTION = Section("door", "Sign in", "/sign-in", ROUTES, in_rail=False)
