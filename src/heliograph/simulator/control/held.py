"""How a control route gets at the world it controls."""

from typing import Annotated

from fastapi import Depends, Request

from heliograph.simulator.world import World


def _world(request: Request) -> World:
    held = request.app.state.world
    assert isinstance(held, World)
    return held


Held = Annotated[World, Depends(_world)]
