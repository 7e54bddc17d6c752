"""The profile of somebody who wrote."""

from urllib.parse import urlsplit

import pytest

from tests.simulator.support import Seeded


def test_consent_comes_with_the_first_message(seeded: Seeded) -> None:
    assert seeded.graph("GET", f"/{seeded.igsid}").error == (403, 230, None)
    seeded.says()
    told = seeded.graph("GET", f"/{seeded.igsid}", fields="name,username,profile_pic,follower_count").json
    assert (told["name"], told["username"], told["id"]) == ("Maya Okafor", "maya.okafor", seeded.igsid)
    assert seeded.simulator.get(urlsplit(told["profile_pic"]).path).body.startswith(b"\x89PNG")


def test_the_owner_writing_first_gives_no_consent(seeded: Seeded) -> None:
    seeded.acts("/owner-messages", text="Are you still interested?")
    assert seeded.graph("GET", f"/{seeded.igsid}").error == (403, 230, None)


@pytest.mark.parametrize("field", ["biography", "profile_picture_url"])
def test_a_field_that_does_not_exist_fails_the_call(seeded: Seeded, field: str) -> None:
    seeded.says()
    answer = seeded.graph("GET", f"/{seeded.igsid}", fields=f"name,{field}")
    assert answer.error == (400, 100, None)
    assert f"nonexisting field ({field})" in answer.json["error"]["message"]


def test_a_person_can_be_unreadable(seeded: Seeded) -> None:
    person = seeded.simulator.control("/people", name="Ida", profile_available=False)
    body = {"account_id": seeded.account, "person": person["id"], "text": "hi"}
    seeded.simulator.control("/messages", **body)
    igsid = seeded.simulator.read(f"/people/{person['id']}/igsid/{seeded.account}")["igsid"]
    assert seeded.graph("GET", f"/{igsid}").error == (403, 230, None)


def test_another_accounts_person_is_nobody(seeded: Seeded) -> None:
    other = seeded.simulator.control("/accounts", page_name="Other")["instagram_account_id"]
    igsid = seeded.simulator.read(f"/people/{seeded.igsid}/igsid/{seeded.account}")["igsid"]
    assert igsid == seeded.igsid
    person = seeded.simulator.read("/people")["people"][0]["id"]
    theirs = seeded.simulator.read(f"/people/{person}/igsid/{other}")["igsid"]
    assert seeded.graph("GET", f"/{theirs}").error == (400, 9010, None)
