"""Switchboards, their integrations, and who has the conversation."""

from typing import Any

import sunshine_conversations_client.model as m

from tests.api.proof.ground import Ground


def board(g: Ground) -> str:
    return str(g.switchboards.create_switchboard(g.app_id).switchboard.id)


def member(g: Ground, board_id: str, name: str, **more: Any) -> Any:
    body = m.SwitchboardIntegrationCreateBody(name=name, integration_id=g.custom().id, **more)
    return g.switchboard_integrations.create_switchboard_integration(g.app_id, board_id, body).switchboard_integration


def two(g: Ground) -> tuple[Any, Any]:
    """A bot, which is the default, and people; the switchboard is on, and the bot has the conversation."""
    board_id = board(g)
    bot, people = member(g, board_id, "bot"), member(g, board_id, "people")
    on = m.SwitchboardUpdateBody(enabled=True, default_switchboard_integration_id=bot.id)
    g.switchboards.update_switchboard(g.app_id, board_id, on)
    g.post("Is it back in stock?", author="user")
    assert active(g) == "bot"
    return bot, people


def active(g: Ground) -> str | None:
    found = g.conversations.get_conversation(g.app_id, g.conversation_id).conversation.active_switchboard_integration
    return str(found.name) if found else None


def pending(g: Ground) -> str | None:
    found = g.conversations.get_conversation(g.app_id, g.conversation_id).conversation.pending_switchboard_integration
    return str(found.name) if found else None


def create_switchboard(g: Ground) -> None:
    made = g.switchboards.create_switchboard(g.app_id).switchboard
    assert made.enabled is False
    g.refused(400, lambda: g.switchboards.create_switchboard(g.app_id))


def list_switchboards(g: Ground) -> None:
    assert g.switchboards.list_switchboards(g.app_id).switchboards == []
    made = board(g)
    assert [one.id for one in g.switchboards.list_switchboards(g.app_id).switchboards] == [made]


def update_switchboard(g: Ground) -> None:
    board_id = board(g)
    bot = member(g, board_id, "bot")
    on = m.SwitchboardUpdateBody(enabled=True, default_switchboard_integration_id=bot.id)
    g.switchboards.update_switchboard(g.app_id, board_id, on)
    (read,) = g.switchboards.list_switchboards(g.app_id).switchboards
    assert (read.enabled, read.default_switchboard_integration_id) == (True, bot.id)


def delete_switchboard(g: Ground) -> None:
    two(g)
    (found,) = g.switchboards.list_switchboards(g.app_id).switchboards
    g.switchboards.delete_switchboard(g.app_id, found.id)
    assert g.switchboards.list_switchboards(g.app_id).switchboards == []
    assert active(g) is None


def create_switchboard_integration(g: Ground) -> None:
    board_id = board(g)
    made = member(g, board_id, "bot", message_history_count=5)
    assert (made.name, made.integration_type, made.deliver_standby_events) == ("bot", "custom", True)
    listed = g.switchboard_integrations.list_switchboard_integrations(g.app_id, board_id).switchboard_integrations
    assert [one.id for one in listed] == [made.id]


def list_switchboard_integrations(g: Ground) -> None:
    board_id = board(g)
    names = {member(g, board_id, name).name for name in ("bot", "people")}
    listed = g.switchboard_integrations.list_switchboard_integrations(g.app_id, board_id).switchboard_integrations
    assert {one.name for one in listed} == names == {"bot", "people"}


def update_switchboard_integration(g: Ground) -> None:
    board_id = board(g)
    made = member(g, board_id, "bot")
    change = m.SwitchboardIntegrationUpdateBody(name="robot", deliver_standby_events=False)
    g.switchboard_integrations.update_switchboard_integration(g.app_id, board_id, made.id, change)
    listed = g.switchboard_integrations.list_switchboard_integrations(g.app_id, board_id).switchboard_integrations
    assert [(one.name, one.deliver_standby_events) for one in listed] == [("robot", False)]


def delete_switchboard_integration(g: Ground) -> None:
    board_id = board(g)
    made = member(g, board_id, "bot")
    g.switchboard_integrations.delete_switchboard_integration(g.app_id, board_id, made.id)
    listed = g.switchboard_integrations.list_switchboard_integrations(g.app_id, board_id)
    assert listed.switchboard_integrations == []


def pass_control(g: Ground) -> None:
    two(g)
    body = m.PassControlBody(switchboard_integration="people", metadata={"topic": "refund"})
    g.control.pass_control(g.app_id, g.conversation_id, body)
    assert active(g) == "people"
    (event,) = g.events("switchboard:passControl")
    assert event["payload"]["metadata"] == {"topic": "refund"}
    assert event["payload"]["conversation"]["activeSwitchboardIntegration"]["name"] == "people"


def offer_control(g: Ground) -> None:
    two(g)
    g.control.offer_control(g.app_id, g.conversation_id, m.OfferControlBody(switchboard_integration="people"))
    assert (active(g), pending(g)) == ("bot", "people")
    assert len(g.events("switchboard:offerControl")) == 1


def accept_control(g: Ground) -> None:
    two(g)
    g.control.offer_control(g.app_id, g.conversation_id, m.OfferControlBody(switchboard_integration="people"))
    g.control.accept_control(g.app_id, g.conversation_id, m.AcceptControlBody())
    assert (active(g), pending(g)) == ("people", None)
    assert len(g.events("switchboard:acceptControl")) == 1


def release_control(g: Ground) -> None:
    two(g)
    g.control.release_control(g.app_id, g.conversation_id, m.ReleaseControlBody(reason="ticketClosed"))
    assert (active(g), pending(g)) == (None, None)
    (event,) = g.events("switchboard:releaseControl")
    assert event["payload"]["reason"] == "ticketClosed"
