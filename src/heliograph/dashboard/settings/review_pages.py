"""App Review at Meta: what to ask for, what is missing, and the test calls. Agents see what their apps are connected by."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.channels.instagram import InstagramChannel
from heliograph.channels.instagram.review import Report, Review, UnknownAppError
from heliograph.channels.instagram.review.screencast import BEFORE
from heliograph.channels.instagram.review.test_calls import Made
from heliograph.dashboard import access
from heliograph.dashboard.frame import ROOT, Visit
from heliograph.dashboard.settings.app_pages import MOST_LISTED

TITLE = "App Review"
LONGEST_NAME = 100


async def show_all(visit: Visit) -> Response:
    """The Facebook apps; the one there is, where there is one."""
    listed = await _review(visit).facebook_apps(await _app_ids(visit))
    if len(listed) == 1:
        return visit.redirect(f"/settings/app-review/{listed[0].id}")
    return visit.page("settings/reviews.html", title=TITLE, facebook_apps=listed)


async def show(visit: Visit) -> Response:
    """One of them."""
    return await _page(visit, await _report(visit), [])


async def make_calls(visit: Visit) -> Response:
    """Make the test calls, and show what became of each."""
    try:
        made = await _review(visit).make_calls(visit.request.path_params["facebookAppId"])
    except UnknownAppError:
        raise HTTPException(404) from None
    report = await _report(visit)
    if visit.by_htmx:
        return visit.fragment("settings/review_state.html", report=report, made=made)
    return await _page(visit, report, made)


async def _page(visit: Visit, report: Report, made: list[Made]) -> Response:
    names = {name: visit.request.query_params.get(name, "").strip()[:LONGEST_NAME] for name in ("company", "product")}
    return visit.page(
        "settings/review.html",
        title=TITLE,
        report=report,
        made=made,
        names=names,
        before=BEFORE,
        several=len(await _review(visit).facebook_apps(await _app_ids(visit))) > 1,
        base=f"{ROOT}/settings/app-review/{report.app.id}",
    )


async def _report(visit: Visit) -> Report:
    try:
        return await _review(visit).report(
            visit.request.path_params["facebookAppId"], await _app_ids(visit), with_secrets=visit.member.is_owner
        )
    except UnknownAppError:
        raise HTTPException(404) from None


async def _app_ids(visit: Visit) -> list[str] | None:
    """The apps of ours that an agent sees; None, all of them, for an owner."""
    if visit.member.is_owner:
        return None
    async with visit.services.database.pool.acquire() as connection:
        return [one.id for one in await access.apps_of(connection, visit.member, MOST_LISTED)]


def _review(visit: Visit) -> Review:
    channel = visit.services.channels["instagram"]
    assert isinstance(channel, InstagramChannel)
    return channel.review
