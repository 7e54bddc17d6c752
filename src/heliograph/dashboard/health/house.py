"""The installation itself: what `heliograph doctor` tells of it, asked by the server that runs."""

from starlette.responses import Response

from heliograph import installation
from heliograph.channels.health import Finding
from heliograph.channels.instagram import InstagramChannel
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.health.condition import worth_reading


async def show(visit: Visit) -> Response:
    """A page of its own, and for htmx the part of the overview."""
    found = await _ask(visit)
    ill = worth_reading(found)
    well = [one for one in found if one not in ill]
    if visit.by_htmx:
        return visit.fragment("health/installation.html", ill=ill, well=well, login_helps=False)
    return visit.page("health/house.html", title="Installation", ill=ill, well=well, login_helps=False)


async def _ask(visit: Visit) -> list[Finding]:
    services = visit.services
    channel = services.channels["instagram"]
    assert isinstance(channel, InstagramChannel)
    database = services.database
    set_ = services.public_url_is_set
    return [
        await installation.answers(database),
        await installation.migrations(database),
        await installation.key(database, services.box),
        installation.address(await channel.doctor.address.ask()) if set_ else installation.unset(),
        await installation.work(database, services.clock()),
        await installation.versions(database, channel.doctor.graph_version),
    ]
