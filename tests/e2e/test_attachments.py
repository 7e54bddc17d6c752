"""A file from the business to the customer's phone: uploaded, fetched by Meta, served by another machine, taken back."""

import urllib.error
import urllib.request
from http.client import IncompleteRead
from urllib.parse import urlsplit

from sunshine_conversations_client import ApiClient, Configuration
from sunshine_conversations_client.api import AttachmentsApi
from sunshine_conversations_client.model import Author, Content, ImageMessage, MessagePost

from tests.e2e.stack import stack, wait_for
from tests.support import open_directory

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2000  # two pieces


def fetched(url: str) -> bytes | int:
    """What stands at an address, or the status of the refusal; nothing when it went while it was being sent."""
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            assert response.headers["Content-Type"] == "image/png"
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        return error.code
    except IncompleteRead:
        return b""


def test_a_picture_goes_to_the_phone_and_goes_when_it_is_taken_back(database_url: str) -> None:
    with open_directory() as directory, stack(database_url, directory) as house:
        house.customer_says("Show me")
        (told,) = wait_for(lambda: house.target.of("conversation:message"))
        conversation_id = told["conversation"]["id"]
        setup = Configuration(host=house.server.url, username=house.key["id"], password=house.key["secret"])
        with ApiClient(setup) as client:
            upload = AttachmentsApi(client).upload_attachment(
                house.app_id, "public", ("shoe.png", PNG), var_for="message", conversation_id=conversation_id
            )
        url = upload.attachment.media_url
        assert url.startswith(house.server.url + "/sc/attachments/v2/")
        content = Content(ImageMessage(type="image", media_url=url))
        post = MessagePost(author=Author(type="business"), content=content)
        house.messages.post_message(house.app_id, conversation_id, post)
        (shown,) = wait_for(lambda: [one for one in house.phone() if one["from"] == "business"])
        assert shown["attachments"][0]["type"] == "image"
        other = house.another_server()
        other.start()
        assert fetched(other.url + urlsplit(url).path) == fetched(url) == PNG
        house.control("POST", "unsend", {"mid": shown["mid"]})
        wait_for(lambda: fetched(url) == 404, what="the picture is gone")
        assert fetched(other.url + urlsplit(url).path) == 404
