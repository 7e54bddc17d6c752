"""Users, clients, devices, participants."""

import sunshine_conversations_client.model as m

from tests.api.proof.ground import Ground


def create_user(g: Ground) -> None:
    body = m.UserCreateBody(external_id="crm/4711", profile=m.Profile(given_name="Ada"), metadata={"vip": True})
    made = g.users.create_user(g.app_id, body).user
    read = g.users.get_user(g.app_id, "crm/4711").user
    assert (read.id, read.profile.given_name, read.metadata) == (made.id, "Ada", {"vip": True})
    g.refused(409, lambda: g.users.create_user(g.app_id, body))


def get_user(g: Ground) -> None:
    user = g.users.get_user(g.app_id, g.user_id).user
    assert (user.id, user.profile.given_name) == (g.user_id, "Noa")


def update_user(g: Ground) -> None:
    g.users.update_user(g.app_id, g.user_id, m.UserUpdateBody(metadata={"vip": True}))
    assert g.users.get_user(g.app_id, g.user_id).user.metadata == {"vip": True}


def delete_user(g: Ground) -> None:
    g.users.delete_user(g.app_id, g.user_id)
    g.house.erased()
    g.refused(404, lambda: g.users.get_user(g.app_id, g.user_id))
    assert [event["payload"]["user"]["id"] for event in g.events("user:remove")] == [g.user_id]


def delete_user_personal_information(g: Ground) -> None:
    g.post("stays")
    g.users.delete_user_personal_information(g.app_id, g.user_id)
    profile = g.users.get_user(g.app_id, g.user_id).user.profile
    assert (profile.given_name, profile.surname, profile.avatar_url) == (None, None, None)
    (client,) = g.clients.list_clients(g.app_id, g.user_id).clients
    assert (client.display_name, client.avatar_url) == (None, None)
    assert g.texts() == ["stays"]


def sync_user(g: Ground) -> None:
    """Zendesk's own: refused, clearly, and nothing is changed."""
    before = g.users.get_user(g.app_id, g.user_id).user
    g.refused(404, lambda: g.users.sync_user(g.app_id, "12345"))
    assert g.users.get_user(g.app_id, g.user_id).user == before


def create_client(g: Ground) -> None:
    """A channel that is not live cannot be linked: the event says so, and the user keeps what he has."""
    whatsapp = g.integrations.create_integration(g.app_id, m.Whatsapp(type="whatsapp")).integration
    criteria = m.MatchCriteriaWhatsapp(type="whatsapp", integration_id=whatsapp.id, phone_number="+15145555555")
    body = m.ClientCreate(
        match_criteria=m.MatchCriteria(criteria),
        confirmation=m.Confirmation(type="immediate"),
        target=m.Target(conversation_id=g.conversation_id),
    )
    made = g.clients.create_client(g.app_id, g.user_id, body).client
    assert (made.type, made.status) == ("whatsapp", "pending")
    (failed,) = g.events("client:remove")
    assert (failed["payload"]["reason"], failed["payload"]["client"]["id"]) == ("linkFailed", made.id)
    assert [one.type for one in g.clients.list_clients(g.app_id, g.user_id).clients] == ["instagram"]


def list_clients(g: Ground) -> None:
    (client,) = g.clients.list_clients(g.app_id, g.user_id).clients
    assert (client.id, client.type, client.status) == (g.shop.person.client_id, "instagram", "active")


def remove_client(g: Ground) -> None:
    g.clients.remove_client(g.app_id, g.user_id, g.shop.person.client_id)
    assert not g.clients.list_clients(g.app_id, g.user_id).clients
    (event,) = g.events("client:remove")
    assert (event["payload"]["reason"], event["payload"]["client"]["id"]) == ("api", g.shop.person.client_id)


def list_devices(g: Ground) -> None:
    assert g.devices.list_devices(g.app_id, g.user_id).devices == []


def get_device(g: Ground) -> None:
    title = g.refused(404, lambda: g.devices.get_device(g.app_id, g.user_id, "0" * 24))
    assert "device_not_found" in title


def group(g: Ground) -> str:
    """A group conversation with our person in it, beside the one on Instagram."""
    g.apps.update_app(g.app_id, m.AppUpdateBody(settings=m.AppSettings(multi_convo_enabled=True)))
    body = m.ConversationCreateBody(
        type="sdkGroup",
        participants=[m.ParticipantSubSchema(m.ParticipantWithUserId(user_id=g.user_id, subscribe_sdk_client=False))],
    )
    return str(g.conversations.create_conversation(g.app_id, body).conversation.id)


def join_conversation(g: Ground) -> None:
    conversation = group(g)
    g.users.create_user(g.app_id, m.UserCreateBody(external_id="second"))
    body = m.ParticipantJoinBody(user_external_id="second", subscribe_sdk_client=False)
    joined = g.participants.join_conversation(g.app_id, conversation, body).participant
    listed = g.participants.list_participants(g.app_id, conversation).participants
    assert joined.id in [one.id for one in listed]
    assert len(listed) == 2
    assert [event["payload"]["user"]["externalId"] for event in g.events("conversation:join")] == ["second"]


def list_participants(g: Ground) -> None:
    (participant,) = g.participants.list_participants(g.app_id, g.conversation_id).participants
    assert participant.user_id == g.user_id


def leave_conversation(g: Ground) -> None:
    conversation = group(g)
    body = m.ParticipantLeaveBody(m.ParticipantLeaveBodyUserId(user_id=g.user_id))
    g.participants.leave_conversation(g.app_id, conversation, body)
    assert not g.participants.list_participants(g.app_id, conversation).participants
    assert [event["payload"]["user"]["id"] for event in g.events("conversation:leave")] == [g.user_id]
