"""What the reference of Meta's side lists, and where it is tried: the catalogue (1.6, 1.7), limits (3.3), gotchas (7).

The lists stand here in our words, so that a fixture or a test that goes away is noticed. With
``HELIOGRAPH_META_REFERENCE`` naming a copy of the reference they are compared with it, so that a new row is noticed, too.
"""

import json
import os
import re
from pathlib import Path

import pytest

from heliograph.simulator.limits import LIMITS
from heliograph.simulator.rules import Rules
from tests.instagram.test_catalogue import ROWS

ROOT = Path(__file__).parent.parent.parent
GIVEN = os.environ.get("HELIOGRAPH_META_REFERENCE", "")
with_reference = pytest.mark.skipif(not GIVEN, reason="HELIOGRAPH_META_REFERENCE names no file")

CATALOGUE = {
    "1.6 message": {
        *("text", "attachments", "unsend", "unsupported", "echo", "self test", "quick reply", "inline reply"),
        *("story reply", "shop product", "ad (CTD)"),
    },
    "1.6 attachment": {
        *(
            "image",
            "video",
            "audio",
            "file",
            "share",
            "ig_post",
            "ig_reel",
            "reel",
            "ig_story",
            "story",
            "story_mention",
        ),
        *("ephemeral", "template", "unsupported_type", "like_heart", "media", "fallback", "anything else"),
    },
    "1.6 event": {
        *("postback", "reaction", "read", "referral", "message_edit", "optin", "pass_thread_control"),
        *("take_thread_control", "request_thread_control", "policy-enforcement", "standby"),
    },
    "1.7 changes": {
        *("comments", "live_comments", "mentions", "story_insights", "messages", "messaging_postbacks"),
        *("messaging_seen", "message_reactions", "message_edit", "messaging_referral"),
    },
}

# A row of 3.3, and the limits of the simulator that it is about, with what they are at first. 0: the row names no number,
# or one for each user; a test chooses.
TOLD_LIMITS: dict[str, dict[str, int]] = {
    "Send, text/link/reaction/sticker": {"send": 300, "instagram_send": 100},
    "Send, audio/video": {"media": 10},
    "Send to one thread": {"thread": 0},
    "Conversations API": {"conversations": 2},
    "Private replies": {"private_reply": 750, "live_reply": 100},
    "high volume": {},  # not played: Meta says neither over how long it counts nor what it answers
    "Page calls with Page token": {"pages": 0},
    "Instagram Platform, non-messaging": {"instagram": 0},
    "app-level (app/user tokens)": {"app": 0, "user": 0, "page": 0},
    "Messenger": {"messenger": 0},
}

_CATALOGUE = "tests/instagram/test_catalogue.py::test_each_row_is_applied_as_written"
GOTCHAS = {
    1: "tests/instagram/test_faults.py::test_an_echo_that_overtakes_the_answer",
    2: "tests/instagram/test_envelope.py::test_the_person_is_the_side_that_is_not_the_account",
    3: "tests/instagram/test_taken_back.py::test_what_is_typed_in_the_instagram_app_becomes_a_message_of_the_business",
    4: "tests/instagram/test_inbound.py::test_two_processes_that_get_the_same_apply_it_once",
    5: "tests/instagram/test_taken_back.py::test_a_message_that_was_taken_back_before_it_came_never_appears",
    6: "tests/instagram/test_inbound.py::test_a_profile_that_fails_or_is_odd_never_blocks_a_message",
    7: "tests/instagram/test_wire.py::test_an_attachment_of_an_unknown_type_is_kept_as_it_came",
    8: f"{_CATALOGUE}[attachment_share_and_ig_post]",
    9: "tests/media/test_proxy.py::test_a_file_is_what_its_bytes_say",
    10: "tests/media/test_proxy.py::test_a_link_that_lapsed_is_read_anew_once_and_kept",
    11: "tests/instagram/test_leftovers.py::test_standby_messages_are_stored_like_any_other",
    12: "tests/instagram/test_thread_control.py::test_a_send_refused_for_another_owner_tells_who_owns_the_thread",
    13: "tests/instagram/doctor/test_switches.py::test_what_happens_to_a_connection_is_found_and_told_and_passes",
    14: "tests/instagram/doctor/test_checks.py::test_a_check_finds",
    15: "tests/instagram/test_leftovers.py::test_a_dashboard_test_is_kept_as_one",
    16: "tests/instagram/test_faults.py::test_a_switch_that_the_owner_turned_off_is_named",
    17: "tests/connect/test_facebook_login.py::test_an_account_that_moved_to_another_page_is_known_by_itself",
    18: "tests/instagram/onboarding/test_dialog.py::test_facebooks_dialog",
    19: "tests/connect/test_facebook_login.py::test_a_narrowed_grant_is_named_and_the_full_way_out_heals_it",
    20: "tests/instagram/review/test_tables.py::test_a_row_is_of_a_permission_that_this_login_has",
    21: "tests/instagram/test_refused_access.py::test_further_messages_fail_with_the_same_words_and_meta_is_not_asked",
    22: "tests/instagram/test_tags.py::test_the_tag_follows_policy_silence_and_author",
    23: "tests/instagram/test_tags.py::test_when_meta_counts_otherwise_a_human_s_answer_is_tried_with_the_tag",
    24: "tests/instagram/test_receive.py::test_what_is_signed_is_answered_200_and_is_on_disk_byte_by_byte",
    25: "tests/instagram/test_connect_instagram.py::"
    "test_with_the_wrong_of_the_two_secrets_webhooks_are_refused_until_it_is_mended",
    26: "tests/instagram/test_errors.py::test_a_row_of_the_table",
    27: "tests/instagram/test_errors.py::test_neither_status_nor_is_transient_change_what_a_known_code_means",
    28: "tests/instagram/test_render.py::test_a_text_is_cut_at_a_thousand_bytes",
    29: "tests/instagram/test_render.py::test_quick_replies_stand_on_the_last_part_only",
    30: "tests/instagram/test_outbound.py::test_messages_of_a_conversation_are_sent_in_order_one_at_a_time",
    31: "tests/instagram/doctor/test_checks.py::test_a_check_finds",
    32: "tests/instagram/doctor/test_checks.py::test_the_table_of_versions_is_in_order",
    33: f"{_CATALOGUE}[attachment_ephemeral]",
    34: "tests/instagram/test_reactions_out.py::"
    "test_whoever_keeps_reactions_hears_of_those_that_meta_took_and_of_no_other",
}


