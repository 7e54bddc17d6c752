"""What people and the owner of an account do more rarely (Meta reference 1.6)."""

from typing import Any, Literal

from heliograph.simulator.client import told
from heliograph.simulator.client.acts import Acts
from heliograph.simulator.client.link import Where, Who, id_of


class Rarer(Acts):
    """What people and the account's owner do more rarely."""

    def person_shares(
        self,
        account: Where,
        person: Who,
        kind: Literal["post", "reel", "facebook_reel", "story"] = "post",
        *,
        title: str | None = None,
        text: str | None = None,
        media_id: str | None = None,
        url: str | None = None,
    ) -> str:
        """A person shares a post, a reel or somebody's story; the mid."""
        return self._act("/shares", account, person, kind=kind, title=title, text=text, media_id=media_id, url=url)

    def person_sends_unsupported(self, account: Where, person: Who) -> str:
        """A person sends what Meta tells nothing of but that it is there; the mid."""
        return self._act("/unsupported", account, person)

    def person_follows_link(self, account: Where, person: Who, ref: str, source: str | None = None) -> bool:
        """A person follows an ig.me link. False: it waits for the first message of a new thread."""
        body = {"account_id": id_of(account), "person": id_of(person), "ref": ref, "source": source}
        return bool(self.ask("POST", "/referrals", body)["told"])

    def person_writes_from(
        self,
        account: Where,
        person: Who,
        text: str,
        *,
        product_id: str | None = None,
        ad_id: str | None = None,
        ref: str | None = None,
        ads_context_data: dict[str, Any] | None = None,
    ) -> str:
        """A person writes from the page of a product, or from an ad; the mid."""
        more = {"product_id": product_id, "ad_id": ad_id, "ref": ref, "ads_context_data": ads_context_data}
        return self._act("/context-messages", account, person, text=text, **more)

    def person_opts_in(
        self,
        account: Where,
        person: Who,
        payload: str | None = None,
        title: str | None = None,
        *,
        frequency: Literal["DAILY", "WEEKLY", "MONTHLY"] | None = None,
        status: Literal["REFRESHED", "NOT_REFRESHED"] | None = None,
    ) -> str:
        """A person opts in to notification messages; the token of that."""
        body = {"account_id": id_of(account), "person": id_of(person), "payload": payload, "title": title}
        body |= {"frequency": frequency, "status": status}
        return str(self.ask("POST", "/optins", body)["notification_messages_token"])

    def account_writes_to_itself(self, account: Where, text: str, payload: str | None = None) -> str:
        """The account writes to itself; with ``payload`` it taps a button of its own. The mid."""
        body = {"account_id": id_of(account), "text": text, "payload": payload}
        return str(self.ask("POST", "/self-messages", body)["mid"])

    def owner_deletes_thread(self, account: Where, person: Who) -> None:
        """The owner deletes a thread in the app: sends answer 100/2534001 until the person writes again."""
        self.ask("POST", f"/threads/{id_of(account)}/{id_of(person)}/archive")

    def account_posts_story(self, account: Where) -> told.Story:
        """The account posts a story; it lives for a day."""
        return told.Story.read(self.ask("POST", f"/accounts/{id_of(account)}/stories"))

    def stories(self, account: Where | None = None) -> list[told.Story]:
        """The stories that are alive, of an account or of everybody."""
        path = f"/accounts/{id_of(account)}/stories" if account else "/stories"
        return [told.Story.read(one) for one in self.ask("GET", path)["stories"]]

    def upload(self, content: bytes, content_type: str) -> str:
        """A file on Meta's CDN, to be sent as an attachment; its link."""
        return str(self.send_as_is("/uploads", content, content_type)["url"])
