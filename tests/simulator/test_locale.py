"""The language of errors (Meta reference 3.1): texts are localised, code and subcode never."""

import re

import pytest

from heliograph.simulator.error_texts import GERMAN
from heliograph.simulator.errors import ERRORS, refuse
from tests.simulator.refusals import patch, rules
from tests.simulator.support import Answer, Seeded

TEXT = {"text": "x"}
GERMAN_WINDOW = "Diese Nachricht wird außerhalb des zulässigen Zeitfensters gesendet."


def owner(seeded: Seeded) -> str:
    return seeded.simulator.read("/accounts")["accounts"][0]["owner_user_id"]


def message(answer: Answer) -> str:
    assert answer.error == (403, 10, 2534022)
    return answer.json["error"]["message"]


@pytest.mark.parametrize("name", GERMAN)
def test_each_german_text_fits_its_row(name: str) -> None:
    row, text = ERRORS[name], GERMAN[name]
    assert set(re.findall(r"\{(\w+)\}", text.message)) == set(re.findall(r"\{(\w+)\}", row.message))
    assert (text.title is None, text.advice is None) == (row.title is None, row.advice is None)
    words = dict.fromkeys(re.findall(r"\{(\w+)\}", row.message), "x")
    english, german = (refuse(name, **words).body(locale)["error"] for locale in ("en_US", "de_DE"))
    assert german["message"] != english["message"]
    assert (german["code"], german.get("error_subcode")) == (english["code"], english.get("error_subcode"))


@pytest.mark.parametrize("name", [name for name, row in ERRORS.items() if row.title])
def test_a_text_for_people_is_in_both_languages(name: str) -> None:
    assert name in GERMAN


def test_the_request_chooses_before_the_owner_and_the_owner_before_the_world(seeded: Seeded) -> None:
    english = message(seeded.send(TEXT))
    assert english.startswith("(#10) This message")
    rules(seeded, locale="de_DE")
    assert message(seeded.send(TEXT)) == GERMAN_WINDOW
    patch(seeded, f"/owners/{owner(seeded)}", locale="en_US")
    assert message(seeded.send(TEXT)) == english
    patch(seeded, f"/owners/{owner(seeded)}", locale="de_DE")
    assert message(seeded.send(TEXT)) == GERMAN_WINDOW
    assert message(seeded.send(TEXT, locale="en_US")) == english


def test_a_language_that_is_not_spoken_is_answered_in_english(seeded: Seeded) -> None:
    assert message(seeded.send(TEXT, locale="fr_FR")).startswith("(#10) This message")


def test_a_refusal_that_tells_people_what_to_do(seeded: Seeded) -> None:
    seeded.says()
    patch(seeded, f"/accounts/{seeded.account}", allow_messages=False)
    told = seeded.send(TEXT, locale="de_DE").json["error"]
    assert (told["code"], told["error_subcode"]) == (200, 2534041)
    assert told["error_user_title"] == "Zugriff auf Nachrichten ist aus"
    assert told["error_user_msg"].startswith("Erlaube")


def test_the_table_of_errors_can_be_read(seeded: Seeded) -> None:
    rows = {one["name"]: one for one in seeded.simulator.read("/errors")["errors"]}
    assert set(rows) == set(ERRORS)
    assert rows["comment_replied"]["status"] == 500
    assert rows["window_closed"]["german"] == GERMAN_WINDOW
    assert rows["temporary"]["raised_by_a_rule"] is False


REFERENCE = {
    (-1, None), (-1, 2534023), (-2, None), (1, None), (1, 99), (1, 1357046), (2, None), (2, 1545133), (3, None),
    (4, None), (4, 2018022), (10, None), (10, 2534022), (10, 2018278), (10, 2018065), (10, 2018108), (10, 2018300),
    (10, 1893063), (10, 2534077), (10, 1404170), (10, 1893015), (17, None), (32, None), (100, None), (100, 33),
    (100, 2018001), (100, 2534014), (100, 2534001), (100, 2534013), (100, 2534015), (100, 2534025), (100, 2534029),
    (100, 2534037), (100, 2018008), (100, 2018047), (100, 2018074), (100, 2018109), (100, 2018294), (100, 2018014),
    (100, 36007), (100, 36009), (102, None), (190, None), (190, 458), (190, 459), (190, 464), (190, 460), (190, 463),
    (190, 467), (190, 492), (200, None), (200, 2018028), (200, 2018027), (200, 1545041), (200, 2534041),
    (200, 2534066), (230, None), (341, None), (368, None), (506, None), (508, 2534122), (551, None), (551, 1545041),
    (613, None), (613, 2534040), (613, 1996), (613, 2018338), (1200, None), (2018218, None), (2018247, None),
    (2200, None), (2500, None), (9010, None), (10900, None), (10903, 1893049), (10904, 1893050), (36000, None),
    (36103, None), (80002, None), (80006, None), (80001, None), (9000001, None),
}  # fmt: skip


def test_every_row_of_metas_classification_can_be_had() -> None:
    assert {(row.code, row.subcode) for row in ERRORS.values()} >= REFERENCE
