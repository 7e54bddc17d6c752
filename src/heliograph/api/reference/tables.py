"""All tables together: components, operations, and which of them create something."""

from collections.abc import Mapping

from heliograph.api.reference import (
    apps,
    commitments,
    common,
    contents,
    conversations,
    events,
    integration_health,
    integrations,
    invitations,
    messages,
    oauth,
    people,
    switchboards,
    webhooks,
)
from heliograph.api.reference.terms import Entry, Schema

COMPONENTS: Mapping[str, Schema] = {
    name: schema
    for part in (
        common, apps, integrations, webhooks, people, conversations, messages, contents, switchboards, oauth, events,
        commitments, integration_health, invitations,
    )
    for name, schema in part.SCHEMAS.items()
}  # fmt: skip

OPERATIONS: Mapping[str, Entry] = {
    name: entry
    for part in (
        apps, conversations, messages, switchboards, integrations, webhooks, people, oauth, commitments, integration_health,
        invitations,
    )
    for name, entry in part.OPERATIONS.items()
}  # fmt: skip

# Operation: the path parameter that its answer gives a value to, and where in the answer.
CREATES: Mapping[str, tuple[str, str]] = {
    **apps.CREATES,
    **conversations.CREATES,
    **messages.CREATES,
    **switchboards.CREATES,
    **integrations.CREATES,
    **webhooks.CREATES,
    **people.CREATES,
    **invitations.CREATES,
}

# In the order of the reference page.
TAGS: Mapping[str, str] = {
    "Messages": "What people and the business write to each other.",
    "Conversations": "Where messages are.",
    "Participants": "Who takes part in a conversation.",
    "Activities": "Typing and reading.",
    "Commitments": "Answers that are owed. Ours, beside the original's API.",
    "Switchboard Actions": "Who has control of a conversation.",
    "Attachments": "Files that messages point to.",
    "Users": "The people.",
    "Clients": "How a person can be reached.",
    "Devices": "Devices of people who use an SDK.",
    "Webhooks": "Addresses of yours that are told what happens.",
    "Integrations": "Connections to channels and to programs of yours.",
    "Invitations": "Links by which a customer of yours connects an account. Ours, beside the original's API.",
    "CustomIntegrationApiKeys": "Keys that reach one custom integration.",
    "Switchboards": "Which integration answers.",
    "Switchboard Integrations": "The seats at a switchboard.",
    "Apps": "The tenants of this server.",
    "App Keys": "Keys that reach one app.",
    "OAuth Endpoints": "Granting a program access to an app.",
}

# 404: what its codes say.
TITLES: Mapping[str, str] = {
    "client_not_found": "Client not found",
    "device_not_found": "Device not found",
    "switchboard_not_found": "Switchboard not found",
    "switchboard_integration_not_found": "Switchboard integration not found",
}
