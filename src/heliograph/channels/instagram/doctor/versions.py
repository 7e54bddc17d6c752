"""When Meta's versions of the Graph API end, as data (Meta's page of versions, read in November 2026).

Calls of a version that has ended are answered by the oldest that is left, which may answer otherwise.
"""

from collections.abc import Mapping
from datetime import date, timedelta

SOURCE = "https://developers.facebook.com/docs/graph-api/changelog/versions/"

# None: Meta has set no end yet.
ENDS: Mapping[str, date | None] = {
    "v26.0": None,
    "v25.0": date(2028, 7, 29),
    "v24.0": date(2028, 2, 18),
    "v23.0": date(2027, 10, 8),
    "v22.0": date(2027, 5, 20),
    "v21.0": date(2027, 1, 21),
    "v20.0": date(2026, 9, 24),
    "v19.0": date(2026, 5, 21),
    "v18.0": date(2026, 1, 26),
    "v17.0": date(2025, 9, 12),
    "v16.0": date(2025, 5, 14),
    "v15.0": date(2024, 11, 20),
    "v14.0": date(2024, 9, 17),
    "v13.0": date(2024, 5, 28),
}
# So long before its end a version should be changed.
SOON = timedelta(days=90)
