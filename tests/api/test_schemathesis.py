"""schemathesis makes requests from the document: never a 5xx, and every answer as the document has it.

The seed is fixed, so that a failure comes again. ``HELIOGRAPH_SCHEMATHESIS_SEED`` varies it (``random`` for any),
``HELIOGRAPH_SCHEMATHESIS_EXAMPLES`` says how many requests an operation gets.
"""

import os
import random
import re
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import BaseSchema

from heliograph.api.auth import SCOPES
from heliograph.api.reference.tables import CREATES
from tests.api.conftest import Shop
from tests.api.documented import operations
from tests.api.house import House
from tests.api.operations import OPERATIONS, filled
from tests.api.test_document import when
from tests.api.test_scopes import call, ids_of

_SEED = os.environ.get("HELIOGRAPH_SCHEMATHESIS_SEED", "20260301")
SEED = random.randrange(2**32) if _SEED == "random" else int(_SEED)
EXAMPLES = int(os.environ.get("HELIOGRAPH_SCHEMATHESIS_EXAMPLES", "12"))
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_AN_ID = re.compile(r"(?:[a-z]{3}_)?[0-9a-f]{24}")

load_all_checks()
PROMISES = CHECKS.get_by_names(NAMES)


@pytest.fixture(scope="module")
def schema(house: House) -> BaseSchema:
    made = schemathesis.openapi.from_dict(house.get("/openapi.json").body)
    made.config.update(base_url=house.url)
    return made


@pytest.fixture
def known(house: House, shop: Shop) -> dict[str, str]:
    """Ids of things that are there, by the names of parameters and fields."""
    return known_in(house, shop)


def known_in(house: House, shop: Shop) -> dict[str, str]:
    made = ids_of(house, shop)
    return {**made, "integrationId": made["customId"], "userIdOrExternalId": made["userId"]}


def fitted(value: Any, known: dict[str, str]) -> Any:
    """A generated value with ids of what is there in the place of made-up ones."""
    if isinstance(value, dict):
        return {
            name: known[name] if name in known and isinstance(item, str) else fitted(item, known)
            for name, item in value.items()
        }
    return [fitted(item, known) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) & set(SCOPES)))
def test_whatever_is_sent_the_answer_is_documented(
    house: House, known: dict[str, str], schema: BaseSchema, name: str
) -> None:
    operation = schema.find_operation_by_id(name)
    if name.endswith("CustomIntegrationKey"):
        known["keyId"] = known["integrationKeyId"]
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    seen: Counter[int] = Counter()

    @seed(SEED)
    @BOUNDED
    @given(right | right | wrong, st.integers(0, 5))
    def send(case: Case, luck: int) -> None:
        if luck:  # mostly what is there: what is not, ends at the door
            case.path_parameters = fitted(case.path_parameters, known)
            case.query = fitted(case.query, known)
            case.body = fitted(case.body, known)
        response = case.call(headers={"Authorization": house.account.header})
        seen[response.status_code] += 1
        case.validate_response(response, checks=PROMISES)

    send()
    assert sum(seen.values()) >= EXAMPLES // 2


# What a 404 says when it is the made thing that is not found.
_LOST = {
    "appId": "app_not_found",
    "clientId": "client_not_found",
    "conversationId": "conversation_not_found",
    "integrationId": "integration_not_found",
    "switchboardId": "switchboard_not_found",
    "switchboardIntegrationId": "switchboard_integration_not_found",
    "userIdOrExternalId": "user_not_found",
}
# Their bodies name something of the shop that no other app has.
_OF_THE_SHOP = {"DeleteAttachment"}


@pytest.mark.parametrize("maker", sorted(set(CREATES) & set(OPERATIONS)))
def test_links_lead_to_what_was_made(house: House, known: dict[str, str], maker: str) -> None:
    """Each link once, what takes away at the end: the thing is found."""
    document = house.get("/openapi.json").body
    served = {each["operationId"]: (path, each) for path, _, each in operations(document)}
    if maker == "CreateSwitchboard":  # one an app
        call(house, "DeleteSwitchboard", known, house.account)
    made = call(house, maker, known, house.account)
    assert made.status == 201, made.body
    links = served[maker][1]["responses"]["201"]["links"]
    parameter, pointer = CREATES[maker]
    assert links
    for target in sorted(links, key=lambda name: (when(name), name)):
        assert links[target]["parameters"][f"path.{parameter}"] == f"$response.body#{pointer}"
        thing = made.body
        for step in pointer.strip("/").split("/"):
            thing = thing[int(step)] if step.isdigit() else thing[step]
        ids = {**known, parameter: thing}
        request = OPERATIONS[target]
        path = served[target][0] + "".join(request.path.partition("?")[1:])
        answer = house.request(request.method, filled(path, ids), filled(request.body, ids))
        if target == "DeleteAttachment":
            continue  # the table's address is another app's
        code = answer.body["errors"][0]["code"] if answer.status >= 400 else ""
        lost = {_LOST.get(parameter)} | (set() if target in _OF_THE_SHOP else {"not_found"})
        assert code not in lost, (target, answer)


def test_what_was_made_can_be_used_by_chance(house: House, schema: BaseSchema) -> None:
    """Random journeys along the links, each in a shop of its own; ids that no link brought are those of the shop."""
    outcomes: Counter[tuple[str, int]] = Counter()
    machine = schema.as_state_machine()

    class Journey(machine):  # type: ignore[misc,valid-type]
        def setup(self) -> None:
            app_id, key = house.app()
            integration_id = house.connected(app_id)
            self.known = known_in(house, Shop(app_id, key, integration_id, house.person(app_id, integration_id)))

        def before_call(self, case: Case) -> None:
            case.path_parameters = {
                name: value if _AN_ID.fullmatch(str(value)) else self.known.get(name, value)
                for name, value in (case.path_parameters or {}).items()
            }

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"headers": {"Authorization": house.account.header}}

        def validate_response(self, response: Response, case: Case, additional_checks: Any = (), **kwargs: Any) -> None:
            outcomes[(case.operation.definition.raw["operationId"], response.status_code)] += 1
            case.validate_response(response, checks=PROMISES)

    bounded = settings(BOUNDED, max_examples=max(EXAMPLES, 10), stateful_step_count=10)
    run_state_machine_as_test(seed(SEED)(Journey), settings=bounded)
    reached = {name for name, status in outcomes if status < 300}
    assert len(reached) >= 5, outcomes
