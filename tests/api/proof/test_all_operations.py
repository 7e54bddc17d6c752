"""All operations of the official Python client, against the running server."""

import inspect
from collections.abc import Callable
from types import ModuleType

import pytest
from sunshine_conversations_client import api as apis

from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.proof import handing_over, letting_in, people, setting_up, talking
from tests.api.proof.ground import Ground

_ROOMS: tuple[ModuleType, ...] = (setting_up, people, talking, handing_over, letting_in)


def _operations() -> set[str]:
    """What the client can do, by the names of its methods."""
    kinds = [kind for name, kind in inspect.getmembers(apis, inspect.isclass) if name.endswith("Api")]
    methods = {name for kind in kinds for name, _ in inspect.getmembers(kind, inspect.isfunction)}
    extra = ("_with_http_info", "_without_preload_content")
    return {name for name in methods if not name.startswith("_") and not name.endswith(extra)}


OPERATIONS = _operations()
PROOFS: dict[str, Callable[[Ground], None]] = {
    name: proof
    for room in _ROOMS
    for name, proof in inspect.getmembers(room, inspect.isfunction)
    if proof.__module__ == room.__name__ and name in OPERATIONS
}


def test_there_is_a_proof_for_each_operation_of_the_client() -> None:
    assert len(OPERATIONS) == 67
    assert set(PROOFS) == OPERATIONS


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_the_official_client_can(operation: str, house: House, shop: Shop) -> None:
    ground = Ground(house, shop)
    PROOFS[operation](ground)
    assert operation in ground.called
