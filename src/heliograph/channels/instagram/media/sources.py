"""The rows behind the addresses. Every query reads by the primary key, or an index that its comment names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heliograph.channels.instagram.media.addresses import Named, Picture
from heliograph.storage import Connection, Database

STORY = "story"
# Attachment types that are stories: Meta forbids keeping them (5.4).
STORY_KINDS = frozenset({STORY, "ig_story", "story_mention"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file stands at Meta. ``mid`` is None for a person's picture, which has ``person``.

    ``account_id``: the account at Meta, of which a fresh link can be asked for; None: it is connected no more. ``copy``:
    id and size of the attachment that holds a copy.
    """

    key: str
    app_id: str
    integration_id: str
    account_id: str | None
    kind: str
    position: int
    url: str
    mid: str | None = None
    person: str | None = None
    media_type: str | None = None
    size: int | None = None
    mode: str | None = None
    copy: str | None = None

    @property
    def is_story(self) -> bool:
        """Whether nothing of it may be kept, by nobody."""
        return self.kind in STORY_KINDS


# What a deleted app leaves is not served until it is erased. Served by media_pkey, attachments_of_media and primary keys.
_MEDIA = """
select m.*, a.id as copy, a.size as copy_size, i.account_id, i.media_mode
from media m join apps p on p.id = m.app_id
left join attachments a on a.media_id = m.id and a.size is not null
left join instagram_accounts i on i.integration_id = m.integration_id
where m.id = $1
"""
# Served by clients_external. Meta's own link is part of what it told of the person.
_PICTURE = """
select c.app_id, c.raw ->> 'profile_pic' as url, i.account_id
from clients c join apps p on p.id = c.app_id
left join instagram_accounts i on i.integration_id = c.integration_id
where c.integration_id = $1 and c.external_id = $2 and c.removed_at is null
"""
# Served by media_of_mid.
_OF_MID = "select id, kind, position, url from media where integration_id = $1 and mid = $2"
_RENEW = """
update media m set url = t.url, refreshed_at = now() from unnest($1::text[], $2::text[]) as t (id, url)
where m.id = t.id returning m.id
"""
_LEARN = "update media set media_type = $2, size = coalesce($3, size) where id = $1"


async def find(database: Database, named: Named) -> Source | None:
    """What an address names, or None when it is there no more."""
    if isinstance(named, Picture):
        row = await database.fetchrow(_PICTURE, named.integration_id, named.person)
        if row is None or row["url"] is None:
            return None
        key = f"{named.integration_id}/{named.person}"
        integration, account = named.integration_id, row["account_id"]
        return Source(key, row["app_id"], integration, account, "picture", 0, row["url"], person=named.person)
    row = await database.fetchrow(_MEDIA, named.id)
    return None if row is None else _source(row)


def _source(row: Mapping[str, Any]) -> Source:
    return Source(
        row["id"],
        row["app_id"],
        row["integration_id"],
        row["account_id"],
        row["kind"],
        row["position"],
        row["url"],
        row["mid"],
        None,
        row["media_type"],
        row["copy_size"] or row["size"],
        row["media_mode"],
        row["copy"],
    )


async def of_mid(database: Database, integration_id: str, mid: str) -> list[Any]:
    """All files of a mid: id, kind, position and link."""
    return await database.fetch(_OF_MID, integration_id, mid)


async def renew(database: Database, links: Sequence[tuple[str, str]]) -> set[str]:
    """Write fresh links, by media id; which rows were there still."""
    rows = await database.fetch(_RENEW, [link[0] for link in links], [link[1] for link in links])
    return {row["id"] for row in rows}


async def learn(connection: Connection, media_id: str, media_type: str, size: int | None) -> None:
    """Write down what a file turned out to be."""
    await connection.execute(_LEARN, media_id, media_type, size)
