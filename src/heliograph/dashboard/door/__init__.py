"""Signing in and out, and the links that open once.

sign_in  signing in and out                        welcome  the links that open once
arrival  a browser that has just shown who it is   routes   which page is where
"""

from heliograph.dashboard.door.routes import ROUTES
from heliograph.dashboard.sections import Section

SECTION = Section("door", "Sign in", "/sign-in", ROUTES, in_rail=False)
