"""On the way to Meta's dialog and back, by plain HTTP: from where it may begin, and what its pages say."""

import pytest

from tests.dashboard.house import Browser, House
from tests.dashboard.meta import Place, place


@pytest.fixture
def harbour(house: House, owner: Browser) -> Place:
    return place(house, owner)


def attempts(harbour: Place) -> int:
    """How many logins were begun for the app."""
    return len(harbour.house.rows("select 1 from login_attempts where app_id = $1", harbour.app_id))


@pytest.mark.parametrize("by", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_at_another_address_it_is_sent_to_the_public_one_first(harbour: Place, by: dict[str, str]) -> None:
    at = {"Host": f"localhost:{harbour.house.port}", "Origin": f"http://localhost:{harbour.house.port}", **by}
    told = harbour.owner.send(
        f"{harbour.path}/new", f"{harbour.path}/new", {"facebook_app": harbour.facebook_app}, **at
    )
    assert told.status == (422 if by else 409)
    assert f"You are at http://localhost:{harbour.house.port}. Meta leads back to {harbour.house.url}," in told.words
    assert f'href="{harbour.house.url}{harbour.path}/new"' in told.text
    assert attempts(harbour) == 0


@pytest.mark.parametrize("said", ["its own", "null"])
def test_at_the_public_address_it_begins(harbour: Place, said: str) -> None:
    at = {"Origin": harbour.house.url if said == "its own" else said, "Sec-Fetch-Site": "same-origin"}
    told = harbour.owner.send(
        f"{harbour.path}/new", f"{harbour.path}/new", {"facebook_app": harbour.facebook_app}, **at
    )
    assert told.status == 200, told.words
    assert attempts(harbour) == 1
