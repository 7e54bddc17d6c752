"""For App Review: which calls have succeeded, by permission (Meta reference 6)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.storage import Connection, Database

CONNECTING: Mapping[str, tuple[str, ...]] = {
    FACEBOOK: ("instagram_basic", "pages_manage_metadata"),
    INSTAGRAM: ("instagram_business_basic",),
}
"""What connecting an account calls with success, by login."""

# Served by review_calls_pkey. An app that was removed meanwhile has no calls.
_NOTE = """
insert into review_calls (facebook_app_id, permission, made_at)
select f.id, p.name, $3 from facebook_apps f cross join unnest($2::text[]) as p (name) where f.id = $1
on conflict (facebook_app_id, permission) do update set made_at = greatest(review_calls.made_at, excluded.made_at)
"""


async def succeeded(
    writer: Database | Connection, facebook_app_id: str, permissions: Iterable[str], at: datetime
) -> None:
    """A call of each permission has succeeded; ``at`` is by Meta's clock."""
    await writer.execute(_NOTE, facebook_app_id, list(permissions), at)
