"""Every permission and feature that Heliograph asks for, as App Review wants it explained. Pure; docs and pages share it.

Texts to adapt have the places ``[company]`` and ``[product]``. What a row says of Heliograph is what its code does.
Sources: Meta reference 4.1, 6; Meta's permission reference and its review guides for Instagram messaging.
"""

from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM
from heliograph.channels.instagram.review.permission import Counted, Need, Permission, Read

_OWN_ACCOUNTS = "Enough for accounts of people with a role on the app. Advanced Access for everybody else's."
_THREADS = {"platform": "instagram", "limit": "1", "fields": "id"}
_THREADS_HARMLESS = "It answers the id of one thread. No message is read, nothing is marked as seen, nothing is kept."

_FACEBOOK_LOGIN: tuple[Permission, ...] = (
    Permission(
        name="instagram_basic",
        login=FACEBOOK,
        need=Need.REQUIRED,
        meaning="Reads the profile of the Instagram professional account that is linked to a Page.",
        use="Finds the account behind a Page when it is connected (GET /me with instagram_business_account) and shows its"
        " name; reads name and picture of people who write to it (GET /{igsid}), which needs it, too.",
        reason="We use instagram_basic to find the Instagram professional account that is linked to the Facebook Page which"
        " the business chose, and to show its username in [product], so that the business sees which account it connected."
        " When a person writes to the account, the team of [company] sees that person's name and picture beside the"
        " conversation, as far as the person shares them.",
        shown=(
            "the list of Pages, each with the username of its Instagram account",
            "the connected account's username in the integration",
            "name and picture of the person who wrote, beside the conversation",
        ),
        counted=Counted.READ,
        counts="GET /{account_id}, GET /me with instagram_business_account, GET /{igsid}",
        standard=_OWN_ACCOUNTS,
        read=Read(
            "/{account_id}",
            {"fields": "id,username"},
            "It answers the account's own id and username, which are known here already.",
        ),
    ),
    Permission(
        name="instagram_manage_messages",
        login=FACEBOOK,
        need=Need.REQUIRED,
        meaning="Reads and answers Instagram Direct messages of the professional account.",
        use="Takes in messages by webhook, sends the business's answers (POST /me/messages), and after downtime reads what"
        " webhooks missed (GET /{page_id}/conversations, GET /{conversation_id}). A message that a person unsends is"
        " blanked here.",
        reason="We use instagram_manage_messages to show Instagram Direct messages, which people send to a business, in"
        " [product], and to send the answers that the business's team writes there. Conversations begin with the person,"
        " never with us. Messages that a person unsends are removed from [product], and the business can have all data of"
        " a person deleted.",
        shown=(
            "a message written in the Instagram app, and the same message arriving in the product",
            "the answer written in the product, and the same answer arriving in the Instagram app",
            "a picture in each direction",
            "a message unsent in the Instagram app, and it disappearing in the product",
        ),
        counted=Counted.READ,
        counts="GET /{page_id}/conversations?platform=instagram, POST /me/messages",
        standard=_OWN_ACCOUNTS,
        read=Read("/{page_id}/conversations", _THREADS, _THREADS_HARMLESS),
    ),
    Permission(
        name="pages_manage_metadata",
        login=FACEBOOK,
        need=Need.REQUIRED,
        meaning="Subscribes an app to the webhooks of a Page and changes its settings.",
        use="Subscribes the Page when it is connected and unsubscribes it when it is disconnected (POST and DELETE"
        " /{page_id}/subscribed_apps). No other setting of the Page is touched.",
        reason="We use pages_manage_metadata to subscribe the Page that the business chose to webhooks, so that new"
        " Instagram messages appear in [product] at once, and to end that subscription when the business disconnects. We"
        " change nothing else of the Page.",
        shown=(
            "the moment when the business saves its choice of a Page",
            "a message arriving without the page being loaded again",
        ),
        counted=Counted.READ,
        counts="GET, POST and DELETE /{page_id}/subscribed_apps",
        standard=_OWN_ACCOUNTS,
        read=Read(
            "/{page_id}/subscribed_apps",
            {"fields": "id"},
            "It answers which apps the Page sends webhooks to. The subscription stays as it is.",
        ),
    ),
    Permission(
        name="pages_show_list",
        login=FACEBOOK,
        need=Need.ADVISED,
        meaning="Lists the Pages that a person manages.",
        use="Lists the Pages of whoever logs in, with their Instagram accounts, so that one can be chosen"
        " (GET /me/accounts). With a Page token pasted by hand it is not needed.",
        reason="We use pages_show_list to show the person who logs in the Pages that they manage, each with its Instagram"
        " account, so that they choose which one to connect to [product]. Pages that are not chosen are not kept.",
        shown=(
            "the login dialog, with the permission in it",
            "the list of Pages in the product, and one of them being chosen by a click",
        ),
        counted=Counted.LOGIN,
        counts="GET /me/accounts, with the person's own token",
        standard=_OWN_ACCOUNTS,
    ),
    Permission(
        name="pages_messaging",
        login=FACEBOOK,
        need=Need.ADVISED,
        meaning="Manages conversations of the Page.",
        use="Lets the Page's subscription carry the field messages (POST /{page_id}/subscribed_apps); without it Heliograph"
        " subscribes another field, and Instagram's messages come all the same. Nobody is written to in Messenger.",
        reason="We use pages_messaging to subscribe the Page to the messages field, through which the conversations of its"
        " Instagram account reach [product], and to answer them for the business. People always write first.",
        shown=("as for instagram_manage_messages: a message, the answer to it, both seen on the phone",),
        counted=Counted.READ,
        counts="GET /me/messenger_profile, POST /{page_id}/subscribed_apps with messages",
        standard=_OWN_ACCOUNTS,
        read=Read(
            "/me/messenger_profile",
            {"fields": "persistent_menu"},
            "It answers the menu that the Page shows in Messenger, usually none. Nobody is written to, nothing is changed.",
        ),
    ),
    Permission(
        name="business_management",
        login=FACEBOOK,
        need=Need.ADVISED,
        meaning="Reads and manages a business portfolio and what belongs to it.",
        use="Pages that belong to a business portfolio stand in GET /me/accounts only with it. Nothing of the portfolio is"
        " changed. Leave it out if none of your customers has a portfolio.",
        reason="We use business_management so that a person whose Page belongs to a business portfolio finds that Page in"
        " the list when they connect it to [product]. We read nothing else of the portfolio and change nothing in it.",
        shown=("the list of Pages with one that belongs to a business portfolio, and that one being chosen",),
        counted=Counted.PORTFOLIO,
        counts="GET /me/accounts with Pages of a portfolio, which Heliograph cannot tell from others: Meta's dashboard says"
        " whether it has counted one. If not: GET /me/businesses in Meta's Graph API Explorer, with this app chosen",
        standard=_OWN_ACCOUNTS,
    ),
    Permission(
        name="public_profile",
        login=FACEBOOK,
        need=Need.FREE,
        meaning="Reads the name and picture of the person who logs in. Every login has it, and it is not reviewed.",
        use="Meta adds it to each login. Heliograph keeps the person's id for this app, so that their data deletion request"
        " finds what they connected.",
        reason="We use public_profile to know who connected an account, so that a request of that person to delete their"
        " data can be followed.",
        shown=("the login dialog",),
        counted=Counted.LOGIN,
        counts="GET /me, with the person's own token. Meta asks for none",
        standard="Nothing to ask for. If Meta's dashboard shows it without Advanced Access, switch that on there.",
    ),
)

