"""The ground floor: PostgreSQL and what everybody needs of it.

database      the pool                         embedded    the server, out of a wheel
migrate       the schema, brought up to date   migrations  its steps
secrets       at rest                          ids         made and checked
group_commit  transactions that are shared

It knows nothing of messages. SQL about a thing stands in the room of that thing.
"""

from heliograph.storage.database import Connection, Database
from heliograph.storage.group_commit import GroupCommit
from heliograph.storage.ids import is_id, new_id, new_ulid
from heliograph.storage.secrets import SecretBox

__all__ = ["Connection", "Database", "GroupCommit", "SecretBox", "is_id", "new_id", "new_ulid"]
