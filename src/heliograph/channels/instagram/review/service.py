"""App Review of the installation's Facebook apps: what pages and commands ask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heliograph.channels.instagram.accounts.records import FacebookApp, FacebookApps
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.notes import for_review
from heliograph.channels.instagram.review import permissions, readiness, screencast, test_calls
from heliograph.channels.instagram.review.addresses import Address, addresses
from heliograph.channels.instagram.review.permission import Permission
from heliograph.channels.instagram.review.readiness import Facts, Item
from heliograph.channels.instagram.review.screencast import Step
from heliograph.channels.instagram.review.test_calls import Made
from heliograph.storage import Database, SecretBox

# Served by facebook_apps_pkey and instagram_accounts_owner. $1: these apps of ours only; null: all there are. $2: this
# Facebook app only.
_APPS = """
select f.id, f.login, count(a.integration_id) as accounts
from facebook_apps f left join instagram_accounts a
    on a.facebook_app_id = f.id and ($1::text[] is null or a.app_id = any ($1))
where $2::text is null or f.id = $2
group by f.id having $1::text[] is null or count(a.integration_id) > 0 order by f.id
"""


class UnknownAppError(LookupError):
    """There is no such Facebook app, or not for whoever asks."""


@dataclass(frozen=True, slots=True)
class AppSummary:
    """A Facebook app, and how many accounts are connected by it as far as one may see."""

    id: str
    login: str
    accounts: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about the review of one Facebook app."""

    app: AppSummary
    permissions: tuple[Permission, ...]
    called: Mapping[str, datetime]
    checklist: tuple[Item, ...]
    addresses: tuple[Address, ...]
    """Without what is for owners' eyes only, unless that was asked for."""
    steps: tuple[Step, ...]
    seconds: int

    @property
    def missing(self) -> int:
        """How many points stand in the way of a submission."""
        return readiness.missing(self.checklist)


class Review:
    """What is asked of App Review. Where ``app_ids`` is taken, only what these apps of ours are connected by is seen."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        graph: Graph,
        apps: FacebookApps,
        *,
        public_url: str,
        privacy_policy_url: str = "",
        terms_url: str = "",
    ) -> None:
        self._database = database
        self._box = box
        self._graph = graph
        self._apps = apps
        self._public_url = public_url
        self._privacy_policy_url = privacy_policy_url
        self._terms_url = terms_url

    async def facebook_apps(self, app_ids: Sequence[str] | None = None) -> list[AppSummary]:
        """The Facebook apps that can be submitted."""
        return [_summary(row) for row in await self._database.fetch(_APPS, _ids(app_ids), None)]

    async def report(
        self, facebook_app_id: str, app_ids: Sequence[str] | None = None, *, with_secrets: bool = False
    ) -> Report:
        """Everything about one. ``with_secrets``: the verify token, too. Raises :class:`UnknownAppError`."""
        summary, app = await self._find(facebook_app_id, app_ids)
        called = await test_calls.noted(self._database, app)
        facts = Facts(app.login, summary.accounts, called, self._public_url, self._privacy_policy_url, self._terms_url)
        entered = addresses(
            app.id,
            app.login,
            app.verify_token,
            public_url=self._public_url,
            privacy_policy_url=self._privacy_policy_url,
            terms_url=self._terms_url,
        )
        return Report(
            summary,
            permissions.of_login(app.login),
            called,
            readiness.checklist(facts, self._graph.now()),
            tuple(one for one in entered if with_secrets or not one.secret),
            screencast.of_login(app.login),
            screencast.seconds(app.login),
        )

    async def make_calls(self, facebook_app_id: str) -> list[Made]:
        """Make the test calls of a Facebook app, and write down which succeeded. Raises :class:`UnknownAppError`."""
        _, app = await self._find(facebook_app_id, None)
        return await test_calls.make(self._database, self._box, self._graph, app)

    async def note_login(self, facebook_app_id: str, granted: Iterable[str]) -> None:
        """A person has logged in, granted these, and their Pages were listed: what that proves is written down."""
        app = await self._apps.reload(facebook_app_id)
        proven = set(granted) & set(permissions.proven_by_login(app.login)) if app is not None else set()
        if proven:
            await for_review.succeeded(self._database, facebook_app_id, sorted(proven), self._graph.now())

    async def _find(self, facebook_app_id: str, app_ids: Sequence[str] | None) -> tuple[AppSummary, FacebookApp]:
        row = await self._database.fetchrow(_APPS, _ids(app_ids), facebook_app_id)
        app = await self._apps.reload(facebook_app_id) if row is not None else None
        if row is None or app is None:
            raise UnknownAppError(f"there is no Facebook app {facebook_app_id} here")
        return _summary(row), app


def _ids(app_ids: Sequence[str] | None) -> list[str] | None:
    return None if app_ids is None else list(app_ids)


def _summary(row: Any) -> AppSummary:
    return AppSummary(row["id"], row["login"], row["accounts"])
