"""`heliograph app-review`: what App Review at Meta needs of a Facebook app, and the test calls it wants to see."""

from typing import Any

from heliograph.channels.instagram.review import Report, UnknownAppError
from heliograph.channels.instagram.review.test_calls import LASTS, Made
from heliograph.commands.console import CommandError
from heliograph.opening.instagram import opened_channel
from heliograph.opening.storage import open_box, open_database
from heliograph.settings import Settings


async def app_review(settings: Settings, facebook_app_id: str, *, make_calls: bool) -> tuple[Report, list[Made]]:
    """The report about a Facebook app, and what became of the test calls when they were asked for.

    Raises CommandError for an app that is not known, with those that are.
    """
    async with open_database(settings) as database, opened_channel(settings, database, open_box(settings)) as channel:
        review = channel.review
        try:
            made = await review.make_calls(facebook_app_id) if make_calls else []
            # Whoever has the command line has the secrets.
            return await review.report(facebook_app_id, with_secrets=True), made
        except UnknownAppError as error:
            known = [one.id for one in await review.facebook_apps()]
            there = f"there are {', '.join(known)}" if known else "connect an account by it first"
            raise CommandError(f"{error}: {there}") from error


def as_json(report: Report, made: list[Made], *, company: str, product: str) -> dict[str, Any]:
    """The same for a program."""
    return {
        "facebookAppId": report.app.id,
        "login": report.app.login,
        "accounts": report.app.accounts,
        "missing": report.missing,
        "checklist": [
            {
                "key": one.key,
                "state": one.state.value,
                "title": one.title,
                "detail": one.detail,
                "at": one.at.isoformat() if one.at else None,
                "lapses": one.lapses.isoformat() if one.lapses else None,
            }
            for one in report.checklist
        ],
        "permissions": [
            {
                "name": one.name,
                "need": one.need.value,
                "feature": one.feature,
                "meaning": one.meaning,
                "use": one.use,
                "text": one.text(company, product),
                "shown": list(one.shown),
                "counts": one.counts,
                "testCall": str(one.read) if one.read else None,
                "standardAccess": one.standard,
                "calledAt": report.called[one.name].isoformat() if one.name in report.called else None,
                "lapsesAt": (report.called[one.name] + LASTS).isoformat() if one.name in report.called else None,
            }
            for one in report.permissions
        ],
        "addresses": [{"name": one.name, "value": one.value, "where": one.where} for one in report.addresses],
        "screencast": {
            "seconds": report.seconds,
            "steps": [
                {
                    "title": one.title,
                    "show": one.show,
                    "say": one.say,
                    "seconds": one.seconds,
                    "proves": list(one.proves),
                }
                for one in report.steps
            ],
        },
        "calls": [
            {"permission": one.permission, "succeeded": one.succeeded, "at": one.at.isoformat(), "said": one.said}
            for one in made
        ],
    }
