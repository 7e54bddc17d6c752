"""What a form makes is made once: not by a second click, nor by loading the page that followed it again.

Forms that make something carry an id of their own (``look.once()``), kept among the idempotency keys: it is used up before
the page's own code runs. So a form that went wrong in the middle is not repeated either; the page is loaded anew for that.
"""

from heliograph.dashboard.tokens import digest_of
from heliograph.storage import Database

FIELD = "form_once"

# By the primary key. No app has the empty id; the key is of one session, one address and one page.
_USE = """
insert into idempotency_keys (app_id, key, request_hash) values ('', $1, $2) on conflict do nothing returning true
"""


async def use(database: Database, cookie: str, path: str, once: str) -> bool:
    """Use a form's id up. False: it was used before."""
    digest = digest_of(f"{cookie} {path} {once}")
    return await database.fetchval(_USE, digest.hex(), digest) is not None
