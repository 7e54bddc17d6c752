"""Conversations, messages, activities, attachments."""

import urllib.error
import urllib.request

import sunshine_conversations_client.model as m

from tests.api.proof.ground import Ground

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def create_conversation(g: Ground) -> None:
    user = g.users.create_user(g.app_id, m.UserCreateBody(external_id="new here")).user
    person = m.ParticipantSubSchema(m.ParticipantWithUserId(user_id=user.id))
    body = m.ConversationCreateBody(type="personal", participants=[person], display_name="Order 7")
    made = g.conversations.create_conversation(g.app_id, body).conversation
    assert g.conversations.get_conversation(g.app_id, made.id).conversation.display_name == "Order 7"
    assert [event["payload"]["conversation"]["id"] for event in g.events("conversation:create")] == [made.id]


def get_conversation(g: Ground) -> None:
    found = g.conversations.get_conversation(g.app_id, g.conversation_id).conversation
    assert (found.id, found.type, found.is_default) == (g.conversation_id, "personal", True)


def list_conversations(g: Ground) -> None:
    mine = m.ConversationListFilter(user_id=g.user_id)
    listed = g.conversations.list_conversations(g.app_id, filter=mine).conversations
    assert [one.id for one in listed] == [g.conversation_id]


def update_conversation(g: Ground) -> None:
    g.conversations.update_conversation(g.app_id, g.conversation_id, m.ConversationUpdateBody(metadata={"order": 7}))
    assert g.conversations.get_conversation(g.app_id, g.conversation_id).conversation.metadata == {"order": 7}


def delete_conversation(g: Ground) -> None:
    g.refused(400, lambda: g.conversations.delete_conversation(g.app_id, g.conversation_id))
    g.apps.update_app(g.app_id, m.AppUpdateBody(settings=m.AppSettings(multi_convo_enabled=True)))
    person = m.ParticipantSubSchema(m.ParticipantWithUserId(user_id=g.user_id))
    body = m.ConversationCreateBody(type="personal", participants=[person])
    second = g.conversations.create_conversation(g.app_id, body).conversation.id
    g.conversations.delete_conversation(g.app_id, second)
    g.refused(404, lambda: g.conversations.get_conversation(g.app_id, second))
    assert [event["payload"]["conversation"]["id"] for event in g.events("conversation:remove")] == [second]


def download_message_ref(g: Ground) -> None:
    """Apple's own: refused, clearly."""
    reference = {"interactiveDataRef": {"url": "https://x", "bid": "b", "key": "k", "signature": "s", "owner": "o"}}
    body = m.DownloadMessageRefBody.from_dict({"userId": g.user_id, "apple": reference})
    assert "pple" in g.refused(400, lambda: g.conversations.download_message_ref(g.app_id, g.conversation_id, body))


def post_conversion_events(g: Ground) -> None:
    data = [{"event_name": "Purchase", "event_time": 1772356502, "custom_data": {"currency": "EUR", "value": 49}}]
    body = m.ConversionEventsBody(m.InstagramConversionEventsBody.from_dict({"instagram": {"payload": {"data": data}}}))
    answer = g.conversations.post_conversion_events(g.app_id, g.conversation_id, body)
    assert answer["conversionEvents"]["eventsReceived"] == 1
    assert g.house.instagram.conversions[-1][2]["data"][0]["event_name"] == "Purchase"


def post_message(g: Ground) -> None:
    message = g.post("It is back.")
    assert g.texts() == ["It is back."]
    assert [event["payload"]["message"]["id"] for event in g.events("conversation:message")] == [message.id]
    assert g.house.rows("select 1 from jobs where kind = 'send' and key = $1", g.conversation_id)


def list_messages(g: Ground) -> None:
    for number in range(3):
        g.post(str(number))
    listed = g.messages.list_messages(g.app_id, g.conversation_id)
    assert [one.content.actual_instance.text for one in listed.messages] == ["0", "1", "2"]
    assert not listed.meta.has_more


def delete_message(g: Ground) -> None:
    g.post("stays")
    g.messages.delete_message(g.app_id, g.conversation_id, g.post("goes").id)
    assert g.texts() == ["stays"]


def delete_all_messages(g: Ground) -> None:
    g.post("one")
    g.post("two")
    g.messages.delete_all_messages(g.app_id, g.conversation_id)
    assert g.texts() == []


def post_activity(g: Ground) -> None:
    activity = m.ActivityPost(author=m.Author(type="business"), type="conversation:read")
    g.activities.post_activity(g.app_id, g.conversation_id, activity)
    assert g.conversations.get_conversation(g.app_id, g.conversation_id).conversation.business_last_read
    assert len(g.events("conversation:read")) == 1


def upload_attachment(g: Ground) -> None:
    made = g.attachments.upload_attachment(g.app_id, "public", ("shelf.png", PNG), var_for="message").attachment
    assert made.media_type == "image/png"
    assert fetched(made.media_url) == (200, PNG)


def delete_attachment(g: Ground) -> None:
    made = g.attachments.upload_attachment(g.app_id, "public", ("shelf.png", PNG)).attachment
    g.attachments.delete_attachment(g.app_id, m.AttachmentDeleteBody(media_url=made.media_url))
    assert fetched(made.media_url)[0] == 404


def fetched(url: str) -> tuple[int, bytes]:
    """What anybody gets who knows a file's address."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
