"""The ground floor: the PostgreSQL pool, the embedded server, migrations, secrets at rest, ids and group commit.

It knows nothing of messages. SQL about a thing stands in the room of that thing (its ``queries.py``).
"""

from heliograph.storage.database import Connection, Database
from heliograph.storage.group_commit import GroupCommit
from heliograph.storage.ids import is_id, new_id, new_ulid
from heliograph.storage.secrets import SecretBox

__all__ = ["Connection", "Database", "GroupCommit", "SecretBox", "is_id", "new_id", "new_ulid"]
