"""The work of lanes, done when a test says so: in houses that do not work on them by themselves."""

from heliograph.lanes import Lane
from heliograph.lanes.queue import lease
from tests.instagram.house import House


async def leased(house: House, kind: str = "send", *, lanes: int = 100, jobs: int = 10) -> list[Lane]:
    """Lanes that are due, leased."""
    async with house.database.transaction() as connection:
        return await lease(connection, kind, lanes=lanes, jobs=jobs, seconds=30)


async def work(house: House, kind: str = "send", *, lanes: int = 100) -> int:
    """What the workers of a kind would do, once; on how many lanes."""
    (handler,) = [one.handler for one in house.channel.lane_kinds() if one.name == kind]
    found = await leased(house, kind, lanes=lanes)
    await handler(found)
    return len(found)
