"""Card numbers in what people write, masked (Sunshine reference 2.1, ``maskCreditCardNumbers``). Pure.

A card number is 13 to 19 digits, in groups or not, whose last digit is the right check digit (Luhn). All but its last
four digits become ``*``; blanks and dashes stay: ``**** **** **** 1111``. What stands in an address of the web is left
alone: order numbers live there, and an address with stars leads nowhere.
"""

import re
from collections.abc import Mapping
from typing import Any

FEWEST, MOST = 13, 19
SHOWN = 4

_SEPARATORS = " \u00a0\u202f\u2010\u2011\u2012\u2013-"  # blanks and dashes, as people and phones write them
_RUN = re.compile(rf"\d+(?:[{_SEPARATORS}]\d+)*")
_GROUP = re.compile(r"\d+")
_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://\S+")
_MARKUP = re.compile(rf"<[^<>]*>|{_ADDRESS.pattern}")

# The members of a content that people read; the rest is addresses, payloads and names.
_TEXTS = ("text", "textFallback", "title", "description")


def masked(text: str) -> str:
    """The text with every card number in it masked."""
    return _outside(_ADDRESS, text)


def masked_html(html: str) -> str:
    """As :func:`masked`, with tags left alone."""
    return _outside(_MARKUP, html)


def masked_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """A message's content with the card numbers masked in what people read of it: its texts, and its items' texts."""
    done = dict(content)
    for name in _TEXTS:
        if isinstance(done.get(name), str):
            done[name] = masked(done[name])
    if isinstance(done.get("htmlText"), str):
        done["htmlText"] = masked_html(done["htmlText"])
    if "items" in done:
        done["items"] = [masked_content(item) for item in done["items"]]
    return done


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        digit = int(char) * (1 + place % 2)
        total += digit - 9 * (digit > 9)
    return total % 10 == 0


def _outside(spared: re.Pattern[str], text: str) -> str:
    if sum(map(str.isdecimal, text)) < FEWEST:
        return text
    pieces, end = [], 0
    for match in spared.finditer(text):
        pieces += [_RUN.sub(_mask_run, text[end : match.start()]), match[0]]
        end = match.end()
    pieces.append(_RUN.sub(_mask_run, text[end:]))
    return "".join(pieces)


def _mask_run(match: re.Match[str]) -> str:
    """Mask the card numbers in digits that only separators part. A card number begins and ends with a group."""
    run = match[0]
    groups = [group.span() for group in _GROUP.finditer(run)]
    first = 0
    while first < len(groups):
        last = _last_group(run, groups, first)
        if last is None:
            first += 1
            continue
        start, end = groups[first][0], groups[last][1]
        run = run[:start] + _stars(run[start:end]) + run[end:]
        first = last + 1
    return run


def _last_group(run: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The last group of the longest card number that begins with a group, or None."""
    found, digits = None, ""
    for number in range(first, len(groups)):
        start, end = groups[number]
        if len(digits) + end - start > MOST:
            break
        digits += run[start:end]
        if len(digits) >= FEWEST and len(set(digits)) > 1 and passes_luhn(digits):
            found = number
    return found


def _stars(number: str) -> str:
    hidden = sum(map(str.isdecimal, number)) - SHOWN
    done = []
    for char in number:
        if char.isdecimal() and hidden > 0:
            done.append("*")
            hidden -= 1
        else:
            done.append(char)
    return "".join(done)
