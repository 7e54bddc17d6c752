"""The Sunshine Conversations API v2 over HTTP (`/v2` and `/sc/v2`).

One module per resource, its wire models in it or beside it. What every request goes through, in this order:
`asgi` (prefix, raw path, metrics) → `operation` (body, authentication, scope, query, transaction) → the resource.

What all resources share
app        puts the API together                 services    what it works with
auth       who calls, and what they may          tokens      the JWTs that some of them bring
limits     how much a key may ask                body        a request's body, parsed once
query      query strings, in three encodings     pagination  pages of a list
wire       what the wire models are built of     validation  what is wrong with a body, in words
errors     as the wire writes them               document    `/openapi.json`
reference  what it and `/reference` say beside

Resources
apps                      the tenants                          keys                 of apps and of custom integrations
integrations              what makes, shows and changes them   integration_types    their fields, type by type
integration_health        what the doctor found                automatic_answer     one field of theirs
invitations               links to connect an account          webhooks             of custom integrations
users                     people                               clients              a user's identities on channels
client_links              how one is made                      devices              what SDKs run on
conversations             with one person, or several          participants         who takes part
messages                  posted, listed, deleted              activities           typing, reading, reactions
commitments               answers that are owed                conversion_events    for ad measurement
attachments               files taken in and deleted           attachment_files     and served
upload                    a file in a form, as it comes        switchboards         one an app
switchboard_integrations  who is on it                         switchboard_actions  who is in control

Pages for people: `oauth`, to let a program in; `privacy`, how far a data deletion is.
"""

from heliograph.api.app import create_api
from heliograph.api.services import Services

__all__ = ["Services", "create_api"]
