"""App Review at Meta (Meta reference 6): what to ask for and why, what to show, what is still missing.

permissions  each permission and feature: what for, in whose words      permission  what is said of one
addresses    what to enter at Meta                                      screencast  what to record
readiness    what is still missing                                      test_calls  a successful call for each permission
guide        docs/app-review.md, out of these tables                    service     all of it, for one Facebook app
"""

from heliograph.channels.instagram.review.service import AppSummary, Report, Review, UnknownAppError

__all__ = ["AppSummary", "Report", "Review", "UnknownAppError"]
