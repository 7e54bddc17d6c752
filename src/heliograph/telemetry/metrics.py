"""Every metric of the server, in one place. Served at ``/metrics`` for Prometheus.

Names follow Prometheus' conventions: seconds, totals, and labels with few values. No label ever holds an id.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

WEBHOOKS_RECEIVED = Counter(
    "heliograph_webhooks_received_total", "Meta webhooks answered 200, by then on disk", registry=REGISTRY
)
WEBHOOKS_REFUSED = Counter("heliograph_webhooks_refused_total", "Meta webhooks refused", ["reason"], registry=REGISTRY)
WEBHOOK_SECONDS = Histogram(
    "heliograph_webhook_seconds",
    "From a webhook's last byte to its 200, journal commit included",
    buckets=_FAST,
    registry=REGISTRY,
)
ITEMS_LEFT_OVER = Counter(
    "heliograph_journal_left_over_total",
    "Items of webhooks that stay in the journal unapplied, by reason",
    ["reason"],
    registry=REGISTRY,
)
EVENTS_APPLIED = Counter(
    "heliograph_inbound_events_total", "Inbound events applied, by kind", ["kind"], registry=REGISTRY
)
NOT_SHOWN = Counter(
    "heliograph_inbound_not_shown_total",
    "Attachments that are told as a notice only, by Meta's type",
    ["type"],
    registry=REGISTRY,
)
POLICY_NOTICES = Counter(
    "heliograph_meta_policy_notices_total",
    "Meta blocked or unblocked an app for its policy",
    ["action"],
    registry=REGISTRY,
)
INBOUND_SECONDS = Histogram(
    "heliograph_inbound_seconds",
    "From a webhook's arrival to its effects being committed",
    buckets=_FAST,
    registry=REGISTRY,
)
ROWS_PRUNED = Counter(
    "heliograph_rows_pruned_total",
    "Rows that were deleted because of their age, by table",
    ["table"],
    registry=REGISTRY,
)
DATABASE_UP = Gauge("heliograph_database_up", "Whether the database answered at the last scrape", registry=REGISTRY)
LANES_WAITING = Gauge("heliograph_lanes", "Lanes with work, by kind", ["kind"], registry=REGISTRY)
JOBS_WAITING = Gauge("heliograph_lane_jobs", "Jobs waiting, by kind", ["kind"], registry=REGISTRY)
OLDEST_JOB_SECONDS = Gauge(
    "heliograph_lane_oldest_job_seconds", "Age of the oldest waiting job, by kind", ["kind"], registry=REGISTRY
)
JOB_FAILURES = Counter(
    "heliograph_job_failures_total", "Handlers that raised, by lane kind", ["kind"], registry=REGISTRY
)
SENDS = Counter("heliograph_sends_total", "Parts handed to Meta, by outcome", ["outcome"], registry=REGISTRY)
ACTIVITIES = Counter(
    "heliograph_activities_total",
    "Typing, seen marks and reactions on their way to Meta, by outcome",
    ["activity", "outcome"],
    registry=REGISTRY,
)
SEND_SECONDS = Histogram(
    "heliograph_send_seconds", "Duration of a Graph API send call", buckets=_FAST, registry=REGISTRY
)
PAUSES = Counter("heliograph_pauses_total", "Pauses that Meta's limits led to", registry=REGISTRY)
PAUSED_ACCOUNTS = Gauge(
    "heliograph_paused_accounts", "Instagram accounts that are paused because of Meta's limits", registry=REGISTRY
)
USAGE_UNREADABLE = Counter(
    "heliograph_usage_unreadable_total", "Answers of Meta's whose usage headers were not understood", registry=REGISTRY
)
GRAPH_CALLS = Counter("heliograph_graph_calls_total", "Graph API calls", ["call", "status"], registry=REGISTRY)
BACKFILL_MESSAGES = Counter(
    "heliograph_backfill_messages_total", "Messages that webhooks missed, brought in by backfill", registry=REGISTRY
)
BACKFILL_UNREADABLE = Counter(
    "heliograph_backfill_unreadable_total",
    "Messages that webhooks missed and of which Meta tells the id only",
    registry=REGISTRY,
)
BACKFILL_RUNS = Counter(
    "heliograph_backfill_runs_total",
    "Backfill runs that ended, by cause and outcome",
    ["reason", "state"],
    registry=REGISTRY,
)
BACKFILL_SECONDS = Histogram(
    "heliograph_backfill_seconds",
    "Duration of a backfill run, its pauses included",
    buckets=(0.5, 1, 5, 15, 60, 300, 900, 3600, 14400),
    registry=REGISTRY,
)
BACKFILL_LAST_END = Gauge(
    "heliograph_backfill_last_end_timestamp_seconds", "When this process last ended a backfill run", registry=REGISTRY
)
BACKFILL_LAST_FOUND = Gauge(
    "heliograph_backfill_last_found", "Unknown messages that the run found which ended last here", registry=REGISTRY
)
DELIVERIES = Counter(
    "heliograph_deliveries_total", "POSTs to customer webhooks, by outcome", ["outcome"], registry=REGISTRY
)
DELIVERY_SECONDS = Histogram(
    "heliograph_delivery_seconds", "Duration of a POST to a customer webhook", buckets=_FAST, registry=REGISTRY
)
EVENT_TO_DELIVERY_SECONDS = Histogram(
    "heliograph_event_to_delivery_seconds",
    "From an event's creation to its successful delivery",
    buckets=_FAST,
    registry=REGISTRY,
)
COMMITMENTS = Gauge(
    "heliograph_commitments",
    "Conversations that are owed an answer: open, soon (due within 4 h), late (over 24 h)",
    ["state"],
    registry=REGISTRY,
)
COMMITMENT_OLDEST_SECONDS = Gauge(
    "heliograph_commitment_oldest_seconds", "How long the oldest unanswered message has been waiting", registry=REGISTRY
)
AUTOMATIC_ANSWERS = Counter("heliograph_automatic_answers_total", "Automatic answers given", registry=REGISTRY)
API_REQUESTS = Counter(
    "heliograph_api_requests_total", "API requests, by method and status class", ["method", "status"], registry=REGISTRY
)
API_SECONDS = Histogram("heliograph_api_seconds", "Duration of an API request", buckets=_FAST, registry=REGISTRY)
API_LIMITED = Counter(
    "heliograph_api_limited_total",
    "API requests answered 429: requests of a key, or guesses at one",
    ["reason"],
    registry=REGISTRY,
)
MEDIA_SERVED = Counter(
    "heliograph_media_total",
    "Requests for media of people's messages and profiles, by how they ended",
    ["outcome"],
    registry=REGISTRY,
)
MEDIA_REFRESHES = Counter(
    "heliograph_media_refreshes_total", "Links to media that lapsed and were read anew", ["outcome"], registry=REGISTRY
)
MEDIA_COPIES = Counter(
    "heliograph_media_copies_total", "Copies of media (mediaMode store), by outcome", ["outcome"], registry=REGISTRY
)
PROFILES = Counter(
    "heliograph_profiles_total", "Profiles asked for at Meta, by outcome", ["outcome"], registry=REGISTRY
)
TOKENS_REFRESHED = Counter(
    "heliograph_tokens_refreshed_total",
    "Refreshes of Instagram user tokens: refreshed, failed (to be tried again), alarm (failed, and the end is near)",
    ["outcome"],
    registry=REGISTRY,
)
OWNER_REQUESTS = Counter(
    "heliograph_owner_requests_total",
    "What Meta asked for people who connected accounts: to be disconnected, to have their data deleted",
    ["kind", "outcome"],
    registry=REGISTRY,
)
DISCONNECTED = Counter(
    "heliograph_integrations_disconnected_total",
    "Integrations that stopped because a person took their consent back at Meta",
    ["kind"],
    registry=REGISTRY,
)
ERASED = Counter(
    "heliograph_erased_rows_total",
    "Rows that were erased, or rewritten without a person's part, because somebody or a message was deleted",
    ["table"],
    registry=REGISTRY,
)

SIGN_INS = Counter(
    "heliograph_dashboard_sign_ins_total",
    "Attempts to sign in to the dashboard, by outcome",
    ["outcome"],
    registry=REGISTRY,
)
INTEGRATIONS = Gauge(
    "heliograph_integrations",
    "Integrations by what the doctor last found: ok, warning, broken, unknown, inactive",
    ["state"],
    registry=REGISTRY,
)
FINDINGS = Gauge(
    "heliograph_findings",
    "What the doctor last found to be broken, or to warn of, by check",
    ["check", "state"],
    registry=REGISTRY,
)
EXAMINATIONS = Counter(
    "heliograph_examinations_total", "Examinations of integrations, by what was found", ["state"], registry=REGISTRY
)
REPAIRS = Counter(
    "heliograph_repairs_total", "What the doctor put right by itself, by check", ["check"], registry=REGISTRY
)
