"""The pages that a person sees while they let a program in."""

from starlette.responses import Response

from heliograph.look import Sheets

# Browsers apply form-action to where the answer to a form leads, and on from there: hence any address, but no script.
_SHEETS = Sheets("heliograph.api.oauth", form_action="'self' https: http:", parts=("asking.css",))

page = _SHEETS.page


def dead_end(problem: str, status: int = 400) -> Response:
    """The page for when there is nowhere to go from here."""
    return page("dead_end.html", status, problem=problem)


def redirect(address: str) -> Response:
    """302, and nothing of where the person was goes along."""
    return Response(
        status_code=302,
        headers={"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )
