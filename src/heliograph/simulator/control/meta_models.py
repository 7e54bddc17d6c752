"""The bodies of the control routes for rules, routing and the rarer events."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from heliograph.simulator.control.models import Body, Id, Text, Thread

Task = Literal["ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE"]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+", max_length=2000)]


class RulesChange(Body):
    """Knobs of the rules; what is absent stays as it is, a limit of 0 is no limit."""

    sends_per_second: Count | None = None
    instagram_sends_per_second: Count | None = None
    media_per_second: Count | None = None
    thread_sends_per_second: Count | None = None
    conversations_per_second: Count | None = None
    conversations_window_seconds: Annotated[int, Field(ge=1, le=3600)] | None = None
    private_replies_per_hour: Count | None = None
    live_replies_per_second: Count | None = None
    app_calls_per_hour: Count | None = None
    user_calls_per_hour: Count | None = None
    page_calls_per_hour: Count | None = None
    messenger_calls_per_day: Count | None = None
    instagram_calls_per_day: Count | None = None
    pages_calls_per_day: Count | None = None
    fetch_seconds: Seconds | None = None
    video_fetch_seconds: Seconds | None = None
    gif_images: bool | None = None
    link_hours: Count | None = None
    restricted_hosts: tuple[Text, ...] | None = None
    locale: Literal["en_US", "de_DE"] | None = None
    not_owner: Literal["2534037", "2018300"] | None = None
    no_feature: Literal["window", "parameter"] | None = None
    long_text: Literal["parameter", "invalid_message"] | None = None
    emoji_reactions: bool | None = None
    message_edit: bool | None = None
    shared_post: Literal["ig_post", "both", "share"] | None = None
    standard_access: Literal["account", "account_and_person"] | None = None
    instagram_answers: Literal["flat", "data"] | None = None
    private_reply_needs_feature: bool | None = None


class AppChange(Body):
    """Mode, access level, roles and features of an app."""

    live: bool | None = Field(None, description="False is Development mode: only people and accounts with a role.")
    advanced: list[Text] | None = Field(None, description="The permissions with Advanced Access.")
    all_advanced: Literal[True] | None = Field(None, description="Advanced Access for every permission, as at first.")
    roles: list[Id] | None = Field(None, description="Ids of users, accounts and people with a role on the app.")
    human_agent: bool | None = None
    require_proof: bool | None = None
    deauthorize_url: Address | None = Field(None, description="Called when a person removes the app; null for none.")
    data_deletion_url: Address | None = Field(None, description="Called when a person wants their data deleted.")
    redirect_uris: list[Address] | None = Field(None, description="The valid OAuth redirect URIs; empty for any.")


class OwnerChange(Body):
    """A user's language, for the errors that their tokens get."""

    locale: Literal["en_US", "de_DE"] | None = None


class AccountRules(Body):
    """What the owner may do, and what Meta thinks of the account."""

    tasks: list[Task] | None = Field(None, description="The owner's tasks on the Page; none at all is a lost role.")
    all_tasks: Literal[True] | None = Field(None, description="Every task, as at first.")
    restriction: str | None = Field(
        None, max_length=100, description='The error that every send gets, by its name; "" for none.'
    )
    catalog: list[Id] | None = Field(None, description="The ids of the products it can show.")
    unread: bool | None = Field(None, description="A creator account that was never read: it gets no webhooks yet.")


class Routing(Body):
    """Conversation routing of an account."""

    default_app_id: Id | None = Field(None, description="The default app; null turns routing off.")
    may_take: list[Id] = Field(default_factory=list, description="Apps that may take control, besides the default app.")


class AppAct(Thread):
    """What another app does with a thread."""

    app_id: Id
    action: Literal["take", "pass", "release", "request", "message"]
    target_app_id: Id | None = Field(None, description="For pass: the app that gets the thread.")
    metadata: Text | None = None
    text: Text | None = Field(None, description="For message: what the app says; the others hear it as an echo.")


class NewShare(Thread):
    """A post, reel or story that the person shares into the thread."""

    kind: Literal["post", "reel", "facebook_reel", "story"] = "post"
    title: Text = "Shared on the simulator"
    media_id: Id | None = None
    url: Text | None = None
    text: Text | None = None


class NewReferral(Thread):
    """An ig.me link that the person follows. In a new thread it comes with the first message."""

    ref: Text
    source: Text = "IGME-SOURCE-LINK"


class NewContext(Thread):
    """A message from an ad or a product page."""

    text: Text
    product_id: Id | None = None
    ad_id: Id | None = None
    ref: Text | None = None
    ads_context_data: dict[str, Any] | None = None


class NewOptin(Thread):
    """An opt-in to notification messages."""

    payload: Text = "OPTIN"
    title: Text = "Updates"
    frequency: Literal["DAILY", "WEEKLY", "MONTHLY"] = "DAILY"
    status: Literal["REFRESHED", "NOT_REFRESHED"] = "NOT_REFRESHED"


class Policy(Body):
    """Meta blocks an app for an account, or lets it go on."""

    account_id: Id
    app_id: Id
    action: Literal["block", "unblock"]
    reason: Text = "The bot violated our Platform Policies (https://developers.facebook.com/policy/#messengerplatform)."


class SelfMessage(Body):
    """The account writes to itself, or taps a button of its own."""

    account_id: Id
    text: Text
    payload: Text | None = Field(None, description="Makes it a postback with the text as its title.")


class NewPost(Body):
    """A post of the account."""

    caption: str = ""
    product_type: Literal["FEED", "REELS", "STORY", "AD"] = "FEED"
    live: bool = Field(False, description="A broadcast, until it is ended.")


class NewComment(Thread):
    """A comment on a post. ``person`` may be left out for a comment of the account itself."""

    person: Id = Field("", description="Empty: the account comments itself.")
    text: Text
    post_id: Id | None = Field(None, description="Absent: the account's youngest post, made when there is none.")
    parent_id: Id | None = None
    ad_id: Id | None = None
    ad_title: Text | None = None
    original_media_id: Id | None = None
    age_seconds: float = Field(0, ge=0)


class NewMediaMention(Body):
    """An @mention in somebody's caption or comment."""

    account_id: Id
    media_id: Id | None = None
    comment_id: Id | None = None


class DashboardTest(Body):
    """The dashboard's button "Test, send to my server"."""

    field: Text = "messages"
    form: Annotated[str, StringConstraints(pattern="^(messaging|changes)$")] = Field(
        "messaging", description="messaging as for Facebook Login, changes as for Instagram Login."
    )
