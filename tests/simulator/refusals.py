"""Scenes in which a rule refuses a call, one for each row of the error table that is not in ``test_errors``."""

import json
import socket
from collections.abc import Callable
from typing import Any

from tests.simulator.support import Answer, Seeded

TEXT = {"text": "hi"}
DAY = 24 * 3600


def rules(seeded: Seeded, **knobs: Any) -> None:
    answer = seeded.simulator.call("PATCH", "/_simulator/rules", knobs)
    assert answer.status == 200, answer.body


def patch(seeded: Seeded, path: str, **body: Any) -> Any:
    answer = seeded.simulator.call("PATCH", f"/_simulator{path}", body)
    assert answer.status == 200, answer.body
    return answer.json


def app_rules(seeded: Seeded, **body: Any) -> Any:
    return patch(seeded, f"/apps/{seeded.facts['facebook_app_id']}", **body)


def account_rules(seeded: Seeded, **body: Any) -> Any:
    return patch(seeded, f"/accounts/{seeded.account}/rules", **body)


def other_app(seeded: Seeded, **body: Any) -> tuple[str, str]:
    """Another app that is connected to the Page: its id and its Page token."""
    app = seeded.simulator.control("/apps", **body)
    page = seeded.facts["page_id"]
    token = seeded.simulator.control("/tokens", app_id=app["id"], page_id=page)["access_token"]
    assert seeded.graph("POST", f"/{page}/subscribed_apps", {"subscribed_fields": "feed"}, token).status == 200
    return app["id"], token


def comment(seeded: Seeded, **body: Any) -> str:
    return seeded.acts("/comments", text="How much?", **body)["id"]


def reply(seeded: Seeded, comment_id: str, token: str | None = None) -> Answer:
    return seeded.graph("POST", "/me/messages", {"recipient": {"comment_id": comment_id}, "message": TEXT}, token)


def restricted(name: str) -> Callable[[Seeded], Answer]:
    def scene(seeded: Seeded) -> Answer:
        seeded.says()
        account_rules(seeded, restriction=name)
        return seeded.send(TEXT)

    return scene


def refused_by(name: str) -> Callable[[Seeded], Answer]:
    def scene(seeded: Seeded) -> Answer:
        seeded.says()
        patch(seeded, f"/people/{seeded.igsid}", refusal=name)
        return seeded.send(TEXT)

    return scene


def unreadable(seeded: Seeded) -> Answer:
    seeded.says()
    patch(seeded, f"/people/{seeded.igsid}", refusal="unreachable")
    return seeded.graph("GET", f"/{seeded.igsid}")


def limited(knob: str, call: Callable[[Seeded], Answer], allowed: int = 1) -> Callable[[Seeded], Answer]:
    """The first call past a limit of ``allowed``."""

    def scene(seeded: Seeded) -> Answer:
        seeded.says()
        rules(seeded, **{knob: allowed})
        assert [call(seeded).status for _ in range(allowed)] == [200] * allowed
        return call(seeded)

    return scene


def page_with_user_token(seeded: Seeded) -> Answer:
    app, page = seeded.facts["facebook_app_id"], seeded.facts["page_id"]
    token = seeded.simulator.control("/tokens", app_id=app, page_id=page, type="user")["access_token"]
    return seeded.graph("GET", f"/{page}", token=token)


def someone_elses_thread(wording: str) -> Callable[[Seeded], Answer]:
    def scene(seeded: Seeded) -> Answer:
        seeded.says()
        rules(seeded, not_owner=wording)
        other, _ = other_app(seeded)
        seeded.acts("/app-acts", 200, app_id=other, action="take")
        return seeded.send(TEXT)

    return scene


def slow_video(seeded: Seeded) -> Answer:
    seeded.says()
    rules(seeded, video_fetch_seconds=0.2)
    # It takes the connection and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/film.mp4"
        return seeded.send({"attachment": {"type": "video", "payload": {"url": url}}})


def no_scope(scope: str) -> Callable[[Seeded], str]:
    def token(seeded: Seeded) -> str:
        app, page = seeded.facts["facebook_app_id"], seeded.facts["page_id"]
        scopes = [one for one in ALL_SCOPES if one != scope]
        return seeded.simulator.control("/tokens", app_id=app, page_id=page, scopes=scopes)["access_token"]

    return token


ALL_SCOPES = [
    "pages_manage_metadata",
    "pages_messaging",
    "instagram_basic",
    "instagram_manage_messages",
    "instagram_manage_comments",
]


