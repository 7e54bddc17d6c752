"""Granting a program access to an app (Sunshine reference 1.15)."""

from collections.abc import Mapping

from heliograph.api.reference.samples import APP
from heliograph.api.reference.terms import TEXT, Entry, Schema, many, obj, one_of, ref

SCHEMAS: Mapping[str, Schema] = {
    "AccessToken": obj("A token to call the API with.", {"access_token": TEXT, "token_type": one_of("Bearer")}),
    "OAuthErrors": obj(
        "What was wrong, in OAuth's words and in this API's.",
        {"error": TEXT, "error_description": TEXT, "errors": many(ref("Error"))},
    ),
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
    "Authorize": Entry(
        "Ask for access",
        None,
        None,
        status=302,
        query=["client_id", "response_type", "state", "redirect_uri"],
        pages={200: "The page that asks the person.", 400: "A page: there is no address to go back to."},
    ),
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
        errors={400: "The code or a field is wrong.", 401: "The client or its secret is wrong."},
        refusal="OAuthErrors",
    ),
    "RevokeAccess": Entry("Give access back", "Nothing", {}, missing=["app_not_found"]),
    "GetTokenInfo": Entry(
        "Get the app of a token",
        "AppInAddressesResponse",
        {"app": {**APP, "subdomain": "cafe-lumen"}},
        missing=["app_not_found"],
    ),
}
