"""One integration: how it does, what can be set, reconnect and disconnect."""

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.api import integrations as api
from heliograph.api.errors import ApiError
from heliograph.channels.base import ConnectError, GoneError
from heliograph.channels.health import Report
from heliograph.dashboard import wording
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.integrations import arrival, dialog, fields, words
from heliograph.dashboard.integrations.queries import One, one
from heliograph.dashboard.integrations.standing import stand, unwell

wording.say({"integration-saved": "Saved. It holds from the next message on."})


async def show(visit: Visit) -> Response:
    """The page."""
    found = await _found(visit)
    return await _page(visit, found, fields.shown(found.display_name, found.settings))


async def change(visit: Visit) -> Response:
    """Save the settings, by the same way as the API."""
    found = await _found(visit)
    given = fields.read(visit.form, found.kind)
    problems: dict[str, str] = {}
    try:
        await api.change(
            visit.services, visit.app.id, found.id, found.kind, api.IntegrationUpdate.model_validate(given)
        )
    except ValidationError as error:
        problems = fields.problems_of(error)
    except GoneError:
        raise HTTPException(404) from None
    except (ApiError, ConnectError) as error:
        problems = {"": " ".join(error.args)}
    if problems:
        return await _page(visit, found, fields.typed(visit.form), problems)
    return visit.redirect(f"{dialog.base(visit)}/{found.id}", done="integration-saved")


async def reconnect(visit: Visit) -> Response:
    """To Meta's dialog, for the same account."""
    found = await _found(visit)
    if not found.is_live:
        raise HTTPException(404)
    return await dialog.go(visit, dialog.purpose(visit, f"{dialog.base(visit)}/{found.id}", found.id))


async def disconnect(visit: Visit) -> Response:
    """Delete the integration; conversations stay."""
    found = await _found(visit)
    await api.remove(visit.services, visit.app.id, found.id, found.kind)
    return visit.redirect(dialog.base(visit), done="disconnected")


async def _found(visit: Visit) -> One:
    async with visit.services.database.pool.acquire() as connection:
        found = await one(connection, visit.app.id, visit.request.path_params["integrationId"])
    if found is None:
        raise HTTPException(404)
    return found


async def _page(visit: Visit, found: One, given: fields.Given, problems: dict[str, str] | None = None) -> Response:
    report = await _report(visit, found)
    findings = unwell(report.findings) if report else []
    since = arrival.since_of(visit.request.query_params.get("since", ""))
    waits = found.is_account and found.status == "active" and (since is not None or found.last_webhook_at is None)
    return visit.page(
        "integrations/one.html",
        title=found.name,
        status=422 if problems else 200,
        one=found,
        standing=stand(found.kind, found.status, report.state if report else None, report.findings if report else ()),
        findings=findings,
        logins=words.LOGINS,
        given=given,
        problems=problems or {},
        fields=fields,
        longest_name=fields.LONGEST_NAME,
        waits=waits,
        since=int(since.timestamp()) if since else "",
        check=await arrival.card(visit, found.id, since) if waits else "",
        has_health=any(section.name == "health" for section in visit.house.sections),
    )


async def _report(visit: Visit, found: One) -> Report | None:
    return await dialog.channel(visit).doctor.report(visit.app.id, found.id) if found.is_live else None
