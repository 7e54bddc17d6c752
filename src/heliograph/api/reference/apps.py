"""Apps and their keys (Sunshine reference 1.1, 1.2, 2.1)."""

from collections.abc import Mapping

from heliograph.api.reference.samples import APP, key, page
from heliograph.api.reference.terms import COUNT, FLAG, ID, TEXT, Entry, Schema, listed, obj, paged, ref, wrapped

_APP: Mapping[str, Schema] = {
    "id": ID,
    "displayName": TEXT,
    "settings": ref("AppSettings"),
    "metadata": ref("Metadata"),
}

SCHEMAS: Mapping[str, Schema] = {
    "AppSettings": obj(
        "How the server treats the conversations of an app.",
        {
            "conversationRetentionSeconds?": COUNT,
            "maskCreditCardNumbers?": FLAG,
            "useAnimalNames?": FLAG,
            "echoPostback?": FLAG,
            "ignoreAutoConversationStart?": FLAG,
            "multiConvoEnabled?": FLAG,
            "appLocalizationEnabled?": FLAG,
            "endSessionEnabled?": FLAG,
            "disableConversationReopen?": FLAG,
            "retention?": ref("Retention"),
        },
    ),
    "Retention": obj(
        "How many days an app keeps what. An extension; set as a whole.",
        {"messagesDays?": COUNT, "eventsDays?": COUNT, "mediaDays?": COUNT},
    ),
    "App": obj(
        "A tenant: everything else lives in one app.",
        _APP,
    ),
    "AppInAddresses": obj("An app, with its name in addresses.", {**_APP, "subdomain?": TEXT}),
    "AppResponse": wrapped("One app.", "app", "App"),
    "AppInAddressesResponse": wrapped("One app.", "app", "AppInAddresses"),
    "AppListResponse": paged("A page of apps.", "apps", "App"),
    "Key": obj(
        "An API key: its id is the user name, its secret the password.",
        {"id": TEXT, "displayName": TEXT, "secret": TEXT},
    ),
    "KeyResponse": wrapped("One key.", "key", "Key"),
    "KeyListResponse": listed("All keys of an owner; at most ten.", "keys", "Key"),
}

_KEY, _INTEGRATION_KEY = key("app"), key("int")
_CUSTOM_ONLY = {400: "The integration is not a custom one, or has ten keys already."}

OPERATIONS: Mapping[str, Entry] = {
    "CreateApp": Entry(
        "Create an app",
        "AppResponse",
        {"app": APP},
        status=201,
        request={"displayName": "Café Lumen", "metadata": {"plan": "harbour"}},
    ),
    "ListApps": Entry("List apps", "AppListResponse", page("apps", APP)),
    "GetApp": Entry("Get an app", "AppInAddressesResponse", {"app": APP}),
    "UpdateApp": Entry("Change an app", "AppResponse", {"app": APP}, request={"settings": {"multiConvoEnabled": True}}),
    "DeleteApp": Entry("Delete an app", "Nothing", {}),
    "CreateAppKey": Entry(
        "Create an app key", "KeyResponse", {"key": _KEY}, status=201, request={"displayName": "Back office"}
    ),
    "ListAppKeys": Entry("List app keys", "KeyListResponse", {"keys": [_KEY]}),
    "GetAppKey": Entry("Get an app key", "KeyResponse", {"key": _KEY}, missing=["not_found"]),
    "DeleteAppKey": Entry("Delete an app key", "Nothing", {}, missing=["not_found"]),
    "CreateCustomIntegrationKey": Entry(
        "Create an integration key",
        "KeyResponse",
        {"key": _INTEGRATION_KEY},
        status=201,
        request={"displayName": "Back office"},
        missing=["integration_not_found"],
        errors=_CUSTOM_ONLY,
    ),
    "ListCustomIntegrationKeys": Entry(
        "List integration keys",
        "KeyListResponse",
        {"keys": [_INTEGRATION_KEY]},
        missing=["integration_not_found"],
        errors=_CUSTOM_ONLY,
    ),
    "GetCustomIntegrationKey": Entry(
        "Get an integration key",
        "KeyResponse",
        {"key": _INTEGRATION_KEY},
        missing=["integration_not_found", "not_found"],
        errors=_CUSTOM_ONLY,
    ),
    "DeleteCustomIntegrationKey": Entry(
        "Delete an integration key",
        "Nothing",
        {},
        missing=["integration_not_found", "not_found"],
        errors=_CUSTOM_ONLY,
    ),
}

CREATES = {
    "CreateApp": ("appId", "/app/id"),
    "CreateAppKey": ("keyId", "/key/id"),
    "CreateCustomIntegrationKey": ("keyId", "/key/id"),
}
