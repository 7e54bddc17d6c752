"""What the proofs stand on: an app with a connected account, somebody who wrote, and the client's APIs."""

from collections.abc import Callable
from typing import Any

import pytest
import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client import api as apis

from tests.api.conftest import Shop
from tests.api.house import House, Key


class Recorder:
    """One of the client's APIs; remembers which operations were called."""

    def __init__(self, api: Any, called: set[str]) -> None:
        self._api = api
        self._called = called

    def __getattr__(self, name: str) -> Callable[..., Any]:
        self._called.add(name)
        operation: Callable[..., Any] = getattr(self._api, name)
        return operation


class Ground:
    """``g.users.get_user(…)`` calls with an app key, ``g.as_account.apps`` with an account key."""

    def __init__(self, house: House, shop: Shop, key: Key | None = None, called: set[str] | None = None) -> None:
        self.house = house
        self.shop = shop
        self.app_id = shop.app_id
        self.user_id = shop.person.user_id
        self.conversation_id = shop.person.conversation_id
        self.called: set[str] = set() if called is None else called
        self._client = house.client(key or shop.key)

    def with_key(self, key: Key) -> "Ground":
        """The same ground, with another key."""
        return Ground(self.house, self.shop, key, self.called)

    @property
    def as_account(self) -> "Ground":
        return self.with_key(self.house.account)

    def _api(self, kind: type[Any]) -> Any:
        return Recorder(kind(self._client), self.called)

    @property
    def apps(self) -> Any:
        return self._api(apis.AppsApi)

    @property
    def app_keys(self) -> Any:
        return self._api(apis.AppKeysApi)

    @property
    def integrations(self) -> Any:
        return self._api(apis.IntegrationsApi)

    @property
    def integration_keys(self) -> Any:
        return self._api(apis.CustomIntegrationApiKeysApi)

    @property
    def webhooks(self) -> Any:
        return self._api(apis.WebhooksApi)

    @property
    def users(self) -> Any:
        return self._api(apis.UsersApi)

    @property
    def clients(self) -> Any:
        return self._api(apis.ClientsApi)

    @property
    def devices(self) -> Any:
        return self._api(apis.DevicesApi)

    @property
    def conversations(self) -> Any:
        return self._api(apis.ConversationsApi)

    @property
    def participants(self) -> Any:
        return self._api(apis.ParticipantsApi)

    @property
    def messages(self) -> Any:
        return self._api(apis.MessagesApi)

    @property
    def activities(self) -> Any:
        return self._api(apis.ActivitiesApi)

    @property
    def attachments(self) -> Any:
        return self._api(apis.AttachmentsApi)

    @property
    def switchboards(self) -> Any:
        return self._api(apis.SwitchboardsApi)

    @property
    def switchboard_integrations(self) -> Any:
        return self._api(apis.SwitchboardIntegrationsApi)

    @property
    def control(self) -> Any:
        return self._api(apis.SwitchboardActionsApi)

    @property
    def oauth(self) -> Any:
        return self._api(apis.OAuthEndpointsApi)

    # What several proofs need ---------------------------------------------------------------------------------

    def post(self, text: str = "Hello", author: str = "business") -> Any:
        """A posted message."""
        who = m.Author(type=author, user_id=self.user_id if author == "user" else None)
        post = m.MessagePost(author=who, content=m.Content(m.TextMessage(type="text", text=text)))
        (message,) = self.messages.post_message(self.app_id, self.conversation_id, post).messages
        return message

    def texts(self) -> list[str]:
        """The texts of the conversation, deleted ones aside."""
        listed = self.messages.list_messages(self.app_id, self.conversation_id).messages
        return [one.content.actual_instance.text for one in listed if not one.deleted]

    def custom(self) -> Any:
        """A custom integration with a webhook."""
        hook = m.WebhookCreateBody(target="https://example.com/hook", triggers=["conversation:message"])
        made = m.Custom.from_dict({"type": "custom", "webhooks": [hook.to_dict()]})
        return self.integrations.create_integration(self.app_id, made).integration

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The app's events of a type, as customers get them."""
        rows = self.house.rows(
            "select body::json as body from events where app_id = $1 and type = $2 order by seq", self.app_id, kind
        )
        return [dict(row["body"]) for row in rows]

    def refused(self, status: int, call: Callable[[], Any]) -> str:
        """A call that must be refused with this status; the title of the error."""
        with pytest.raises(sunshine.ApiException) as caught:
            call()
        assert caught.value.status == status, caught.value.body
        return str(caught.value.body)
