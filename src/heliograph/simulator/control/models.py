"""The bodies of the control API. Every id is a string; times ending in ``_seconds`` are real seconds."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Body(BaseModel):
    """A request body. Unknown fields are refused, so that a slip is named."""

    model_config = ConfigDict(extra="forbid")


class NewApp(Body):
    """A Facebook app; id and secret are made up when absent."""

    name: Text = "Heliograph"
    id: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{5,19}$")] | None = None
    secret: Annotated[str, StringConstraints(min_length=8, max_length=128)] | None = None
    human_agent: bool = Field(True, description="Whether the app has the Human Agent feature.")
    require_proof: bool = Field(False, description="Whether calls must carry an appsecret_proof.")


class NewAccount(Body):
    """A Page with its linked Instagram professional account."""

    page_name: Text = "Lighthouse Books"
    username: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._]{1,30}$")] | None = None
    name: Text | None = None
    owner_user_id: Id | None = Field(None, description="An owner that already exists, to give them a second Page.")
    instagram: bool = Field(True, description="False makes a Page without an Instagram account.")
    professional: bool = Field(True, description="False makes the account a personal one.")
    portfolio: bool = Field(False, description="Whether the Page is owned by a business portfolio.")


class ManyPages(Body):
    """Pages by the hundred, for one person."""

    count: int = Field(ge=1, le=5000)
    owner_user_id: Id | None = Field(None, description="Whose; absent: a new person's.")
    owner_name: Text = "Agency with many Pages"
    name: Text = Field("Page", description="Each gets its number behind it.")
    with_account: int = Field(2, ge=0, description="Every so manieth Page has an Instagram account; 0 for none.")


class NewOwner(Body):
    """Somebody with a Facebook login, at first without Pages."""

    name: Text = "Tomás Rocha"


class AccountChange(Body):
    """Switches of an account's owner."""

    allow_messages: bool | None = Field(None, description='The "Allow access to messages" switch in the app.')
    linked: bool | None = Field(None, description="Whether the account is linked to its Page.")


class NewConfiguration(Body):
    """A configuration of Facebook Login for Business."""

    name: Text = "Instagram messaging"
    id: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{5,19}$")] | None = None
    scopes: list[Text] | None = Field(None, description="Absent: what messaging needs.")
    kind: Literal["user", "system_user"] = Field("user", description="Whose token it gives.")


class NewToken(Body):
    """An access token for a Page, or for the user who owns it."""

    app_id: Id
    page_id: Id
    scopes: list[Text] | None = None
    targets: dict[str, list[str]] | None = Field(
        None, description="Scopes narrowed to some Pages or accounts, as granular_scopes of debug_token shows them."
    )
    type: Literal["page", "user"] = "page"
    expires_in: int | None = Field(None, ge=1, description="Seconds on the simulator's clock; absent means never.")


class RevokedToken(Body):
    """A token to kill, with the subcode that calls with it then get."""

    access_token: Text
    subcode: Literal[458, 459, 460, 463, 464, 467, 492] | None = 460


class Login(Body):
    """What a person decides in the login dialog. Absent lists mean: everything that was asked, every Page."""

    client_id: Id
    redirect_uri: Text
    state: str | None = None
    scope: str | None = Field(None, description="The scopes that the app asks for, separated by commas.")
    config_id: Id | None = Field(None, description="Of Facebook Login for Business, instead of scope.")
    auth_type: str | None = None
    response_type: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    owner_user_id: Id | None = None
    granted: list[Text] | None = None
    page_ids: list[Id] | None = None
    account_ids: list[Id] | None = Field(None, description="Absent: the accounts of the chosen Pages.")
    reconnect: bool = Field(False, description="Press Reconnect where the dialog offers it: what was chosen before.")
    deny: bool = False


class NewPerson(Body):
    """Somebody who can write to accounts."""

    name: Text | None = None
    username: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._]{1,30}$")] | None = None
    profile_available: bool = True


class PersonChange(Body):
    """Changes to a person."""

    profile_available: bool | None = None
    reachable: bool | None = Field(None, description="False: sends to the person answer 551/1545041.")
    refusal: str | None = Field(None, description="The error that a send gets instead, by its name; empty for none.")
    private: bool | None = Field(None, description="Their stories are told only to accounts that follow them.")
    follows: list[Id] | None = Field(None, description="Ids of the accounts that the person follows.")
    followed_by: list[Id] | None = Field(None, description="Ids of the accounts that follow the person.")


class Seed(Body):
    """Names for the world that ``seed`` makes the first time."""

    page_name: Text = "Lighthouse Books"
    username: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._]{1,30}$")] = "lighthouse.books"
    customer_name: Text = "Maya Okafor"
    app_name: Text = "Heliograph"
    connections: bool = Field(False, description="Also make people, Pages and accounts that are ready to be connected.")


class Attachment(Body):
    """What a person sends besides text. ``payload`` is for types that have more than a URL, or none."""

    type: Text
    url: Text | None = None
    payload: dict[str, Any] | None = None


class Thread(Body):
    """One person towards one account. ``person`` is a person's id, or the IGSID."""

    account_id: Id
    person: Id


class NewMessage(Thread):
    """A message of a person."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    attachments: list[Attachment] = Field(default_factory=list, max_length=10)
    story_id: Id | None = Field(None, description="The account's story that the message answers.")
    quick_reply_payload: Annotated[str, StringConstraints(max_length=1000)] | None = None
    reply_to_mid: Id | None = None
    timestamp: int | None = Field(None, ge=1_000_000_000_000, description="Milliseconds since 1970, to back-date it.")
    age_seconds: float | None = Field(None, ge=0, description="How long ago it was written.")


class NewMention(Thread):
    """A story of the person that mentions the account."""

    age_seconds: float | None = Field(None, ge=0)


class NewPostback(Thread):
    """A tap on an ice breaker, menu item or template button."""

    title: Text
    payload: Annotated[str, StringConstraints(max_length=1000)]


class MessageName(Body):
    """One message."""

    mid: Id


class Seen(Thread):
    """The person opens the thread."""

    mid: Id | None = Field(None, description="The last message seen; absent means the newest of the business.")
    bare: bool = Field(False, description="Tell it without sender and recipient, as was seen in the field.")


class NewReaction(MessageName):
    """The person's reaction to a message; no emoji takes it back."""

    emoji: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = "❤️"


class NewEdit(MessageName):
    """A new text for a message of the person."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class OwnerMessage(Thread):
    """A message that the owner writes in the Instagram app."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