def account_without_comments(seeded: Seeded) -> Answer:
    token = no_scope("instagram_manage_comments")(seeded)
    return seeded.graph("POST", f"/{seeded.account}/subscribed_apps", {"subscribed_fields": "comments"}, token)


def without_task(seeded: Seeded) -> Answer:
    seeded.says()
    account_rules(seeded, tasks=["ANALYZE"])
    return seeded.send(TEXT)


def standard_access(seeded: Seeded) -> Answer:
    seeded.says()
    app_rules(seeded, advanced=[])
    return seeded.send(TEXT)


def in_development(seeded: Seeded) -> Answer:
    seeded.says()
    app_rules(seeded, live=False, roles=[seeded.account])
    return seeded.send(TEXT)


def not_reviewed(seeded: Seeded) -> Answer:
    seeded.says()
    rules(seeded, standard_access="account_and_person")
    app_rules(seeded, advanced=[], roles=[seeded.account])
    return seeded.send(TEXT)


def archived(seeded: Seeded) -> Answer:
    seeded.says()
    seeded.simulator.control(f"/threads/{seeded.account}/{seeded.igsid}/archive", 200)
    return seeded.send(TEXT)


def restricted_link(seeded: Seeded) -> Answer:
    seeded.says()
    rules(seeded, restricted_hosts=["bad.example"])
    return seeded.send({"text": "see https://bad.example/x"})


def second_reply(seeded: Seeded) -> Answer:
    key = comment(seeded)
    assert reply(seeded, key).status == 200
    return reply(seeded, key)


def reply_without_permission(seeded: Seeded) -> Answer:
    return reply(seeded, comment(seeded), no_scope("instagram_manage_comments")(seeded))


def send(seeded: Seeded) -> Answer:
    return seeded.send(TEXT)


def multipart(fields: dict[str, str], name: str, content_type: str, body: bytes) -> tuple[bytes, dict[str, str]]:
    """A form with one file, and the header that goes with it."""
    edge = "heliograph-edge"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()
    ]
    file = f'--{edge}\r\nContent-Disposition: form-data; name="filedata"; filename="{name}"\r\n'
    head = "".join(parts) + file + f"Content-Type: {content_type}\r\n\r\n"
    return head.encode() + body + f"\r\n--{edge}--\r\n".encode(), {
        "Content-Type": f"multipart/form-data; boundary={edge}"
    }


def uploaded(seeded: Seeded, content_type: str, body: bytes, kind: str = "image", token: str | None = None) -> Answer:
    message = json.dumps({"attachment": {"type": kind, "payload": {"is_reusable": True}}})
    form, headers = multipart({"message": message}, "file", content_type, body)
    headers["Authorization"] = f"Bearer {token or seeded.token}"
    return seeded.simulator.call("POST", "/me/message_attachments", form, headers=headers)


RULES: dict[str, Callable[[Seeded], Answer]] = {
    "permission_scope": account_without_comments,
    "permission_task": without_task,
    "permission_reply": reply_without_permission,
    "capability": standard_access,
    "not_live": in_development,
    "not_reviewed": not_reviewed,
    "link_unverified": restricted("link_unverified"),
    "account_restricted": restricted("account_restricted"),
    "business_blocked": restricted("business_blocked"),
    "policy_block": restricted("policy_block"),
    "not_eligible": restricted("not_eligible"),
    "no_role": restricted("no_role"),
    "limit_volume": restricted("limit_volume"),
    "cannot_receive": refused_by("cannot_receive"),
    "unavailable": refused_by("unavailable"),
    "unreachable_plain": refused_by("unreachable_plain"),
    "reply_refused": refused_by("reply_refused"),
    "reply_disabled": refused_by("reply_disabled"),
    "profile_unavailable": unreadable,
    "media_slow": slow_video,
    "thread_archived": archived,
    "link_restricted": restricted_link,
    "comment_replied": second_reply,
    "not_owner_2534037": someone_elses_thread("2534037"),
    "not_owner_2018300": someone_elses_thread("2018300"),
    "limit_app": limited("app_calls_per_hour", send),
    "limit_user": limited("user_calls_per_hour", page_with_user_token),
    "limit_page": limited("page_calls_per_hour", page_with_user_token),
    "limit_account": limited("private_replies_per_hour", lambda one: reply(one, comment(one))),
    "limit_pages": limited(
        "pages_calls_per_day", lambda one: one.graph("GET", f"/{one.facts['page_id']}/subscribed_apps")
    ),
    "limit_instagram": limited("instagram_calls_per_day", lambda one: one.graph("GET", f"/{one.account}/media")),
    "limit_messenger": limited("messenger_calls_per_day", send),
}
