"""Whether Meta knows an app by this id and secret: asked before one is kept."""

from datetime import UTC, datetime

from heliograph.channels.instagram.accounts.facebook_login import app_token
from heliograph.channels.instagram.meta.flavours import FACEBOOK
from heliograph.channels.instagram.meta.graph import Graph, GraphError, NoAnswerError, NotSentError
from heliograph.channels.instagram.meta.login_hosts import LoginHosts

LONGEST_NAME = 100
_WRONG_SECRET = 1


class FacebookAppError(Exception):
    """What cannot be, with what to do."""


class Trial:
    """Asks. ``redirect_uri`` is where Meta sends people back to."""

    def __init__(self, graph: Graph, hosts: LoginHosts, redirect_uri: str) -> None:
        self._graph = graph
        self._hosts = hosts
        self._redirect_uri = redirect_uri

    async def of(self, facebook_app_id: str, secret: str, login: str) -> tuple[str, datetime | None]:
        """Ask Meta about id and secret: the app's name, if it tells, and when it accepted them, if it did."""
        try:
            if login == FACEBOOK:
                return await self._facebook(facebook_app_id, secret), datetime.now(UTC)
            await self._instagram(facebook_app_id, secret)
        except (NotSentError, NoAnswerError) as error:
            raise FacebookAppError(f"Meta could not be asked about the app: {error}. Try again.") from error
        return "", None

    async def _facebook(self, facebook_app_id: str, secret: str) -> str:
        form = {"grant_type": "client_credentials", "client_id": facebook_app_id, "client_secret": secret}
        try:
            await self._graph.exchange("/oauth/access_token", form)
        except GraphError as error:
            # A wrong secret is told by 1, which elsewhere is a bad hour of Meta's.
            wrong = error.code == _WRONG_SECRET and not error.transient and error.status < 500
            if error.passes and not wrong:
                raise FacebookAppError(f"Meta could not be asked about the app: {error}. Try again.") from error
            raise FacebookAppError(
                f"Meta does not accept this id and secret: {error}. Both stand in the App Dashboard under App settings,"
                " Basic. Those of Instagram Login are others: choose that login for them."
            ) from error
        token = app_token(facebook_app_id, secret)
        try:
            answer = await self._graph.call(
                "GET", "/debug_token", token, secret=secret, params={"input_token": token}, name="login"
            )
        except GraphError:
            return ""  # the name is a courtesy
        data = answer.get("data")
        return str(data.get("application") or "")[:LONGEST_NAME] if isinstance(data, dict) else ""

    async def _instagram(self, facebook_app_id: str, secret: str) -> None:
        """Instagram Login has no call for it. A code that is none is refused in any case; a refusal that speaks of app or
        secret says that they are wrong. Any other says nothing, and the first login proves them.
        """
        form = {
            "client_id": facebook_app_id,
            "client_secret": secret,
            "grant_type": "authorization_code",
            "redirect_uri": self._redirect_uri,
            "code": "none",
        }
        try:
            await self._graph.exchange(f"{self._hosts.instagram_api}/oauth/access_token", form)
        except GraphError as error:
            said = error.message.lower()
            if "secret" in said or "platform app" in said:
                raise FacebookAppError(
                    f"Meta does not accept this id and secret: {error}. Those of Instagram Login stand in the App Dashboard"
                    " under Instagram, API setup with Instagram login."
                ) from error
