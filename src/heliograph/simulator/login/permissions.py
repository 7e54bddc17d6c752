"""What each permission lets an app do, in the words of the dialogs."""

from typing import Final

MEANINGS: Final = {
    "pages_show_list": "See the list of your Pages",
    "pages_manage_metadata": "Change the settings of your Pages and receive their webhooks",
    "pages_messaging": "Read and write messages as your Pages",
    "pages_read_engagement": "Read what your Pages publish and who follows them",
    "instagram_basic": "Read the profile and posts of your Instagram accounts",
    "instagram_manage_messages": "Read and answer messages of your Instagram accounts",
    "instagram_manage_events": "Record events for your Instagram accounts",
    "instagram_manage_comments": "Read and answer comments on your Instagram accounts",
    "instagram_manage_insights": "See the statistics of your Instagram accounts",
    "business_management": "See the Pages of your business portfolios",
    "instagram_business_basic": "Read your profile and posts",
    "instagram_business_manage_messages": "Read and answer your messages",
    "instagram_business_manage_comments": "Read and answer your comments",
    "instagram_business_content_publish": "Publish posts for you",
    "instagram_business_manage_insights": "See your statistics",
}


def meaning(scope: str) -> str:
    """A permission in words; its name where there are none."""
    return MEANINGS.get(scope, scope)
