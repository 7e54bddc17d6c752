"""What each operation costs in statements: a constant, asserted, whatever the store holds."""

import pytest

from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.operations import OPERATIONS, REFUSED
from tests.api.test_consistency import statements
from tests.api.test_scopes import call, ids_of

# Most operations: who calls, the transaction's two ends, and a handful of their own.
MOST = 8
# Those that write more than one thing, or tell of it.
MORE: dict[str, int] = {
    "DeleteIntegration": 13,
    "JoinConversation": 14,
    "LeaveConversation": 12,
    "PassControl": 12,
    "PostActivity": 12,
    "PostMessage": 14,
    "RemoveClient": 12,
    "UploadAttachment": 12,
}
# Deletions of unbounded size work in steps, and their own tests bound them; these talk to others or to OAuth clients.
APART = {"DeleteApp", "DeleteUser", "DeleteConversation", "PostConversionEvents", "GetTokenInfo", "RevokeAccess"}


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - APART - set(REFUSED)))
def test_an_operation_costs_so_many_statements_at_most(house: House, shop: Shop, operation: str) -> None:
    ids = ids_of(house, shop)
    if operation == "LeaveConversation":
        call(house, "JoinConversation", ids, house.account)
    if operation == "CreateSwitchboard":
        call(house, "DeleteSwitchboard", ids, house.account)
    count = statements(house, lambda: call(house, operation, ids, house.account))
    assert count <= MORE.get(operation, MOST), operation
