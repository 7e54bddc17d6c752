"""Every error that Meta's side answers with, as one table.

Codes, subcodes and statuses follow Meta's pages and answers seen in the field (Meta reference 3.2). A status is not a
contract of Meta's, so a client must classify on (code, subcode) only. Every row can be ordered as a fault; the rules
raise those that they are the cause of.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``message`` may hold ``{names}`` that :func:`refuse` fills in."""

    status: int
    code: int
    subcode: int | None
    message: str
    type: str = "OAuthException"
    transient: bool = False
    title: str | None = None
    """``error_user_title``, for the few errors that tell a person what to do; :attr:`advice` is what it says."""
    advice: str | None = None


_UNSUPPORTED = (
    "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, "
    "or does not support this operation. Please read the Graph API documentation at "
    "https://developers.facebook.com/docs/graph-api"
)

_TOO_MANY = (
    "(#{code}) There have been too many calls to this {what} account. Wait a bit and try again. For more info, please "
    "refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
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
        title="Confirm your account",
        advice="Log in to Facebook and follow the instructions to go on.",
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
        403,
        200,
        2534041,
        "(#200) The account owner has disabled access to instagram direct messages",
        title="Message access is off",
        advice="Turn on Allow access to messages in the Instagram app, under Messages and story replies.",
    ),
    "permission_scope": Row(403, 10, None, "(#10) This endpoint requires the '{scope}' permission"),
    "permission_task": Row(403, 200, None, "(#200) The user must be able to perform the task {task} on the Page"),
    "permission_reply": Row(
        403, 200, 2534066, "(#200) The access token lacks the permission for private replies", "IGApiException"
    ),
    "capability": Row(403, 3, None, "(#3) Application does not have the capability to make this API call."),
    "not_live": Row(
        403,
        200,
        2018028,
        "(#200) Cannot message users who are not admins, developers or testers of the app until "
        "pages_messaging permission is reviewed and the app is live.",
    ),
    "not_reviewed": Row(
        403, 200, 2018027, "(#200) Cannot message users who are not admins, developers or testers of the app."
    ),
    "link_unverified": Row(
        403,
        10,
        2534077,
        "(#10) The link between the Instagram account, the user and the Page could not be verified",
        "IGApiException",
    ),
    # objects and parameters
    "unsupported": Row(400, 100, 33, _UNSUPPORTED, "GraphMethodException"),
    "data_too_large": Row(500, 1, None, "Please reduce the amount of data you're asking for, then retry your request"),
    "duplicate": Row(400, 506, None, "(#506) Duplicate status message"),
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
    "media_slow": Row(400, 100, 2018294, "(#100) Video fetch timed out, or the video is corrupt"),
    "image_large": Row(400, 36000, None, "(#36000) The image is too large"),
    "window_messenger": Row(
        403,
        10,
        2018278,
        "(#10) This message is sent outside of allowed window. Learn more about the new policy here: "
        "https://developers.facebook.com/docs/messenger-platform/policy-overview",
    ),
    "window_news": Row(403, 10, 2018065, "(#10) This message is sent outside of allowed window."),
    "cannot_receive": Row(403, 10, 2018108, "(#10) This Person Cannot Receive Messages: this person isn't available"),
    "marketing_optin": Row(403, 10, 1404170, "(#10) The person has not opted in to marketing messages"),
    "marketing_stopped": Row(403, 10, 1893015, "(#10) The person has stopped marketing messages"),
    "account_restricted": Row(
        403, 10, 1893063, "(#10) The account is temporarily restricted from messaging for policy reasons"
    ),
    "no_matching_user": Row(400, 100, 2018001, "(#100) No matching user found"),
    "thread_archived": Row(400, 100, 2534001, "The thread has been archived or deleted by its owner", "IGApiException"),
    "business_blocked": Row(400, 100, 2534029, "The business is blocked from the messaging API", "IGApiException"),
    "unavailable": Row(403, 200, 1545041, "(#551) This person isn't available right now."),
    "unreachable_plain": Row(400, 551, None, "(#551) This person isn't available right now."),
    "link_restricted": Row(400, 508, 2534122, "link restricted"),
    "abusive_tag": Row(400, 613, 2018338, "(#613) Message tags are used abusively"),
    "policy_block": Row(
        400,
        368,
        None,
        "(#368) The action attempted has been deemed abusive or is otherwise disallowed",
        title="You're temporarily blocked",
        advice="It looks like you were misusing this feature by going too fast.",
    ),
    "not_eligible": Row(400, 36103, None, "(#36103) The account is not eligible for the messaging API yet"),
    "send_failed": Row(400, 1200, None, "(#1200) Temporary send message failure. Please try again later."),
    # private replies
    "comment_replied": Row(
        500,
        -1,
        2534023,
        "The comment that you are trying to reply to already has a reply.",
        "IGApiException",
    ),
    "reply_used": Row(400, 10900, None, "(#10900) Activity already replied to"),
    "reply_refused": Row(400, 10903, 1893049, "(#10903) This user cannot reply to this activity"),
    "reply_disabled": Row(400, 10904, 1893050, "(#10904) The person has disabled messages"),
    # thread control
    "not_owner_2534037": Row(
        400, 100, 2534037, "The action is invalid since it's not the thread owner.", "IGApiException"
    ),
    "not_owner_2018300": Row(
        400, 10, 2018300, "Message failed to send because another app is controlling this thread now."
    ),
    # limits
    "limit_app": Row(400, 4, None, "(#4) Application request limit reached", transient=True),
    "limit_app_messages": Row(400, 4, 2018022, "(#4) Application request limit reached", transient=True),
    "limit_user": Row(400, 17, None, "(#17) User request limit reached", transient=True),
    "limit_page": Row(400, 32, None, "(#32) Page request limit reached"),
    "limit_calls": Row(400, 341, None, "(#341) Application limit reached"),
    "limit_custom": Row(400, 613, None, "(#613) Calls to this api have exceeded the rate limit."),
    "limit_account": Row(
        400, 613, 2534040, "The rate limit has exceeded. Please retry again after some time", "IGApiException"
    ),
    "limit_volume": Row(400, 613, 1996, "(#613) The request volume is inconsistent"),
    "limit_pages": Row(400, 80001, None, _TOO_MANY.format(code=80001, what="Page")),
    "limit_instagram": Row(400, 80002, None, _TOO_MANY.format(code=80002, what="Instagram")),
    "limit_messenger": Row(400, 80006, None, _TOO_MANY.format(code=80006, what="Messenger")),
    # reading
    "no_consent": Row(403, 230, None, "(#230) User consent is required to access user profile"),
    "no_profile": Row(400, 9010, None, "(#9010) No matching Instagram user"),
    "profile_unavailable": Row(400, 2018218, None, "(#2018218) The profile is not available"),
    "profile_forbidden": Row(400, 2018247, None, "(#2018247) The profile may not be read"),
    "too_old": Row(400, 9000001, None, "(#9000001) This message has been deleted or is no longer available"),
    # conversions
    "event_too_old": Row(400, 100, 2804003, "Invalid parameter"),
    # login
    "code_used": Row(400, 100, 36009, "This authorization code has been used."),
    "code_verifier": Row(
        400, 100, None, "Invalid code_verifier parameter: it is missing or does not match the code_challenge."
    ),
    "code_invalid": Row(400, 100, 36007, "This authorization code has expired or is not valid."),
    "client_invalid": Row(400, 101, None, "Error validating application. Invalid application ID or secret."),
    # trouble on Meta's side
    "failed": Row(500, -1, None, "An unexpected error has occurred.", transient=True),
    "timed_out": Row(500, -2, None, "The request timed out.", transient=True),
    "unknown_access": Row(400, 1, 99, "An unknown error occurred"),
    "reply_unreadable": Row(500, 1, 1357046, "Received Invalid JSON reply."),
    "temporary": Row(
        500, 2, None, "An unexpected error has occurred. Please retry your request later.", transient=True
    ),
    "service_unavailable": Row(500, 2, 1545133, "Service temporarily unavailable", "IGApiException"),
    "session_invalid": Row(401, 102, None, "Session key invalid or no longer valid"),
    "no_role": Row(400, 100, None, "Unsupported request - method type: {method}", "IGApiException"),
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

ORDERED_ONLY = frozenset(
    {
        "abusive_tag",
        "data_too_large",
        "duplicate",
        "failed",
        "image_large",
        "limit_app_messages",
        "limit_calls",
        "limit_custom",
        "marketing_optin",
        "marketing_stopped",
        "no_matching_user",
        "profile_forbidden",
        "reply_unreadable",
        "reply_used",
        "send_failed",
        "service_unavailable",
        "session_invalid",
        "temporary",
        "timed_out",
        "unknown",
        "unknown_access",
        "window_messenger",
        "window_news",
    }
)
"""Rows that no rule is the cause of: trouble on Meta's side, Messenger's own wordings, and what Meta's pages only name."""
RESTRICTIONS = (
    "account_restricted",
    "business_blocked",
    "limit_volume",
    "link_unverified",
    "no_role",
    "not_eligible",
    "policy_block",
)
"""What the state of an account can refuse every send with."""
REFUSALS = (
    "cannot_receive",
    "no_user",
    "reply_disabled",
    "reply_refused",
    "unavailable",
    "unreachable",
    "unreachable_plain",
)
"""What a person who blocked the account, is gone, or takes no messages answers a send with."""
