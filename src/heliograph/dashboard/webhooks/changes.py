"""Changing: add a webhook, edit it, show its secret, remove it. Owners only; the same functions as the API's."""

from asyncpg.exceptions import ForeignKeyViolationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.dashboard import wording
from heliograph.dashboard.frame import Visit
from heliograph.dashboard.webhooks import fields, pages, queries, triggers, verify
from heliograph.dashboard.webhooks.fields import Fields
from heliograph.dashboard.webhooks.queries import Webhook
from heliograph.messaging import integrations, webhooks
from heliograph.telemetry.logs import get_logger

log = get_logger("dashboard")

wording.say(
    {
        "webhook-saved": "The webhook is saved. What is sent from now on goes by it.",
        "webhook-removed": "The webhook is removed. What waited for it is dropped.",
    }
)

_ADD = "Add webhook"
_EDIT = "Edit webhook"


async def ask(visit: Visit) -> Response:
    """The page to add one on."""
    return _form(visit, Fields(triggers=triggers.FIRST))


async def add(visit: Visit) -> Response:
    """Make a custom integration with its webhook, and show the secret."""
    given = await fields.read(visit.form, visit.services.webhook_networks)
    if given.problems:
        return _form(visit, given)
    try:
        async with visit.services.database.transaction() as connection:
            made = await integrations.create_custom(
                connection, visit.services.box, visit.app.id, given.name or None, given.wire()
            )
    except webhooks.TooManyWebhooksError:
        given.problems["whole"] = f"The app has {webhooks.MOST_WEBHOOKS} webhooks already. Remove one first."
        return _form(visit, given)
    except ForeignKeyViolationError:  # the app was deleted meanwhile
        raise HTTPException(404) from None
    (webhook,) = made["webhooks"]
    return visit.page(
        "webhooks/made.html",
        title="Webhook added",
        made=webhook,
        header=verify.HEADER,
        snippet=verify.SNIPPET,
        base=pages.base(visit),
    )


async def edit(visit: Visit) -> Response:
    """The page to change one on."""
    webhook = await _webhook(visit)
    given = Fields(webhook.name or "", webhook.target, webhook.triggers, webhook.full_user, webhook.full_source)
    return _form(visit, given, webhook)


async def change(visit: Visit) -> Response:
    """Its form."""
    webhook = await _webhook(visit)
    given = await fields.read(visit.form, visit.services.webhook_networks)
    if given.problems:
        return _form(visit, given, webhook)
    app_id, owner = visit.app.id, webhook.integration_id
    async with visit.services.database.transaction() as connection:
        changed = await webhooks.update(connection, visit.services.box, app_id, owner, webhook.id, given.wire())
        if changed is None:
            raise HTTPException(404)
        if webhook.kind == "custom" and (given.name or None) != webhook.name:
            await integrations.change(connection, app_id, owner, {"displayName": given.name or None})
    return visit.redirect(f"/apps/{app_id}/webhooks/{webhook.id}", done="webhook-saved")


async def show_secret(visit: Visit) -> Response:
    """The secret, on the page or as a piece of it. That it was looked at is in the log."""
    webhook = await _webhook(visit)
    async with visit.services.database.pool.acquire() as connection:
        found = await webhooks.get(connection, visit.services.box, visit.app.id, webhook.integration_id, webhook.id)
    if found is None:
        raise HTTPException(404)
    log.info("a webhook's secret was shown", webhook=webhook.id, app=visit.app.id, member=visit.member.id)
    if visit.by_htmx:
        return visit.fragment("webhooks/secret.html", secret=found["secret"])
    return await pages.page(visit, secret=found["secret"])


async def remove(visit: Visit) -> Response:
    """Delete it; and the custom integration that was there for it alone."""
    webhook = await _webhook(visit)
    app_id, owner = visit.app.id, webhook.integration_id
    async with visit.services.database.transaction() as connection:
        if not await webhooks.delete(connection, app_id, owner, webhook.id):
            raise HTTPException(404)
        if await queries.is_bare(connection, app_id, owner):
            await integrations.delete(connection, app_id, owner)
    return visit.redirect(f"/apps/{app_id}/webhooks", done="webhook-removed")


async def _webhook(visit: Visit) -> Webhook:
    async with visit.services.database.pool.acquire() as connection:
        return await pages.find(visit, connection)


def _form(visit: Visit, given: Fields, webhook: Webhook | None = None) -> Response:
    return visit.page(
        "webhooks/form.html",
        title=_EDIT if webhook else _ADD,
        status=422 if given.problems else 200,
        given=given,
        webhook=webhook,
        groups=triggers.groups(),
        base=pages.base(visit),
        longest_name=fields.LONGEST_NAME,
    )
