"""Keys of an app: create, delete. A secret is shown on the page that follows its creation, and on no other."""

from asyncpg.exceptions import ForeignKeyViolationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from heliograph.dashboard.frame import Visit
from heliograph.dashboard.settings import app_pages
from heliograph.messaging import keys


async def create(visit: Visit) -> Response:
    """A new key."""
    name = visit.form["key_name"]
    if problem := app_pages.name_problem(name):
        return await app_pages.page(visit, {"key_name": problem})
    try:
        async with visit.services.database.transaction() as connection:
            key = await keys.create_key(connection, visit.services.box, "app", visit.app.id, None, name)
    except keys.TooManyKeysError:
        return await app_pages.page(visit, {"key_name": f"There are {keys.MOST_KEYS} keys already: delete one first."})
    except ForeignKeyViolationError:  # the app was deleted meanwhile
        raise HTTPException(404) from None
    return visit.page("settings/key.html", title="Key created", key=key, base=f"{visit.services.public_url}/v2")


async def delete(visit: Visit) -> Response:
    """Delete a key."""
    async with visit.services.database.pool.acquire() as connection:
        if not await keys.delete_key(connection, "app", visit.app.id, None, visit.request.path_params["keyId"]):
            raise HTTPException(404)
    return visit.redirect(f"/apps/{visit.app.id}/settings", done="key-deleted")
