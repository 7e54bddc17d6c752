"""OAuth: a program is let into an app, uses its token, and leaves."""

import sunshine_conversations_client as sunshine
import sunshine_conversations_client.model as m
from sunshine_conversations_client.api import OAuthEndpointsApi, WebhooksApi

from tests.api.oauth import Browser, Partner, code_for, registered, token_for
from tests.api.proof.ground import Ground, Recorder


def authorize(g: Ground) -> None:
    """The client opens the page that asks a person; it follows no form, so the page is what can be checked."""
    partner = registered(g.house, "Café Bot")
    page = g.oauth.authorize_without_preload_content(partner.id, "code", state="s")
    assert page.status == 200
    assert "Connect Café Bot" in page.read().decode()
    g.oauth.authorize(partner.id, "code", state="s")


def get_token(g: Ground) -> None:
    partner: Partner = registered(g.house)
    code = code_for(Browser(g.house), partner, g.shop.key)
    token = g.oauth.get_token(m.GetTokenRequest(**partner.token_request(code)))
    assert token.token_type == "Bearer"
    assert info(g, token.access_token) == g.app_id


def get_token_info(g: Ground) -> None:
    token = token_for(g.house, registered(g.house), g.shop.key)
    assert g.oauth.get_token_info(_headers={"Authorization": f"Bearer {token}"}).app.id == g.app_id
    g.refused(401, g.oauth.get_token_info)


def revoke_access(g: Ground) -> None:
    token = token_for(g.house, registered(g.house), g.shop.key)
    with sunshine.ApiClient(sunshine.Configuration(host=g.house.url, access_token=token)) as client:
        hook = m.WebhookCreateBody(target="https://example.com/hook", triggers=["conversation:message"])
        WebhooksApi(client).create_webhook(g.app_id, "me", hook)
        Recorder(OAuthEndpointsApi(client), g.called).revoke_access()
    assert not g.house.rows("select 1 from webhooks where app_id = $1", g.app_id)
    g.refused(401, lambda: g.oauth.get_token_info(_headers={"Authorization": f"Bearer {token}"}))


def info(g: Ground, token: str) -> str:
    """The app that a token is for."""
    answer = g.house.get("/v2/tokenInfo", headers={"Authorization": f"Bearer {token}"})
    return str(answer.body["app"]["id"])
