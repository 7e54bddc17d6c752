"""Granting a program access to an app (Sunshine reference 1.15)."""

from collections.abc import Mapping

from heliograph.api.reference.samples import APP
from heliograph.api.reference.terms import TEXT, Entry, Schema, obj, one_of

SCHEMAS: Mapping[str, Schema] = {
    "AccessToken": obj("A token to call the API with.", {"access_token": TEXT, "token_type": one_of("Bearer")}),
}

_CODE = obj(
    "The code, and who trades it in.",
    {
        "code": TEXT,
        "grant_type": one_of("authorization_code"),
        "client_id": TEXT,
        "client_secret": TEXT,
    },
)

OPERATIONS: Mapping[str, Entry] = {
    "Authorize": Entry("Ask for access", None, None, status=302),
    "GetToken": Entry(
        "Trade a code for a token",
        "AccessToken",
        {"access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6ImludGVncmF0aW9uIn0.c2FtcGxl", "token_type": "Bearer"},
        request={
            "code": "658965",
            "grant_type": "authorization_code",
            "client_id": "order-desk",
            "client_secret": "the-client-secret",
        },
        body=("application/json", _CODE),
    ),
    "RevokeAccess": Entry("Give access back", "Nothing", {}),
    "GetTokenInfo": Entry(
        "Get the app of a token", "AppInAddressesResponse", {"app": {**APP, "subdomain": "cafe-lumen"}}
    ),
}
