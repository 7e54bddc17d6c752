"""Instagram's rooms, put together: what each is given, and what of the others. `channel` makes a whole of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from heliograph.channels.instagram.accounts.callbacks import OwnerCallbacks
from heliograph.channels.instagram.accounts.connecting import Connecting
from heliograph.channels.instagram.accounts.departure import DepartureWorker
from heliograph.channels.instagram.accounts.facebook_apps import FacebookAppRegister
from heliograph.channels.instagram.accounts.records import FacebookApps, tokens
from heliograph.channels.instagram.accounts.renewal import Renewal
from heliograph.channels.instagram.backfill import BackfillWorker
from heliograph.channels.instagram.doctor.examination import InstagramDoctor
from heliograph.channels.instagram.doctor.public import OwnAddress
from heliograph.channels.instagram.inbound.worker import InboundWorker
from heliograph.channels.instagram.journal.filing import FilingWorker
from heliograph.channels.instagram.journal.flood import Flood
from heliograph.channels.instagram.journal.heard import Heard
from heliograph.channels.instagram.journal.receive import WebhookReceiver
from heliograph.channels.instagram.media.addresses import Addresses
from heliograph.channels.instagram.media.cdn import Cdn
from heliograph.channels.instagram.media.dress import Dresser
from heliograph.channels.instagram.media.fresh import Fresh
from heliograph.channels.instagram.media.hosts import META_HOSTS, Hosts
from heliograph.channels.instagram.media.keep import KeepWorker
from heliograph.channels.instagram.media.proxy import Proxy
from heliograph.channels.instagram.meta.callback import callback_url
from heliograph.channels.instagram.meta.graph import Graph
from heliograph.channels.instagram.meta.login_hosts import LoginHosts
from heliograph.channels.instagram.meta.pace import LIMITS, Kind, Pace
from heliograph.channels.instagram.onboarding import Onboarding
from heliograph.channels.instagram.profiles.worker import ProfileWorker
from heliograph.channels.instagram.review import Review
from heliograph.channels.instagram.sending.worker import OutboundWorker
from heliograph.messaging.owner_requests import STATUS_PATH
from heliograph.storage import Database, SecretBox

# Any other is a simulator, which takes more than https.
REAL_META = "https://graph.facebook.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What whoever runs this says of Instagram: see :mod:`heliograph.settings`."""

    public_url: str
    unknown_grace: float
    limits: Mapping[Kind, float] = field(default_factory=lambda: LIMITS)
    media_hosts: Hosts | None = None
    data_deletion: str = "connection"
    backfill_every: float = 0.0
    login_hosts: LoginHosts = field(default_factory=LoginHosts)
    privacy_policy_url: str = ""
    terms_url: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What all rooms stand on."""

    database: Database
    box: SecretBox
    graph: Graph
    apps: FacebookApps
    pace: Pace
    options: Options

    @property
    def simulated(self) -> bool:
        """Whether somebody plays Meta's part."""
        return self.graph.url != REAL_META

    def callback(self, facebook_app_id: str) -> str:
        """Where Meta is to call for a Facebook app."""
        return callback_url(self.options.public_url, facebook_app_id)

    def status(self, code: str) -> str:
        """The address of the page about a person's request."""
        return f"{self.options.public_url}{STATUS_PATH}/{code}"

    async def token(self, integration_id: str) -> tuple[str, str | None] | None:
        """Token and app secret for calls on behalf of an integration, where there are any that work."""
        return (await tokens(self.database, self.box, self.apps, [integration_id])).get(integration_id)


@dataclass(frozen=True, slots=True)
class Accounts:
    """How accounts come, are kept up and examined, and go."""

    connecting: Connecting
    facebook_apps: FacebookAppRegister
    review: Review
    onboarding: Onboarding
    renewal: Renewal
    callbacks: OwnerCallbacks
    departure: DepartureWorker
    doctor: InstagramDoctor


def accounts(ground: Ground) -> Accounts:
    """All that has to do with accounts."""
    database, box, graph, apps, options = ground.database, ground.box, ground.graph, ground.apps, ground.options
    url, hosts = options.public_url, options.login_hosts
    connecting = Connecting(database, box, graph, apps, ground.callback)
    register = FacebookAppRegister(database, apps, graph, hosts, public_url=url)
    texts = {"privacy_policy_url": options.privacy_policy_url, "terms_url": options.terms_url}
    review = Review(database, box, graph, apps, public_url=url, **texts)
    return Accounts(
        connecting,
        register,
        review,
        Onboarding(database, box, graph, apps, register, connecting, hosts, noted=review.note_login),
        Renewal(database, box, graph),
        OwnerCallbacks(database, apps, scope=options.data_deletion, status_url=ground.status),
        DepartureWorker(database, graph, apps, box),
        InstagramDoctor(
            database,
            box,
            graph,
            apps,
            ground.pace,
            connecting.parting,
            callback=ground.callback,
            address=OwnAddress(url),
            simulated=ground.simulated,
        ),
    )


@dataclass(frozen=True, slots=True)
class Files:
    """Media and pictures of people, and how both are served."""

    cdn: Cdn
    dresser: Dresser
    profiles: ProfileWorker
    proxy: Proxy
    keeping: KeepWorker


def files(ground: Ground) -> Files:
    """All that has to do with files of Meta's."""
    database, box, graph, options = ground.database, ground.box, ground.graph, ground.options
    cdn = Cdn(options.media_hosts or Hosts.of(META_HOSTS, graph.url))
    addresses = Addresses(box, options.public_url)
    dresser = Dresser(addresses.of_message, addresses.of_person, lambda url: cdn.hosts.trust(url) is not None)
    profiles = ProfileWorker(database, graph, ground.apps, box, dresser)
    fresh = Fresh(database, graph, ground.pace, ground.token, profiles.read_now)
    return Files(
        cdn, dresser, profiles, Proxy(database, addresses, cdn, fresh), KeepWorker(database, addresses, cdn, fresh)
    )


@dataclass(frozen=True, slots=True)
class Messages:
    """The ways in and out."""

    flood: Flood
    receiver: WebhookReceiver
    heard: Heard
    filing: FilingWorker
    inbound: InboundWorker
    backfill: BackfillWorker
    outbound: OutboundWorker


def messages(ground: Ground, files: Files) -> Messages:
    """All that messages pass through."""
    database, box, graph, apps, options = ground.database, ground.box, ground.graph, ground.apps, ground.options
    flood = Flood()
    heard = Heard(database, graph.now)
    return Messages(
        flood,
        WebhookReceiver(database, apps, flood),
        heard,
        FilingWorker(database, heard),
        InboundWorker(database, graph, apps, box, files.dresser, files.profiles),
        BackfillWorker(database, graph, box, ground.pace, every=options.backfill_every),
        OutboundWorker(database, graph, box, ground.pace, unknown_grace=options.unknown_grace),
    )
