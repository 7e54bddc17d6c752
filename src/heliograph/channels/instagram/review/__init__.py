"""App Review at Meta (Meta reference 6): what to ask for and why, what to show, what is still missing.

permissions  each permission and feature: what for, in whose words      screencast  what to record
addresses    what to enter at Meta                                      test_calls  a successful call for each permission
readiness    what is still missing                                      service     all of it, for one Facebook app
guide        docs/app-review.md, out of these tables
"""

from heliograph.channels.instagram.review.service import AppSummary, Report, Review, UnknownAppError

__all__ = ["AppSummary", "Report", "Review", "UnknownAppError"]
