"""When a failed delivery is tried again (Sunshine reference 3.1): five attempts within 15 minutes."""

# Seconds from the end of a failed attempt to the next. With four attempts that time out they come to 895 s.
PAUSES = (15.0, 60.0, 240.0, 500.0)
MOST_ATTEMPTS = len(PAUSES) + 1

# The customer's server understood us and said no for good.
FINAL_STATUSES = frozenset({400, 401, 403, 404, 406})

# A 2xx must come within this many seconds.
TIMEOUT_SECONDS = 20.0


def next_pause(attempts_made: int, status: int | None) -> float | None:
    """Seconds until the next attempt, or None when there is none.

    ``attempts_made`` counts the one that just failed; ``status`` is its HTTP status, None when no answer came.
    """
    if status in FINAL_STATUSES or attempts_made >= MOST_ATTEMPTS:
        return None
    return PAUSES[attempts_made - 1]
