"""How a program checks that a POST is ours: what pages show to copy. True to delivery/sender.py."""

HEADER = "X-API-Key"

SNIPPET = f'''import hmac
import os


def is_from_heliograph(headers) -> bool:
    """Whether a POST carries the secret of your webhook."""
    given = headers.get("{HEADER}", "")
    return hmac.compare_digest(given.encode(), os.environ["WEBHOOK_SECRET"].encode())
'''
