"""Who signs in, who signs out, and who comes by a link."""

from heliograph.dashboard.door import sign_in, welcome
from heliograph.dashboard.entry import POST, opened, signed_in

ROUTES = [
    opened("/sign-in", sign_in.ask),
    opened("/sign-in", sign_in.answer, POST),
    signed_in("/sign-out", sign_in.leave, POST),
    opened("/welcome/{token}", welcome.ask),
    opened("/welcome/{token}", welcome.answer, POST),
]
