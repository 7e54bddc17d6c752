"""The client of Meta's Graph API and Instagram's room, as the settings want them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from heliograph.channels.instagram import InstagramChannel, Options
from heliograph.channels.instagram.media.hosts import Hosts
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.channels.instagram.meta.pace import LIMITS, Kind
from heliograph.settings import Settings
from heliograph.storage import Database, SecretBox


def open_graph(settings: Settings) -> Graph:
    """The client of Meta's Graph API, for both logins: each has a host of its own. Whoever opens it closes it."""
    return Graph(
        settings.graph_url,
        settings.graph_version,
        timeout=settings.graph_timeout,
        instagram_url=settings.instagram_graph,
    )


def open_channel(settings: Settings, database: Database, box: SecretBox, graph: Graph) -> InstagramChannel:
    """Instagram's room. Whoever opens it closes it, before the client."""
    options = Options(
        public_url=settings.reachable_at,
        unknown_grace=settings.unknown_grace,
        limits={
            Kind.SEND: settings.send_rate,
            Kind.INSTAGRAM_SEND: min(settings.send_rate, LIMITS[Kind.INSTAGRAM_SEND]),
            Kind.MEDIA: settings.media_rate,
            Kind.CONVERSATIONS: settings.conversations_rate,
        },
        media_hosts=Hosts.of(settings.media_hosts, settings.graph_url),
        data_deletion=settings.data_deletion,
        backfill_every=settings.backfill_every,
        login_hosts=LoginHosts(settings.facebook_dialog, settings.instagram_dialog, settings.instagram_api),
        privacy_policy_url=settings.privacy_policy_url,
        terms_url=settings.terms_url,
    )
    return InstagramChannel(database, box, graph, options)


@asynccontextmanager
async def opened_channel(settings: Settings, database: Database, box: SecretBox) -> AsyncIterator[InstagramChannel]:
    """Instagram's room for a command, with a client of its own; both closed at the end."""
    graph = open_graph(settings)
    channel = open_channel(settings, database, box, graph)
    try:
        yield channel
    finally:
        await channel.close()
        await graph.close()
