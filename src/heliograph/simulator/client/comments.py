"""Posts, comments, mentions and stories that end: what webhooks tell as ``changes`` (Meta reference 1.7)."""

from typing import Literal

from heliograph.simulator.client import told
from heliograph.simulator.client.link import Where, Who, id_of
from heliograph.simulator.client.rarer import Rarer


class Comments(Rarer):
    """Posts, comments and mentions."""

    def account_posts(
        self,
        account: Where,
        caption: str = "",
        product_type: Literal["FEED", "REELS", "STORY", "AD"] = "FEED",
        *,
        live: bool = False,
    ) -> told.Post:
        """The account posts something; ``live``: it begins a broadcast."""
        body = {"caption": caption, "product_type": product_type, "live": live}
        return told.Post.read(self.ask("POST", f"/accounts/{id_of(account)}/posts", body))

    def posts(self, account: Where) -> list[told.Post]:
        """The account's posts, oldest first."""
        return [told.Post.read(one) for one in self.ask("GET", f"/accounts/{id_of(account)}/posts")["posts"]]

    def end_broadcast(self, post: told.Post) -> told.Post:
        """A broadcast ends; its comments can be answered no more."""
        return told.Post.read(self.ask("POST", f"/posts/{post.id}/end"))

    def person_comments(
        self,
        account: Where,
        person: Who | None,
        text: str,
        *,
        post: told.Post | None = None,
        answers: told.Comment | None = None,
        ad_id: str | None = None,
        ad_title: str | None = None,
        original_media_id: str | None = None,
        age_seconds: float | None = None,
    ) -> told.Comment:
        """Somebody comments on a post, by default the youngest; ``person`` None: the account itself does."""
        body = {"account_id": id_of(account), "person": id_of(person), "text": text, "age_seconds": age_seconds}
        body |= {"post_id": post.id if post else None, "parent_id": answers.id if answers else None}
        body |= {"ad_id": ad_id, "ad_title": ad_title, "original_media_id": original_media_id}
        return told.Comment.read(self.ask("POST", "/comments", body))

    def delete_comment(self, comment: told.Comment) -> None:
        """A comment is deleted. Meta tells nobody."""
        self.ask("DELETE", f"/comments/{comment.id}")

    def mention_in_media(self, account: Where, media_id: str | None = None, comment_id: str | None = None) -> str:
        """Somebody mentions the account in a caption, or with ``comment_id`` in a comment; the id of the media."""
        body = {"account_id": id_of(account), "media_id": media_id, "comment_id": comment_id}
        return str(self.ask("POST", "/media-mentions", body)["media_id"])

    def story_ends(self, account: Where, story: told.Story) -> None:
        """A story of the account has ended: its numbers are told."""
        self.ask("POST", f"/accounts/{id_of(account)}/stories/{story.id}/insights")
