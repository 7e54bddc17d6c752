"""Every error that Meta's side answers with, as one table.

Codes, subcodes and statuses follow Meta's pages and answers seen in the field. Meta's status codes are not a contract
and its texts are localised, so a client must classify on (code, subcode) only; the simulator varies neither.
"""

from dataclasses import dataclass
from typing import Any

from heliograph.simulator import ids


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``message`` may hold ``{names}`` that :func:`refuse` fills in."""

    status: int
    code: int
    subcode: int | None
    message: str
    type: str = "OAuthException"
    transient: bool = False


_UNSUPPORTED = (
    "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, "
    "or does not support this operation. Please read the Graph API documentation at "
    "https://developers.facebook.com/docs/graph-api"
)

ERRORS: dict[str, Row] = {
    # tokens
    "token_missing": Row(400, 104, None, "An access token is required to request this resource."),
    "token_missing_me": Row(
        400, 2500, None, "An active access token must be used to query information about the current user."
    ),
    "token_malformed": Row(400, 190, None, "Invalid OAuth access token - Cannot parse access token"),
    "token_signature": Row(400, 190, None, "Invalid OAuth access token signature."),
    "token_dead": Row(401, 190, None, "Invalid OAuth access token."),
    "token_deauthorized": Row(
        401, 190, 458, "Error validating access token: User {user} has not authorized application {app}."
    ),
    "token_checkpoint": Row(
        401,
        190,
        459,
        "Error validating access token: You cannot access the app till you log in to www.facebook.com "
        "and follow the instructions given.",
    ),
    "token_logged_out": Row(
        401,
        190,
        460,
        "Error validating access token: The session has been invalidated because the user changed their password "
        "or Facebook has changed the session for security reasons.",
    ),
    "token_expired": Row(
        401,
        190,
        463,
        "Error validating access token: Session has expired on {expired}. The current time is {now}.",
    ),
    "token_unconfirmed": Row(401, 190, 464, "Error validating access token: Sessions for the user are not allowed."),
    "token_revoked": Row(401, 190, 467, "Error validating access token: This may be because the user logged out."),
    "token_role_lost": Row(
        401,
        190,
        492,
        "Error validating access token: The session is invalid because the user no longer has a role on the Page.",
    ),
    "token_not_page": Row(400, 190, None, "(#190) This method must be called with a Page Access Token"),
    "token_not_app": Row(
        400,
        100,
        None,
        "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app",
    ),
    "proof_missing": Row(
        400, 100, None, "API calls from the server require an appsecret_proof argument", "GraphMethodException"
    ),
    "proof_wrong": Row(400, 100, None, "Invalid appsecret_proof provided in the API argument", "GraphMethodException"),
    # permissions
    "permission_app": Row(403, 10, None, "(#10) Application does not have permission for this action"),
    "permission": Row(403, 200, None, "(#200) Permissions error"),
    "permission_metadata": Row(403, 200, None, "(#200) Requires pages_manage_metadata permission to manage the object"),
    "permission_messages_field": Row(
        403,
        200,
        None,
        "(#200) To subscribe to the {field} field, one of these permissions is needed: pages_messaging",
    ),
    "messages_access_off": Row(
        403, 200, 2534041, "(#200) The account owner has disabled access to instagram direct messages"
    ),
    # objects and parameters
    "unsupported": Row(400, 100, 33, _UNSUPPORTED, "GraphMethodException"),
    "unknown_path": Row(400, 2500, None, "Unknown path components: /{path}"),
    "unknown_field": Row(400, 100, None, "(#100) Tried accessing nonexisting field ({field}) on node type ({node})"),
    "syntax": Row(400, 2500, None, 'Syntax error "{reason}" at character {at}: {text}'),
    "parameter": Row(400, 100, None, "(#100) {reason}"),
    "parameter_missing": Row(400, 100, None, "(#100) The parameter {name} is required"),
    "bad_json": Row(400, 100, None, "(#100) Invalid parameter: the request body is not valid JSON"),
    "callback": Row(400, 2200, None, "(#2200) Callback verification failed with the following errors: {reason}"),
    # sending
    "not_linked": Row(
        400,
        100,
        2534013,
        "(#100) The page is not linked to an Instagram account or the linked IG account is not professional account",
    ),
    "no_user": Row(400, 100, 2534014, "The requested user cannot be found.", "IGApiException"),
    "invalid_message": Row(400, 100, 2534015, "(#100) Invalid message data: {reason}"),
    "comment_invalid": Row(400, 100, 2534025, "The comment is invalid for a private reply", "IGApiException"),
    "window_closed": Row(403, 10, 2534022, "(#10) This message is sent outside of allowed window."),
    "unreachable": Row(400, 551, 1545041, "(#551) This person isn't available right now."),
    "state_and_message": Row(
        400, 100, 2018014, "(#100) Sender action and message must not be sent in the same request"
    ),
    "media_fetch": Row(400, 100, 2018008, "(#100) Failed to fetch the file from the url"),
    "media_type": Row(400, 100, 2018047, "(#100) Upload attachment failure."),
    "media_unknown": Row(400, 100, 2018074, "(#100) Invalid attachment id, or the attachment is not owned by the Page"),
    "media_large": Row(400, 100, 2018109, "(#100) Attachment size exceeds allowable limit"),
    # reading
    "no_consent": Row(403, 230, None, "(#230) User consent is required to access user profile"),
    "no_profile": Row(400, 9010, None, "(#9010) No matching Instagram user"),
    "too_old": Row(400, 9000001, None, "(#9000001) This message has been deleted or is no longer available"),
    # conversions
    "event_too_old": Row(400, 100, 2804003, "Invalid parameter"),
    # login
    "code_used": Row(400, 100, 36009, "This authorization code has been used."),
    "code_invalid": Row(400, 100, 36007, "This authorization code has expired or is not valid."),
    "client_invalid": Row(400, 101, None, "Error validating application. Invalid application ID or secret."),
    # the simulator itself
    "unknown": Row(500, 1, None, "An unknown error occurred"),
}

REVOKED: dict[int, str] = {
    458: "token_deauthorized",
    459: "token_checkpoint",
    460: "token_logged_out",
    463: "token_expired",
    464: "token_unconfirmed",
    467: "token_revoked",
    492: "token_role_lost",
}
"""The error for each subcode with which a token can have died."""


class GraphError(Exception):
    """An answer in Meta's error envelope."""

    def __init__(
        self,
        status: int,
        code: int,
        subcode: int | None,
        message: str,
        error_type: str = "OAuthException",
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.subcode = subcode
        self.message = message
        self.type = error_type
        self.transient = transient

    def body(self) -> dict[str, Any]:
        """The envelope. Keys stand in the order in which they were seen; absent ones are left out as Meta does."""
        error: dict[str, Any] = {"message": self.message, "type": self.type}
        if self.transient:
            error["is_transient"] = True
        error["code"] = self.code
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        error["fbtrace_id"] = ids.trace_id()
        return {"error": error}


def refuse(row_name: str, /, **words: object) -> GraphError:
    """The error called ``row_name`` in :data:`ERRORS`, with ``words`` put into its text."""
    row = ERRORS[row_name]
    text = row.message.format(**words) if words else row.message
    return GraphError(row.status, row.code, row.subcode, text, row.type, row.transient)
