"""The bodies of the control routes that make things go wrong, move time, and call the app."""

from typing import Annotated, Literal

from pydantic import Field

from heliograph.simulator.control.models import Body, Id, Text
from heliograph.simulator.faults import GraphOutcome, Usage, WebhookKind
from heliograph.simulator.graph.flavours import FACEBOOK_LOGIN


class _Order(Body):
    count: int | None = Field(
        None, ge=1, le=1_000_000, description="How often it strikes; absent: once, or for ever when there is a rate."
    )
    rate: float | None = Field(None, gt=0, le=1, description="The chance with which it strikes what it matches.")
    seed: int | None = Field(
        None, ge=0, le=2**53, description="Makes the chances the same in each run; told when absent."
    )
    account_id: Id | None = Field(None, description="Only what concerns this account.")


class NewFault(_Order):
    """Graph calls that match go wrong. With ``name`` a scenario fills in what is not given."""

    name: Text | None = Field(
        None, description="A scenario, such as 613/2534040; GET /_simulator/scenarios lists them."
    )
    match: Text = Field(
        "send",
        description="any, send, upload, profile, conversations, subscribe or login; anything else is a part of the path.",
    )
    person: Id | None = Field(None, description="Only calls about this person.")
    status: int = Field(500, ge=200, le=599)
    code: int = 2
    subcode: int | None = None
    message: Text = "An unexpected error has occurred. Please retry your request later."
    is_transient: bool = False
    mode: Literal["before", "after"] = Field("before", description="After does the work, then spoils the answer.")
    outcome: GraphOutcome = Field(
        "error",
        description="An error, a late true answer, HTML, JSON cut short, an empty body, a success without message_id, "
        "a connection cut in the middle of the answer (drop), or no answer (hang).",
    )
    delay_seconds: float = Field(0, ge=0, le=600)
    usage: Usage | None = Field(None, description="Adds the usage headers of the app's or the account's limit.")
    regain_minutes: int = Field(5, ge=0, le=10_000)


class NewWebhookFault(_Order):
    """Webhook events go wrong."""

    kind: WebhookKind = Field(
        description="Reorder sends an event after the next one of its thread; batch lets events leave together; corrupt "
        "spoils the first signature, corrupt_body the first body; slow sends the body in drops. Only drop loses anything."
    )
    event: Text | None = Field(
        None,
        description="Only message, echo, unsend or unsupported, or events of this name, such as reaction or comments.",
    )
    delay_seconds: float = Field(
        2, ge=0, le=600, description="Of delay and slow; the longest wait of reorder and batch."
    )
    size: int = Field(10, ge=1, le=1000, description="Events in one POST of a batch.")
    shuffle: bool = Field(False, description="Mix the events of a batch.")
    split: bool = Field(False, description="Give each event of a batch an entry of its own.")


class Delivery(Body):
    """How webhooks are delivered; what is absent stays as it is."""

    profile: Literal["development", "36h", "1h"] | None = Field(
        None, description="A retry schedule: short steps, Meta's 36 hours, or an hour and then unsubscribed."
    )
    concurrency: int | None = Field(None, ge=1, le=1000)
    batch_max: int | None = Field(None, ge=1, le=1000)
    timeout_seconds: float | None = Field(None, gt=0, le=600)
    retry_delays: list[Annotated[float, Field(ge=0)]] | None = Field(None, min_length=1)
    give_up_seconds: float | None = Field(None, ge=0)
    clock: Literal["real", "simulated"] | None = Field(None, description="Whose time retries and giving up go by.")
    after_giving_up: Literal["drop", "unsubscribe"] | None = None
    echo_before_answer: bool | None = None


class ClockChange(Body):
    """Move the clock forward by a named jump or by seconds, or set its distance from real time. Give one of them."""

    jump: Literal["25h", "8d", "61d"] | None = Field(
        None, description="Past the window of 24 hours, past that of 7 days, past the life of a token."
    )
    advance_seconds: float | None = Field(None, ge=0, le=3_155_760_000)
    offset_seconds: float | None = Field(
        None, ge=-3_155_760_000, le=3_155_760_000, description="0 is real time. Setting it back undoes nothing."
    )


class ConnectionChange(Body):
    """Turn a switch of a connection."""

    account_id: Id
    app_id: Id | None = Field(None, description="Only towards this app; absent: towards all.")
    scope: Text = Field(FACEBOOK_LOGIN.send_scope, description="For scope_dropped and asset_dropped.")
    on: bool = Field(True, description="False undoes it, where reality has a way back.")


class NewCallback(Body):
    """Whom a callback to the app is about."""

    user_id: Id | None = Field(None, description="The person's id in the app; absent: the owner of the first Page.")
    page_id: Id | None = Field(None, description="Names a Page in the signed_request, as profile_id.")
