"""`heliograph facebook-apps`: the apps at Meta that people log in with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppError, FacebookAppRegister, Listed
from heliograph.commands.console import CommandError
from heliograph.opening.instagram import opened_channel
from heliograph.opening.storage import open_box, open_database
from heliograph.settings import Settings


async def add(settings: Settings, facebook_app_id: str, secret: str, **how: Any) -> dict[str, Any]:
    """Try an app at Meta and keep it; the app, and what Meta must have entered. Raises CommandError."""
    async with _register(settings) as register:
        made = await register.add(facebook_app_id, secret, **how)
        entries = await register.entries(facebook_app_id)
    return {**_shown(made), "enter": [{"what": one.label, "value": one.value, "where": one.where} for one in entries]}


async def change(settings: Settings, facebook_app_id: str, **how: Any) -> dict[str, Any]:
    """Change what is given and is not None; a new secret is tried at Meta first. Raises CommandError."""
    given = {name: value for name, value in how.items() if value not in (None, False)}
    if not given:
        raise CommandError("nothing to change was given: --name, --secret, --config-id or --default")
    async with _register(settings) as register:
        return _shown(await register.change(facebook_app_id, **given))


async def list_all(settings: Settings) -> list[dict[str, Any]]:
    """All of them, without their secrets."""
    async with _register(settings) as register:
        return [_shown(one) for one in await register.all()]


async def remove(settings: Settings, facebook_app_id: str) -> None:
    """Remove one. Raises CommandError."""
    async with _register(settings) as register:
        await register.remove(facebook_app_id)


@asynccontextmanager
async def _register(settings: Settings) -> AsyncIterator[FacebookAppRegister]:
    """The register of this installation. What it refuses becomes a CommandError, which the command line tells."""
    async with open_database(settings) as database, opened_channel(settings, database, open_box(settings)) as channel:
        try:
            yield channel.facebook_apps
        except FacebookAppError as error:
            raise CommandError(str(error)) from error


def _shown(one: Listed) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "login": one.login,
        "config_id": one.config_id,
        "app_id": one.app_id,
        "shared": one.shared,
        "default": one.is_default,
        "created_at": one.created_at.isoformat(),
        "checked_at": one.checked_at.isoformat() if one.checked_at else None,
        "accounts": one.accounts,
    }
