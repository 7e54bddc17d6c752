"""What each operation costs in statements: a constant, asserted, whatever the store holds."""

import pytest

from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.operations import OPERATIONS
from tests.api.test_consistency import statements
from tests.api.test_scopes import call, ids_of

# Most operations: who calls, the transaction's two ends, and a handful of their own.
MOST = 8
# Those that write more than one thing, or tell of it.
MORE: dict[str, int] = {
    "DeleteIntegration": 12,
    "PostMessage": 14,
    "PostActivity": 12,
}
# Deletions of unbounded size work in steps, and their own tests bound them; this talks to Meta.
APART = {"DeleteApp", "DeleteUser", "DeleteConversation", "PostConversionEvents"}


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - APART))
def test_an_operation_costs_so_many_statements_at_most(house: House, shop: Shop, operation: str) -> None:
    ids = ids_of(house, shop)
    count = statements(house, lambda: call(house, operation, ids, house.account))
    assert count <= MORE.get(operation, MOST), operation
