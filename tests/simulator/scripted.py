"""The seed's world as the client sees it, its webhooks going to the sink."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from heliograph.simulator import Meta, SimulatorError
from tests.simulator.support import Seeded

QUICK = {"retry_delays": [0.01], "timeout_seconds": 5}


def meta_of(seeded: Seeded) -> Meta:
    return Meta(f"http://127.0.0.1:{seeded.simulator.port}")


@contextmanager
def refused(status: int, field: str) -> Iterator[None]:
    with pytest.raises(SimulatorError) as refusal:
        yield
    assert (refusal.value.status, refusal.value.field) == (status, field)
