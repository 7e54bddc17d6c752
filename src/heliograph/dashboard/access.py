"""Which apps a member sees. Pages ask here, and bind what they read to the app that they were given."""

from dataclasses import dataclass

from heliograph.dashboard.members import Member
from heliograph.storage import Connection

# The switcher lists so many; all of them stand under Settings, Apps, for agents too.
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class App:
    """An app, as the frame shows it."""

    id: str
    name: str


# $2: whether the member is an owner. apps by apps_pkey, member_apps by its primary key.
_SEEN = "($2 or exists (select from member_apps g where g.member_id = $1 and g.app_id = a.id))"
_ONE = f"select a.id, a.display_name from apps a where {_SEEN} and a.id = $3"  # noqa: S608
_LIST = f"select a.id, a.display_name from apps a where {_SEEN} order by lower(a.display_name), a.id limit $3"  # noqa: S608
_REMEMBER = "update members set last_app_id = $2 where id = $1 and last_app_id is distinct from $2"


async def app_of(connection: Connection, member: Member, app_id: str) -> App | None:
    """An app that the member sees, or None."""
    row = await connection.fetchrow(_ONE, member.id, member.is_owner, app_id)
    return None if row is None else App(row["id"], row["display_name"])


async def apps_of(connection: Connection, member: Member, most: int = MOST_LISTED) -> list[App]:
    """The apps that the member sees, by name."""
    rows = await connection.fetch(_LIST, member.id, member.is_owner, most)
    return [App(row["id"], row["display_name"]) for row in rows]


async def remember(connection: Connection, member: Member, app_id: str) -> None:
    """The app that they looked at last."""
    if member.last_app_id != app_id:
        await connection.execute(_REMEMBER, member.id, app_id)
