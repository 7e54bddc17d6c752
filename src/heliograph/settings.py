"""Every setting, in one place. `heliograph settings` prints this table with the values in force.

A setting is an environment variable ``HELIOGRAPH_<NAME>``.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(env_prefix="HELIOGRAPH_", extra="ignore")

    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port to listen on.")] = 8000
    public_url: Annotated[
        str,
        Field(
            description="Where the outside world reaches this server: Meta's webhooks come here. https in production."
        ),
    ] = ""
    data_dir: Annotated[Path, Field(description="Embedded database and secret key live here.")] = Path("data")
    database_url: Annotated[
        SecretStr,
        Field(description="A PostgreSQL of your own (15 to 18). Empty: the embedded one, in the data directory."),
    ] = SecretStr("")
    database_connections: Annotated[
        int, Field(ge=4, description="Largest number of connections of this process; up to 4 more are for leases.")
    ] = 16
    secret_key: Annotated[
        SecretStr,
        Field(
            description="32 bytes in base64 that encrypt tokens and secrets at rest; older keys may follow after commas."
            " Empty: a key is made in the data directory."
        ),
    ] = SecretStr("")
    graph_url: Annotated[str, Field(description="Meta's Graph API, or the simulator.")] = "https://graph.facebook.com"
    instagram_graph_url: Annotated[
        str,
        Field(
            description="The same for Instagram Login. Empty: https://graph.instagram.com, or, where HELIOGRAPH_GRAPH_URL"
            " names a simulator, its /instagram."
        ),
    ] = ""
    facebook_url: Annotated[
        str,
        Field(
            description="Where Facebook's login dialog is. Empty: https://www.facebook.com, or the simulator that"
            " HELIOGRAPH_GRAPH_URL names."
        ),
    ] = ""
    instagram_url: Annotated[
        str,
        Field(
            description="Likewise of Instagram Login. Empty: https://www.instagram.com, or the simulator's /instagram."
        ),
    ] = ""
    instagram_api_url: Annotated[
        str,
        Field(
            description="Where Instagram Login's code is exchanged. Empty: https://api.instagram.com, or the simulator's"
            " /instagram."
        ),
    ] = ""
    graph_version: Annotated[str, Field(pattern=r"^v\d+\.\d+$", description="Version of the Graph API.")] = "v25.0"
    graph_timeout: Annotated[float, Field(gt=0, description="Seconds to wait for an answer of Meta's.")] = 20.0
    unknown_grace: Annotated[
        float,
        Field(
            ge=0,
            description="Seconds to wait for the echo of a part whose outcome is unknown, before the thread is read.",
        ),
    ] = 30.0
    send_rate: Annotated[
        float,
        Field(
            ge=0,
            allow_inf_nan=False,
            description="Sends a second of one Instagram account, all processes together; 0: any. Meta's limit is 300,"
            " by Instagram Login 100, which is the most of such an account.",
        ),
    ] = 300.0
    media_rate: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False, description="Likewise, of audio and video. Meta's limit is 10."),
    ] = 10.0
    conversations_rate: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False, description="Likewise, reads of Meta's own record. Meta's limit is 2."),
    ] = 2.0
    media_hosts: Annotated[
        str,
        Field(
            description="Hosts of Meta's CDN: no other is asked for media. Names, *.names, or origins such as"
            " http://10.0.0.5:8001, which alone may be private. The Graph API's own origin always belongs to them."
        ),
    ] = "lookaside.fbsbx.com,*.fbcdn.net,*.cdninstagram.com"
    backfill_every: Annotated[
        float,
        Field(
            ge=0,
            allow_inf_nan=False,
            description="Seconds between looks for messages that Meta's webhooks missed, for each account. 0: only after"
            " downtime and reconnection.",
        ),
    ] = 900.0
    webhook_allow_networks: Annotated[
        str,
        Field(
            description="Networks that customer webhooks may reach although not public, e.g. 127.0.0.0/8,10.0.0.0/8."
        ),
    ] = ""
    api_rate: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False, description="API requests a second that one key may make over time; 0: any."),
    ] = 200.0
    api_burst: Annotated[int, Field(ge=1, description="API requests that one key may make at once.")] = 400
    keep_events_days: Annotated[
        float,
        Field(ge=0, description="Days to keep events and the log of attempts to deliver them. 0: for ever."),
    ] = 30.0
    keep_journal_days: Annotated[
        float,
        Field(ge=0, description="Days to keep Meta's webhooks as they came, with what was left of them. 0: for ever."),
    ] = 30.0
    keep_idempotency_keys_hours: Annotated[
        float, Field(ge=0, description="Hours in which an Idempotency-Key is remembered. 0: for ever.")
    ] = 24.0
    data_deletion: Annotated[
        Literal["connection", "everything"],
        Field(
            description="What goes when somebody who connected an account has their data deleted at Meta: tokens, ids and"
            " names with the connection; or everything, conversations with customers included."
        ),
    ] = "connection"
    privacy_policy_url: Annotated[
        str, Field(description="Your privacy policy: shown where people connect an account, and asked for by Meta.")
    ] = ""
    terms_url: Annotated[str, Field(description="Your terms of service, likewise.")] = ""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="How much to log.")] = "INFO"
    log_format: Annotated[
        str, Field(pattern="^(auto|pretty|json)$", description="auto: pretty on a terminal, JSON elsewhere.")
    ] = "auto"

    @field_validator(
        "public_url", "graph_url", "instagram_graph_url", "facebook_url", "instagram_url", "instagram_api_url"
    )
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("privacy_policy_url", "terms_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not (value.startswith(("http://", "https://")) and urlsplit(value).hostname):
            raise ValueError("must be an address that begins with http:// or https://")
        return value

    @field_validator("webhook_allow_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in filter(None, map(str.strip, value.split(","))):
            ip_network(part)
        return value

    @field_validator("media_hosts")
    @classmethod
    def _hosts(cls, value: str) -> str:
        # Whoever only asks for the settings should not wait for all of the channel.
        from heliograph.channels.instagram.media.hosts import Hosts  # noqa: PLC0415

        Hosts.of(value, "https://graph.facebook.com")
        return value

    @model_validator(mode="after")
    def _grace_outlasts_the_request(self) -> Self:
        if self.unknown_grace <= self.graph_timeout:
            # The thread would be read while Meta may still be taking the message.
            raise ValueError("HELIOGRAPH_UNKNOWN_GRACE must be greater than HELIOGRAPH_GRAPH_TIMEOUT")
        return self

    @property
    def instagram_graph(self) -> str:
        """The host of Instagram Login's Graph API."""
        return self.instagram_graph_url or self._at_meta("https://graph.instagram.com", "/instagram")

    @property
    def facebook_dialog(self) -> str:
        """The host of Facebook's login dialog."""
        return self.facebook_url or self._at_meta("https://www.facebook.com", "")

    @property
    def instagram_dialog(self) -> str:
        """The host of Instagram Login's dialog."""
        return self.instagram_url or self._at_meta("https://www.instagram.com", "/instagram")

    @property
    def instagram_api(self) -> str:
        """The host that exchanges the code of Instagram Login."""
        return self.instagram_api_url or self._at_meta("https://api.instagram.com", "/instagram")

    def _at_meta(self, host: str, path: str) -> str:
        """A host of Meta's; or, where the Graph API is the simulator, the path there that stands for it."""
        return host if self.graph_url == type(self).model_fields["graph_url"].default else f"{self.graph_url}{path}"

    @property
    def reachable_at(self) -> str:
        """The public URL, or this machine's when none is set."""
        return self.public_url or f"http://{self.host}:{self.port}"
