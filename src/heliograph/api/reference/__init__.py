"""What the OpenAPI document and the reference page say beyond the routes themselves.

    tables (a file for each resource) ──▶ merge ──▶ /openapi.json ──▶ view ──▶ page ──▶ /reference

Request bodies come from the models that check them; answers, descriptions and examples come from the tables here, by
operation id. The tables know every operation of the wire; those that are not served are passed over.

merge       the tables into the document   view               the document as the page shows it, pure
components  the shelf of schemas           page               the page, rendered once
walk        walking over schemas           terms              the notation of the tables
tables      all of them together           answers            of an operation: success and errors
parameters  by name                        common             what all resources share
glossary    what each field means          glossary_channels  of integrations
samples     values for the examples        glossary_messages  of messages

A table each: `apps`, `commitments`, `contents`, `conversations`, `events` with `event_examples`, `integration_health`,
`integrations`, `invitations`, `messages`, `oauth`, `people`, `switchboards`, `webhooks`.
"""

from heliograph.api.reference.merge import complete
from heliograph.api.reference.page import page_of

__all__ = ["complete", "page_of"]
