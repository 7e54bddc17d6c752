"""Connecting an account by logging in at Meta: dialog, return, choice.

    begin ──▶ Meta's dialog ──▶ returned: code for token ──▶ choices: what can be connected ──▶ choose: connected
      │ state, nonce              │ state works once            │ token stays on the server     │ connect, or update

dialog    where a person is sent              exchange  the code for a token
attempts  logins under way, in the database   pages     what Meta shows of Pages and accounts
choosing  what of it can be connected         choices   shown, and the chosen connected
steps     what every step needs               troubles  what can go wrong, and what to do
browser   the cookie that binds the two ends  outcomes  what pages are answered
lines     choices as lines of a chooser       service   all of it: what pages call
"""

from heliograph.channels.instagram.onboarding.attempts import Purpose
from heliograph.channels.instagram.onboarding.outcomes import Begun, Choices, Connected, Returned
from heliograph.channels.instagram.onboarding.service import Onboarding
from heliograph.channels.instagram.onboarding.troubles import Kind, LoginError, Trouble

__all__ = ["Begun", "Choices", "Connected", "Kind", "LoginError", "Onboarding", "Purpose", "Returned", "Trouble"]
