"""Apps: create, rename, delete."""

from starlette.responses import Response

from heliograph.api.apps import take_down
from heliograph.dashboard import access, wording
from heliograph.dashboard.frame import Visit
from heliograph.messaging import apps
from heliograph.messaging import keys as stored_keys

wording.say(
    {
        "app-created": "The app is there. Make a key for it to call the API with.",
        "app-renamed": "The name is saved.",
        "app-deleted": "The app is deleted. What was in it cannot be reached any more.",
        "key-deleted": "The key is deleted. It opens nothing any more.",
    }
)

LONGEST_NAME = 100
MOST_LISTED = 1000


async def show_all(visit: Visit) -> Response:
    """The list."""
    async with visit.services.database.pool.acquire() as connection:
        listed = await access.apps_of(connection, visit.member, MOST_LISTED)
    return visit.page("settings/apps.html", title="Apps", listed=listed)


async def ask(visit: Visit) -> Response:
    """The page to make one on."""
    return visit.page("settings/new_app.html", title="Create app", problem="", name="")


async def create(visit: Visit) -> Response:
    """Its form."""
    name = visit.form["name"]
    if problem := name_problem(name):
        return visit.page("settings/new_app.html", title="Create app", status=422, problem=problem, name=name)
    async with visit.services.database.transaction() as connection:
        app = await apps.create(connection, name, {})
    return visit.redirect(f"/apps/{app['id']}/settings", done="app-created")


async def show(visit: Visit) -> Response:
    """One app, with its keys."""
    return await page(visit)


async def rename(visit: Visit) -> Response:
    """Another name."""
    name = visit.form["name"]
    if problem := name_problem(name):
        return await page(visit, {"name": problem})
    async with visit.services.database.transaction() as connection:
        await apps.update(connection, visit.app.id, {"displayName": name})
    return visit.redirect(f"/apps/{visit.app.id}/settings", done="app-renamed")


async def delete(visit: Visit) -> Response:
    """Delete it, for who typed its name."""
    if visit.form["typed"] != visit.app.name.strip():
        return await page(visit, {"typed": f"The name is “{visit.app.name}”. Nothing was deleted."})
    await take_down(visit.services, visit.app.id)
    return visit.redirect("/settings/apps", done="app-deleted")


async def page(visit: Visit, problems: dict[str, str] | None = None) -> Response:
    """The page of one app."""
    async with visit.services.database.pool.acquire() as connection:
        listed = await stored_keys.names_of_keys(connection, "app", visit.app.id)
    return visit.page(
        "settings/app.html",
        title=visit.app.name,
        status=422 if problems else 200,
        keys=listed,
        most_keys=stored_keys.MOST_KEYS,
        problems=problems or {},
        given={
            "name": visit.form["name"] if "name" in (problems or {}) else visit.app.name,
            "key_name": visit.form["key_name"] if "key_name" in (problems or {}) else "",
        },
    )


def name_problem(name: str) -> str | None:
    """What is wrong with a name of an app or a key, or None (Sunshine reference 2.1)."""
    if not name:
        return "Give it a name."
    return None if len(name) <= LONGEST_NAME else f"Too long. At most {LONGEST_NAME} characters."
