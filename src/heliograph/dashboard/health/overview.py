"""All accounts of an app: a sentence, then a row for each, those that need somebody first."""

from starlette.responses import Response

from heliograph.dashboard.frame import Visit
from heliograph.dashboard.health.condition import Sentence, sum_up
from heliograph.dashboard.health.pieces import Follower, Piece, mark_of
from heliograph.dashboard.health.queries import ACCOUNTS, MOST_LISTED, Line, Listed, listed
from heliograph.dashboard.live import stream


async def show(visit: Visit) -> Response:
    """The page."""
    found = (await listed(visit.services.database, frozenset({visit.app.id})))[visit.app.id]
    return visit.page(
        "health/overview.html",
        title="Health",
        lines=found.lines,
        of_all=found.of_all,
        most=MOST_LISTED,
        sentence=_sentence(found) if found.lines else None,
        mark=mark_of(found),
    )


async def live(visit: Visit) -> Response:
    """What changes on it: the sentence, and rows, each in its place. Accounts that are new are told of, not put in."""
    follower, known = Follower(visit.request.query_params.get("mark", "")), _known(visit)

    def render(found: Listed) -> dict[str, str]:
        return follower.news(found, _pieces(visit, found, known))

    return stream(visit, ACCOUNTS, visit.app.id, render)


def _known(visit: Visit) -> int:
    """How many accounts the page was loaded with."""
    given = visit.request.query_params.get("of", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def _pieces(visit: Visit, found: Listed, known: int) -> dict[str, Piece]:
    def row(line: Line) -> Piece:
        return Piece(line, lambda: visit.rendered("health/row.html", line=line))

    sentence = _sentence(found) if found.lines else Sentence("calm", "No account is connected any more")
    changed = found.of_all != known
    return {
        "sentence": Piece(sentence, lambda: visit.rendered("health/sentence.html", sentence=sentence)),
        "others": Piece(changed, lambda: visit.rendered("health/others.html", changed=changed)),
        **{f"row-{line.report.integration_id}": row(line) for line in found.lines},
    }


def _sentence(found: Listed) -> Sentence:
    return sum_up([(line.name, line.condition) for line in found.lines], found.of_all)