_INSTAGRAM_LOGIN: tuple[Permission, ...] = (
    Permission(
        name="instagram_business_basic",
        login=INSTAGRAM,
        need=Need.REQUIRED,
        meaning="Reads the profile of the Instagram professional account that logs in.",
        use="Reads id and username of the account (GET /me), keeps its token fresh (GET /refresh_access_token), and reads"
        " name and picture of people who write to it (GET /{igsid}).",
        reason="We use instagram_business_basic to show the business which Instagram account it connected to [product], and"
        " to show the team of [company] the name and picture of the person who writes, as far as the person shares them.",
        shown=(
            "Instagram's login, with the permission in it",
            "the connected account's username in the integration",
            "name and picture of the person who wrote, beside the conversation",
        ),
        counted=Counted.READ,
        counts="GET /me, GET /{igsid}",
        standard=_OWN_ACCOUNTS,
        read=Read(
            "/me",
            {"fields": "user_id,username"},
            "It answers the account's own id and username, which are known here already.",
        ),
    ),
    Permission(
        name="instagram_business_manage_messages",
        login=INSTAGRAM,
        need=Need.REQUIRED,
        meaning="Reads and answers Instagram Direct messages of the account.",
        use="Subscribes the account to webhooks (POST /me/subscribed_apps), takes messages in, sends the business's answers"
        " (POST /me/messages), and after downtime reads what webhooks missed (GET /me/conversations). A message that a"
        " person unsends is blanked here.",
        reason="We use instagram_business_manage_messages to show Instagram Direct messages, which people send to a"
        " business, in [product], and to send the answers that the business's team writes there. Conversations begin with"
        " the person, never with us. Messages that a person unsends are removed from [product], and the business can have"
        " all data of a person deleted.",
        shown=(
            "a message written in the Instagram app, and the same message arriving in the product",
            "the answer written in the product, and the same answer arriving in the Instagram app",
            "a picture in each direction",
            "a message unsent in the Instagram app, and it disappearing in the product",
        ),
        counted=Counted.READ,
        counts="GET /me/conversations?platform=instagram, POST /me/messages",
        standard=_OWN_ACCOUNTS,
        read=Read("/me/conversations", _THREADS, _THREADS_HARMLESS),
    ),
)


def _human_agent(login: str) -> Permission:
    return Permission(
        name="Human Agent",
        login=login,
        need=Need.OPTIONAL,
        meaning="Lets a person of the business answer between 24 hours and 7 days after the last message.",
        use="Sends answers written after the first 24 hours with the tag HUMAN_AGENT (POST /me/messages), as the"
        " integration's humanAgentTag says; with never it is not needed. That a person wrote them is for your program to"
        " keep: let nothing automatic answer so late.",
        reason="We use Human Agent so that people of [company] can answer a question in [product] that takes longer than 24"
        " hours, such as a return, a repair or a weekend in between. Such answers are written by a person, are about what"
        " was asked, and are no advertising.",
        shown=(
            "a question that takes longer, and the hour by which it can be answered",
            "a person writing the answer in the product; say that a person does it, and why it took longer",
        ),
        counted=Counted.NEVER,
        counts="An answer to a person, sent with the tag after 24 hours. There is no read for it, and a message is not sent"
        " to anybody for a test; the screencast is what the reviewer goes by",
        standard="Not enough: it is reviewed even for your own account.",
        feature=True,
    )


PERMISSIONS: tuple[Permission, ...] = (
    *_FACEBOOK_LOGIN,
    _human_agent(FACEBOOK),
    *_INSTAGRAM_LOGIN,
    _human_agent(INSTAGRAM),
)


def of_login(login: str) -> tuple[Permission, ...]:
    """The rows of one login, in the order of the review form."""
    return tuple(one for one in PERMISSIONS if one.login == login)


def proven_by_login(login: str) -> tuple[str, ...]:
    """The permissions that are counted while a person logs in."""
    return tuple(one.name for one in of_login(login) if one.counted is Counted.LOGIN)
