"""What the phone page reads from the control API: a thread in pages, unread, quotations, stories, the wire searched."""

from tests.simulator.support import Seeded


def _thread(at: Seeded, **query: object) -> dict[str, object]:
    found = at.simulator.read(f"/threads/{at.account}/{at.igsid}", **query)
    return {"texts": [one["text"] for one in found["messages"]], "older": found["older"]}


def test_a_thread_is_read_page_by_page_from_its_end(seeded: Seeded) -> None:
    mids = [seeded.says(str(number))["mid"] for number in range(5)]
    assert _thread(seeded) == {"texts": ["0", "1", "2", "3", "4"], "older": False}
    assert _thread(seeded, limit=2) == {"texts": ["3", "4"], "older": True}
    assert _thread(seeded, limit=2, before=mids[3]) == {"texts": ["1", "2"], "older": True}
    assert _thread(seeded, limit=2, before=mids[1]) == {"texts": ["0"], "older": False}
    # A message that is gone still has its place.
    seeded.simulator.control("/unsend", 200, mid=mids[3])
    assert _thread(seeded, limit=1, before=mids[3]) == {"texts": ["2"], "older": True}
    answer = seeded.simulator.get(f"/_simulator/threads/{seeded.account}/{seeded.igsid}?before=nothing")
    assert (answer.status, answer.json["error"]["field"]) == (404, "before")


def test_pages_keep_the_marks_of_the_whole_thread(seeded: Seeded) -> None:
    for number in range(4):
        seeded.says(str(number))
    seeded.send(sender_action="mark_seen")
    seeded.says("4")
    page = seeded.simulator.read(f"/threads/{seeded.account}/{seeded.igsid}", limit=2)["messages"]
    assert [one["seen"] for one in page] == [True, False]
    one = seeded.simulator.read(f"/messages/{page[0]['mid']}")
    assert one == page[0]
    assert seeded.simulator.get("/_simulator/messages/none").status == 404


def test_unread_counts_what_the_person_has_not_seen(seeded: Seeded) -> None:
    def unread() -> int:
        return seeded.simulator.read("/threads")["threads"][0]["unread"]

    seeded.says()
    assert unread() == 0
    mids = [seeded.send({"text": text}).json["message_id"] for text in "abc"]
    assert unread() == 3
    seeded.acts("/seen", 200, mid=mids[1])
    assert unread() == 1
    seeded.simulator.control("/unsend", 200, mid=mids[2])
    assert unread() == 0
    seeded.send({"text": "d"})
    seeded.says("I saw it")
    assert unread() == 0


def test_a_quotation_tells_what_it_answers(seeded: Seeded) -> None:
    first = seeded.says("first")["mid"]
    seeded.says("second", reply_to_mid=first)
    quoted = seeded.thread()[1]["quoted"]
    assert (quoted["mid"], quoted["text"], quoted["deleted"]) == (first, "first", False)
    seeded.simulator.control("/unsend", 200, mid=first)
    quoted = seeded.thread()[1]["quoted"]
    assert (quoted["text"], quoted["deleted"]) == (None, True)


def test_every_live_story_is_listed_with_its_owner(seeded: Seeded) -> None:
    seeded.acts("/mentions")
    owners = [one["owner_id"] for one in seeded.simulator.read("/stories")["stories"]]
    assert owners == [seeded.person, seeded.account]
    seeded.simulator.control("/clock", 200, advance_seconds=25 * 3600)
    assert seeded.simulator.read("/stories")["stories"] == []


def test_the_wire_is_searched_as_one_reads_it(connected: Seeded) -> None:
    connected.says("Grüße aus/nach Köln")
    connected.says("else")
    connected.sink.wait(2)
    for words in ("Grüße aus/nach", "GRüße", "aus/nach köln"):
        found = connected.simulator.read("/wire", contains=words)["entries"]
        assert [one["kind"] for one in found] == ["webhook"], words
    assert connected.simulator.read("/wire", contains="no such words")["entries"] == []