def test_every_row_of_the_catalogue_has_a_fixture_and_every_fixture_a_row() -> None:
    rows = [str(json.loads(path.read_text())["row"]) for path in ROWS]
    assert len(set(rows)) == len(rows)
    listed = {f"{kind}: {name}" for kind, names in CATALOGUE.items() for name in names}
    # A variant says what it is behind the row's name: "1.6 event: read (watermark)".
    assert {one for one in listed if not any(row == one or row.startswith(f"{one} ") for row in rows)} == set()
    assert {row for row in rows if not any(row == one or row.startswith(f"{one} ") for one in listed)} == set()


def test_every_limit_is_of_a_row_and_as_high_as_the_row_says() -> None:
    told = {name: most for limits in TOLD_LIMITS.values() for name, most in limits.items()}
    assert told == {name: getattr(Rules(), limit.knob) for name, limit in LIMITS.items()}
    unplayed = {row for row, limits in TOLD_LIMITS.items() if not limits}
    assert unplayed == {"high volume"}
    assert "72,000 messages" in (ROOT / "docs/simulator/rules.md").read_text().partition("## Not played")[2]


@pytest.mark.parametrize("test", GOTCHAS.values(), ids=[str(number) for number in GOTCHAS])
def test_every_gotcha_has_a_test_that_exists(test: str) -> None:
    path, _, name = test.partition("::")
    name, _, case = name.partition("[")
    assert f"\ndef {name}(" in (ROOT / path).read_text()
    assert not case or case.rstrip("]") in {path.stem for path in ROWS}


# Beside the reference itself --------------------------------------------------------------------------------------


def part(start: str, end: str) -> str:
    """What stands between these two of the reference."""
    text = Path(GIVEN).read_text()
    assert start in text, start
    return text.partition(start)[2].partition(end)[0]


def rows(table: str) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    found = [re.split(r"(?<!\\) ?\| ?", line.strip("| ")) for line in table.splitlines() if line.startswith("|")]
    return [row for row in found[1:] if set(row[0]) != {"-"}]


def codes(text: str) -> set[str]:
    """What stands in code marks."""
    return set(re.findall(r"`([^`]+)`", text))


@with_reference
def test_the_catalogue_is_that_of_the_reference() -> None:
    messages = part("**message** —", "**Attachment types.**")
    attachments = part("**Attachment types.**", "Several images sent together")
    changes = part("### 1.7", "## 2. Send API")
    kinds = {name for row in rows(attachments) for name in codes(row[0]) or {row[0]}}
    taken = re.search(r"Accept\s+`changes` for (.*?) by treating", changes, re.S)
    assert taken is not None
    # Standby is a list of its own, beside `messaging`.
    events = codes(part("Exactly one of", "is present")) - {"message"} | {"standby"}
    assert {
        "1.6 message": {row[0] for row in rows(messages)},
        "1.6 attachment": kinds,
        "1.6 event": events,
        "1.7 changes": {name for row in rows(changes) for name in codes(row[0])} | codes(taken[1]),
    } == CATALOGUE


@with_reference
def test_the_limits_are_those_of_the_reference() -> None:
    told = {row[0]: row[1] for row in rows(part("### 3.3", "Headers:"))}
    assert set(told) == set(TOLD_LIMITS)
    for row, limits in TOLD_LIMITS.items():
        for most in filter(None, limits.values()):
            assert re.search(rf"\b{most}(/| calls)", told[row]), (row, most)


@with_reference
def test_the_gotchas_are_those_of_the_reference() -> None:
    assert [int(row[0]) for row in rows(part("## 7. Gotchas", "## 8."))] == list(GOTCHAS)
