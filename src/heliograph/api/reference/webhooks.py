"""Webhooks: where events are sent (Sunshine reference 1.11, 2.8)."""

from collections.abc import Mapping

from heliograph.api.reference.samples import NEW_WEBHOOK, WEBHOOK
from heliograph.api.reference.terms import FLAG, ID, TEXT, URI, Entry, Schema, listed, many, obj, one_of, wrapped
from heliograph.events import TRIGGERS

SCHEMAS: Mapping[str, Schema] = {
    "Webhook": obj(
        "An address of yours that is told of events.",
        {
            "id": ID,
            "version": TEXT,
            "target": URI,
            "triggers": many(one_of(*sorted(TRIGGERS))),
            "secret": TEXT,
            "includeFullUser": FLAG,
            "includeFullSource": FLAG,
        },
    ),
    "WebhookResponse": wrapped("One webhook.", "webhook", "Webhook"),
    "WebhookListResponse": listed("All webhooks of an integration.", "webhooks", "Webhook"),
}

_FORBIDDEN = {403: "The integration is not a custom one, or not the key's own."}
_NONE = ["integration_not_found", "not_found"]

OPERATIONS: Mapping[str, Entry] = {
    "CreateWebhook": Entry(
        "Create a webhook",
        "WebhookResponse",
        {"webhook": WEBHOOK},
        status=201,
        request=NEW_WEBHOOK,
        missing=["integration_not_found"],
        errors=_FORBIDDEN,
    ),
    "ListWebhooks": Entry(
        "List webhooks",
        "WebhookListResponse",
        {"webhooks": [WEBHOOK]},
        missing=["integration_not_found"],
        errors=_FORBIDDEN,
    ),
    "GetWebhook": Entry("Get a webhook", "WebhookResponse", {"webhook": WEBHOOK}, missing=_NONE, errors=_FORBIDDEN),
    "UpdateWebhook": Entry(
        "Change a webhook",
        "WebhookResponse",
        {"webhook": WEBHOOK | {"includeFullUser": True}},
        request={"includeFullUser": True},
        missing=_NONE,
        errors=_FORBIDDEN,
    ),
    "DeleteWebhook": Entry("Delete a webhook", "Nothing", {}, missing=_NONE, errors=_FORBIDDEN),
}

CREATES = {"CreateWebhook": ("webhookId", "/webhook/id")}
