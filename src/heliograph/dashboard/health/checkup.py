"""One account: every finding with its repair, as it is found; and "Check now"."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from heliograph.api.integration_health import examined
from heliograph.channels.health import Doctor, Finding, PausedError, Report, State
from heliograph.channels.instagram.doctor.checks import CHECKS
from heliograph.dashboard import wording
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.health.condition import Condition, Sentence, condition, needs_login, silence, worth_reading
from heliograph.dashboard.health.pieces import Follower, Piece, mark_of
from heliograph.dashboard.health.queries import REPORTS, key_of, name_of
from heliograph.dashboard.live import stream

_NAMES = frozenset(check.name for check in CHECKS)

wording.say(
    {
        "checked": "Checked. What was found stands below.",
        "check-runs": "A check of this account is running. What it finds appears here.",
        "check-waits": "Meta wants this account left alone for a while. Check again in some minutes.",
    }
)

# The accounts that are being checked for somebody, in this process.
_under_way: set[str] = set()


async def show(visit: Visit) -> Response:
    """The page."""
    name, handle = await _name(visit)
    report = await _report(visit)
    read = [one.check for one in worth_reading(report.findings)]
    pieces = _pieces(visit, name, report, read)
    return visit.page(
        "health/checkup.html",
        title=name,
        handle=handle,
        integration_id=report.integration_id,
        pieces={place: piece.render() for place, piece in pieces.items()},
        slots=[_slot(check) for check in (*read, *(one.name for one in CHECKS if one.name not in read))],
        read=",".join(read),
        mark=mark_of(report),
        login_helps=any(needs_login(one) for one in report.findings),
    )


async def live(visit: Visit) -> Response:
    """What changes on it."""
    name, _ = await _name(visit)
    follower, read = Follower(visit.request.query_params.get("mark", "")), _read(visit.request.query_params.get("read"))

    def render(report: Report) -> dict[str, str]:
        read.extend(one.check for one in worth_reading(report.findings) if one.check not in read)
        return follower.news(report, _pieces(visit, name, report, read))

    return stream(visit, REPORTS, key_of(visit.app.id, visit.request.path_params["integrationId"]), render)


async def check(visit: Visit) -> Response:
    """Check now. Says what came of it, and brings the page up to date."""
    name, _ = await _name(visit)
    before = await _report(visit)
    app_id, integration_id = before.app_id, before.integration_id
    done, report = "check-runs", before
    if integration_id not in _under_way:
        _under_way.add(integration_id)
        try:
            report = await examined(_doctor(visit), app_id, integration_id, visit.now) or before
            done = "checked"
        except PausedError:
            done = "check-waits"
        finally:
            _under_way.discard(integration_id)
    if not visit.by_htmx:
        return visit.redirect(f"/apps/{app_id}/health/{integration_id}", done)
    pieces = _pieces(visit, name, report, _read(visit.form["read"])) if done == "checked" else {}
    words = _came(condition(before), condition(report)) if done == "checked" else wording.DONE[done]
    texts = {place: piece.render() for place, piece in pieces.items()}
    return HTMLResponse(visit.rendered("health/checked.html", words=words, texts=texts))


def _came(before: Condition, now: Condition) -> str:
    if now.kind == "good":
        return "Checked. All is well." if before.kind == "good" else "Checked. All is well again."
    if now.kind == "wait":
        return "Checked. Meta did not answer."
    return "Checked. What was found stands below."


# Pieces -----------------------------------------------------------------------------------------------------------


def _pieces(visit: Visit, name: str, report: Report, read: Sequence[str]) -> dict[str, Piece]:
    """``read``: the checks that the page shows in full; they keep their places when they are well again."""
    how, found = condition(report), {one.check: one for one in report.findings}
    sentence = Sentence(how.kind, f"{name} {how.does}", how.since, how.what if how.kind == "bad" and not found else "")
    full = [check for check in _NAMES if check in read or (check in found and worth_reading([found[check]]))]
    others = [one for one in report.findings if one.check not in full]
    unseen = tuple(one for one in others if one.state is State.UNKNOWN)
    passed = tuple(one for one in others if one.state is not State.UNKNOWN)
    seen = report.checked_at, report.last_webhook_at

    def card(one: Finding | None) -> str:
        if one is None:
            return ""
        return visit.rendered("health/finding.html", one=one, login_helps=needs_login(one), report=report)

    def slot(check: str) -> Piece:
        one = found.get(check) if check in full else None
        return Piece(one, lambda: card(one))

    def folded(listed: Sequence[Finding], state: str) -> str:
        return visit.rendered("health/folded.html", listed=listed, state=state)

    quiet = silence(report)
    return {
        "sentence": Piece(sentence, lambda: visit.rendered("health/sentence.html", sentence=sentence)),
        "seen": Piece(seen, lambda: visit.rendered("health/seen.html", report=report)),
        "silence": Piece(quiet, lambda: visit.rendered("health/silence.html", silence=quiet)),
        "unseen": Piece(unseen, lambda: folded(unseen, "unseen")),
        "unseen-count": Piece(unseen, lambda: visit.rendered("health/count.html", unseen=unseen)),
        "passed": Piece(passed, lambda: folded(passed, "passed")),
        "passed-count": Piece(passed, lambda: visit.rendered("health/count.html", passed=passed)),
        "read": Piece(tuple(read), lambda: visit.rendered("health/read.html", read=",".join(read))),
        **{_slot(check): slot(check) for check in _NAMES},
    }


def _slot(check: str) -> str:
    """What a check's place on the page is called."""
    return f"slot-{check.replace(':', '-')}"


def _read(given: str | None) -> list[str]:
    """The checks that the page shows in full, as it says."""
    return [name for name in (given or "").split(",") if name in _NAMES]


async def _name(visit: Visit) -> tuple[str, str]:
    integration_id = visit.request.path_params["integrationId"]
    found = await name_of(visit.services.database, visit.app.id, integration_id)
    if found is None:
        raise HTTPException(404)
    return found


async def _report(visit: Visit) -> Report:
    report = await _doctor(visit).report(visit.app.id, visit.request.path_params["integrationId"])
    if report is None:
        raise HTTPException(404)
    return report


def _doctor(visit: Visit) -> Doctor:
    return visit.services.channels["instagram"].doctor
