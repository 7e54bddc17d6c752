"""What a person does at Meta when a grant or an account is not as it must be, step by step. Pure data.

Pages, the doctor's findings and the documents share these texts, so that they say the same (Meta reference 4.3, 6).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way out. ``link`` is where its first step is, or empty."""

    name: str
    title: str
    steps: tuple[str, ...]
    link: str = ""


BUSINESS_INTEGRATIONS = "https://www.facebook.com/settings?tab=business_tools"

REMEDIES: Mapping[str, Remedy] = {
    one.name: one
    for one in (
        Remedy(
            "rerequest",
            "Ask again for what was declined",
            (
                "Press Ask again. Facebook shows the permissions that were declined before.",
                "Leave all of them on, and confirm.",
            ),
        ),
        Remedy(
            "start_over",
            "Start over: remove the app at Facebook, then log in again",
            (
                "Press Start over. It takes back everything that you have granted to this app. Facebook remembers a"
                " narrowed choice otherwise, and would show the short dialog again.",
                "By hand it is done at Facebook: Settings, Business integrations, the app, Remove.",
                "Log in again. Where Facebook asks what you allow, take all Pages and all Instagram accounts, or at least"
                " the ones to be connected, in every step.",
            ),
            BUSINESS_INTEGRATIONS,
        ),
        Remedy(
            "edit_access",
            "Allow more in the dialog",
            (
                "Log in again.",
                "In the short dialog choose Edit settings, or Edit previous settings.",
                "Tick the Page and the Instagram account in every step, and confirm.",
            ),
        ),
        Remedy(
            "log_in_again",
            "Log in again",
            ("Begin anew from the page where you pressed Authenticate.", "Confirm within ten minutes."),
        ),
        Remedy(
            "make_page",
            "Get a Page to connect",
            (
                "Log in with the Facebook profile that manages the Page; this one manages none that it showed.",
                "If somebody else manages it, let them give you full access: Page settings, Page access.",
                "If there is no Page yet, make one, and link the Instagram account to it.",
                "A Page of a business portfolio is shown only with the permission business_management.",
            ),
            "https://www.facebook.com/pages/create",
        ),
        Remedy(
            "link_account",
            "Link the Instagram account to the Page",
            (
                "Open the Page at Facebook: Settings, Linked accounts, Instagram.",
                "Log in there with the Instagram account, and allow the Page to manage its messages.",
                "Come back and log in again.",
            ),
            "https://www.facebook.com/settings?tab=linked_instagram",
        ),
        Remedy(
            "become_professional",
            "Make the Instagram account a professional one",
            (
                "In the Instagram app: Settings, Account type and tools, Switch to professional account. It is free.",
                "Then link it to the Page: Page settings, Linked accounts, Instagram.",
            ),
        ),
        Remedy(
            "get_tasks",
            "Get the tasks on the Page",
            (
                "Somebody with full access to the Page opens its settings: Page access.",
                "They give your profile full access, or at least the tasks that are missing.",
                "Log in again.",
            ),
        ),
        Remedy(
            "role_on_app",
            "Let the app reach this person",
            (
                "In Development mode an app answers only to people with a role on it: App Dashboard, App roles.",
                "Add the person as a tester, or publish the app: App Dashboard, App mode, Live.",
            ),
            "https://developers.facebook.com/apps",
        ),
        Remedy(
            "check_app",
            "Check the Facebook app",
            (
                "The app's id and secret must be those of the App Dashboard: App settings, Basic; for Instagram Login those"
                " under Instagram, API setup with Instagram login.",
                "The redirect address shown in the app's settings here must be entered at Meta, letter by letter.",
                "A configuration id must be one of this app's configurations of Facebook Login for Business.",
            ),
            "https://developers.facebook.com/apps",
        ),
        Remedy(
            "allow_messages",
            "Allow access to messages",
            (
                "In the Instagram app: Settings, Messages and story replies, Message controls, Connected tools.",
                "Turn on Allow access to messages. Logging in again does not help while it is off.",
            ),
        ),
        Remedy(
            "open_integration",
            "Use the connection that there is",
            ("Open the integration that is named, and reconnect it, or delete it first.",),
        ),
    )
}
