"""A house of its own, with a simulator of its own whose clock may be moved; the doctor is asked as often as one likes."""

from collections.abc import Iterator

import pytest

from heliograph.api import integration_health
from heliograph.channels.instagram.doctor import public
from heliograph.channels.instagram.journal import heard
from heliograph.channels.instagram.sending import judging
from tests.conftest import Server
from tests.instagram.doctor.clinic import Patient
from tests.instagram.house import House
from tests.simulator.support import Loop, Simulator


@pytest.fixture(scope="module")
def meta_of_its_own(loop: Loop) -> Iterator[Simulator]:
    """Meta, simulated."""
    running = Simulator(loop).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def clinic(loop: Loop, embedded_server: Server, meta_of_its_own: Simulator) -> Iterator[House]:
    """A house where examinations are not spared."""
    with embedded_server.database(migrated=True) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "ECHO_POLL_SECONDS", 0.05)
        patch.setattr(heard, "WRITE_SECONDS", 0.02)
        patch.setattr(public, "_GOOD_FOR_SECONDS", 0.0)
        patch.setattr(integration_health, "FRESH", integration_health.FRESH * 0)
        house = House(loop, url, f"http://127.0.0.1:{meta_of_its_own.port}").start()
        yield house
        house.stop()


@pytest.fixture
def patient(clinic: House, meta_of_its_own: Simulator) -> Patient:
    """A connected account, with a customer who has written. Meta's clock is right when it comes."""
    meta_of_its_own.control("/clock", 200, offset_seconds=0)
    return Patient.connected(clinic, meta_of_its_own)
