"""Card numbers in texts: what is masked, and what is not."""

import string
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from heliograph.messaging.card_numbers import FEWEST, MOST, masked, masked_content, masked_html, passes_luhn

VISA, AMEX = "4111111111111111", "378282246310005"  # test numbers that card companies give out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (VISA, "************1111"),
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("4111-1111-1111-1111", "****-****-****-1111"),
        ("4111 1111-1111\u00a01111", "**** ****-****\u00a01111"),
        ("3782 822463 10005", "**** ****** *0005"),
        (f"Visa:{VISA}, Amex {AMEX}.", "Visa:************1111, Amex ***********0005."),
        ("my 2 cards: 4111 1111 1111 1111 3782 822463 10005", "my 2 cards: **** **** **** 1111 **** ****** *0005"),
        ("555 4111 1111 1111 1111", "555 **** **** **** 1111"),
        ("４１１１ １１１１ １１１１ １１１１", "**** **** **** １１１１"),
        # Left alone: the wrong check digit, too short, too long, nothing but one digit, apart by more than a separator.
        ("4111 1111 1111 1112", None),
        ("411111111111", None),
        ("41111111111111111111111111", None),
        ("0000 0000 0000 0000", None),
        ("4111  1111  1111  1111", None),
        ("4111\n1111\n1111\n1111", None),
        ("", None),
        ("call +49 30 1234567 or 0800 123", None),
        (f"https://shop.example/orders/{VISA}?a={VISA}", None),
        (f"see https://a.example/{VISA} or {VISA}", f"see https://a.example/{VISA} or ************1111"),
    ],
)  # fmt: skip
def test_what_is_masked(text: str, shown: str | None) -> None:
    assert masked(text) == (text if shown is None else shown)


def test_html_keeps_its_tags() -> None:
    html = f'<p data-id="{VISA}">{VISA} <a href="https://a.example/{VISA}">here</a></p>'
    assert masked_html(html) == f'<p data-id="{VISA}">************1111 <a href="https://a.example/{VISA}">here</a></p>'


def test_of_a_content_only_what_people_read_is_masked() -> None:
    item = {"title": VISA, "description": VISA, "mediaUrl": f"https://a.example/{VISA}", "metadata": {"id": VISA}}
    content = {"type": "carousel", "text": VISA, "payload": VISA, "items": [item], "mediaUrl": VISA}
    stars = "************1111"
    done = {**item, "title": stars, "description": stars}
    before = repr(content)
    assert masked_content(content) == {**content, "text": stars, "items": [done]}
    assert repr(content) == before


def checked(digits: str) -> str:
    """Digits with the check digit that makes a card number of them."""
    return next(digits + last for last in string.digits if passes_luhn(digits + last))


CARDS = st.text(string.digits, min_size=FEWEST - 1, max_size=MOST - 1).map(checked).filter(lambda n: len(set(n)) > 1)
WORDS = st.text(string.ascii_letters + ",.!?😀é\n", max_size=30)
ANYTHING = st.text(string.digits + " -ax:/<>*", max_size=120)


@given(CARDS, WORDS, WORDS, st.lists(st.integers(1, 18)), st.sampled_from([" ", "-"]))
def test_a_card_number_is_masked_however_it_is_grouped(
    card: str, before: str, after: str, cuts: list[int], separator: str
) -> None:
    grouped = card
    for cut in sorted({cut for cut in cuts if cut < len(card)}, reverse=True):
        grouped = grouped[:cut] + separator + grouped[cut:]
    text = masked(before + grouped + after)
    assert text.startswith(before)
    assert text.endswith(after)
    shown = "".join(char for char in text if char.isdigit())
    assert shown == card[-4:]
    assert len(text) == len(before + grouped + after)


@given(CARDS, st.integers(0, 18), st.integers(1, 9))
def test_a_mistyped_digit_makes_it_no_card_number(card: str, place: int, by: int) -> None:
    assume(place < len(card))
    wrong = card[:place] + str((int(card[place]) + by) % 10) + card[place + 1 :]
    assert masked(wrong) == wrong


@given(ANYTHING)
def test_whatever_comes_only_digits_become_stars(text: str) -> None:
    done = masked(text)
    assert len(done) == len(text)
    assert all(new in (old, "*") and (new == old or old.isdigit()) for old, new in zip(text, done, strict=True))


@given(st.text(max_size=200).filter(lambda text: sum(map(str.isdecimal, text)) < FEWEST))
def test_without_enough_digits_nothing_happens(text: str) -> None:
    assert masked(text) == text
    assert masked_html(text) == text


def test_hostile_texts_cost_no_time() -> None:
    began = time.process_time()
    for text in ("1" * 4096, "1 " * 2048, "a.b-" * 1024 + VISA, "<" * 4000 + VISA, "a" * 4000 + "://" + VISA):
        assert len(masked_html(text)) == len(text)
        assert len(masked(text)) == len(text)
    assert time.process_time() - began < 2
