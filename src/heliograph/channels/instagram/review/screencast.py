"""What to record for the reviewer: Heliograph's own flow, step by step. Pure.

Source: Meta reference 6; Meta's review guide for apps that serve other businesses: login, choice of the Page, a message
seen in Instagram itself, the answer, rich media, unsending.
"""

from dataclasses import dataclass

from heliograph.channels.instagram.meta.flavours import FACEBOOK, INSTAGRAM

_BOTH = (FACEBOOK, INSTAGRAM)


@dataclass(frozen=True, slots=True)
class Step:
    """One scene. ``seconds`` is about how long it is on the screen; ``proves`` names permissions of the table."""

    title: str
    show: str
    say: str
    seconds: int
    logins: tuple[str, ...]
    proves: tuple[str, ...] = ()


BEFORE: tuple[str, ...] = (
    "Record the app that you submit, by its id, and the product at the address that you give to the reviewer.",
    "Connecting is filmed in Heliograph's dashboard, or on its hosted page. Reading, answering and unsending are filmed"
    " where your team does that: in your own client of Heliograph's API. The dashboard shows no conversations yet.",
    "English everywhere: the product, Facebook's dialog, the phone. Otherwise add captions.",
    "Two recordings side by side, or one after the other: the browser, and the phone's own screen recording.",
    "A test account that is connected to nothing yet; a second Instagram account that writes to it.",
    "Remove the app from the test person at Facebook first, so that the dialog shows every permission.",
    "1080p, no music, cursor visible. One recording may serve all permissions: name them as they come.",
)
"""What to have ready."""

STEPS: tuple[Step, ...] = (
    Step(
        "The product, logged out",
        "The address of the product, its login, and the member that the reviewer will use.",
        "This is [product] by [company]. Businesses answer their Instagram messages here.",
        15,
        _BOTH,
    ),
    Step(
        "Integrations",
        "Dashboard, Integrations: no account is connected yet. Open Instagram Direct.",
        "The business has not connected an account yet.",
        10,
        _BOTH,
    ),
    Step(
        "Authenticate",
        "Click Authenticate. Facebook's dialog opens; stay on the list of permissions long enough to be read.",
        "The business logs in at Facebook and grants what we ask for.",
        25,
        (FACEBOOK,),
        ("public_profile", "pages_show_list", "business_management"),
    ),
    Step(
        "Authenticate",
        "Click Authenticate. Instagram's login opens; stay on the list of permissions long enough to be read.",
        "The business logs in at Instagram and grants what we ask for.",
        20,
        (INSTAGRAM,),
        ("instagram_business_basic",),
    ),
    Step(
        "Choose the Page",
        "The list of Pages with their Instagram accounts. Choose one by a click, then Save.",
        "These are the Pages that this person manages. They choose which one to connect; the others are not kept.",
        20,
        (FACEBOOK,),
        ("pages_show_list", "business_management", "instagram_basic", "pages_manage_metadata"),
    ),
    Step(
        "Connected",
        "The integration with the account's username, its status active.",
        "The account is connected and its messages will come in from now on.",
        10,
        _BOTH,
        ("instagram_basic", "pages_manage_metadata", "instagram_business_basic"),
    ),
    Step(
        "A message, on the phone",
        "The Instagram app of the second account: open the business's profile, tap Message, write, send.",
        "A customer writes to the business in the Instagram app. Conversations always begin like this.",
        20,
        _BOTH,
        ("instagram_manage_messages", "instagram_business_manage_messages"),
    ),
    Step(
        "The same message, in the product",
        "In your client of the API: the conversation appears by itself, with the person's name and picture.",
        "The message arrives in [product] at once. The team sees who wrote.",
        15,
        _BOTH,
        (
            "instagram_manage_messages",
            "instagram_business_manage_messages",
            "pages_messaging",
            "pages_manage_metadata",
            "instagram_basic",
            "instagram_business_basic",
        ),
    ),
    Step(
        "The answer",
        "Write an answer in your client and send it; then the same answer on the phone.",
        "A person of the team answers. The customer reads it in Instagram.",
        25,
        _BOTH,
        ("instagram_manage_messages", "instagram_business_manage_messages", "pages_messaging"),
    ),
    Step(
        "A picture each way",
        "A picture from the phone to your client, and one back.",
        "Pictures work the same way.",
        25,
        _BOTH,
        ("instagram_manage_messages", "instagram_business_manage_messages"),
    ),
    Step(
        "Unsend",
        "On the phone hold a message, Unsend. In your client it is gone (it heard conversation:message:deleted).",
        "When the customer takes a message back, we remove it.",
        15,
        _BOTH,
        ("instagram_manage_messages", "instagram_business_manage_messages"),
    ),
    Step(
        "The answer that took longer",
        "A conversation older than 24 hours; a person writes the answer. Leave this out if you do not ask for Human Agent.",
        "This repair took two days. A person of our team answers; nothing is sent automatically.",
        25,
        _BOTH,
        ("Human Agent",),
    ),
    Step(
        "Disconnect",
        "Integrations, Disconnect. The account is gone from the list.",
        "The business can disconnect at any time; then nothing comes in any more.",
        10,
        _BOTH,
        ("pages_manage_metadata",),
    ),
)


def of_login(login: str) -> tuple[Step, ...]:
    """The steps of one login, in order."""
    return tuple(one for one in STEPS if login in one.logins)


def seconds(login: str) -> int:
    """About how long the recording of one login becomes."""
    return sum(one.seconds for one in of_login(login))
