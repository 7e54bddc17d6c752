"""Nothing but what its own row names, from nobody but Meta."""

from urllib.parse import urlsplit

import pytest

from heliograph.channels.instagram.media.addresses import Addresses, MessageMedia, Picture
from heliograph.channels.instagram.media.hosts import META_HOSTS, Hosts, Trust
from heliograph.storage import SecretBox, new_id
from tests.instagram.house import House, Shop, new_mid, unique
from tests.media.cdn import PlayedCdn
from tests.media.support import attachment, got, shown

HOSTS = Hosts.of(META_HOSTS, "https://graph.facebook.com")


def addresses(*keys: bytes) -> Addresses:
    return Addresses(SecretBox(list(keys or (b"k" * 32,))), "https://us.example")


def path(url: str | None) -> str:
    assert url is not None
    return urlsplit(url).path


@pytest.mark.parametrize(
    ("url", "trust"),
    [
        ("https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1", Trust.PUBLIC),
        ("https://LOOKASIDE.fbsbx.com/x", Trust.PUBLIC),
        ("https://scontent-fra3-1.xx.fbcdn.net/v/x.jpg", Trust.PUBLIC),
        ("https://scontent.cdninstagram.com:443/x", Trust.PUBLIC),
        ("https://graph.facebook.com/x", Trust.NAMED),
        ("http://lookaside.fbsbx.com/x", None),
        ("https://lookaside.fbsbx.com:8443/x", None),
        ("https://fbcdn.net/x", None),
        ("https://evilfbcdn.net/x", None),
        ("https://lookaside.fbsbx.com.evil.example/x", None),
        ("https://lookaside.fbsbx.com@evil.example/x", None),
        ("https://me@lookaside.fbsbx.com/x", None),
        ("https://evil.example/lookaside.fbsbx.com", None),
        ("https://evil.example\\@lookaside.fbsbx.com/x", None),
        ("http://169.254.169.254/latest/meta-data/", None),
        ("https://[::1]/x", None),
        ("https://[broken/x", None),
        ("https://lookaside.fbsbx.com:port/x", None),
        ("file:///etc/passwd", None),
        ("//lookaside.fbsbx.com/x", None),
        ("", None),
    ],
)
def test_which_hosts_are_metas(url: str, trust: Trust | None) -> None:
    assert HOSTS.trust(url) is trust


def test_an_origin_that_the_operator_named_is_taken_exactly_and_loopback_by_all_its_names() -> None:
    hosts = Hosts.of("media.example, http://10.0.0.5:8001", "http://localhost:8001")
    assert hosts.trust("http://10.0.0.5:8001/x") is Trust.NAMED
    assert hosts.trust("http://10.0.0.5:8002/x") is None
    assert hosts.trust("https://10.0.0.5:8001/x") is None
    assert hosts.trust("http://127.0.0.1:8001/x") is Trust.NAMED
    assert hosts.trust("http://127.0.0.1:8000/x") is None
    assert hosts.trust("https://media.example/x") is Trust.PUBLIC
    assert hosts.trust("https://lookaside.fbsbx.com/x") is None


@pytest.mark.parametrize("wrong", ["*", "a b", "host:80", "*.", "ftp://x", "http://"])
def test_a_setting_that_names_no_hosts_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"host|origin"):
        Hosts.of(wrong, "https://graph.facebook.com")


def test_an_address_names_what_it_was_made_for() -> None:
    media, integration = new_id(), new_id()
    assert addresses().read(path(addresses().of_message(media))) == MessageMedia(media)
    assert addresses().read(path(addresses().of_person(integration, "5846"))) == Picture(integration, "5846")
    assert addresses().of_person(integration, "../x") is None


def test_a_tampered_address_names_nothing() -> None:
    one, other = path(addresses().of_message(new_id())), path(addresses().of_message(new_id()))
    signature = one.rpartition("/")[2]
    wrong = [
        other.rpartition("/")[0] + "/" + signature,  # another message's
        one.replace("/messages/", "/people/"),
        one[:-1],
        one + "A",
        one + "/",
        "/x" + one,
        one.upper(),
        *(one[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
    ]
    assert {each for each in wrong if addresses().read(each) is not None} == {one}


def test_another_servers_signature_is_nobodys_and_an_older_key_stays_good() -> None:
    old, new = b"o" * 32, b"n" * 32
    made = path(addresses(old).of_message(new_id()))
    assert addresses(new).read(made) is None
    assert addresses(new, old).read(made) is not None


def test_404_for_what_is_not_ours_whatever_it_names(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, name, _ = shown(shop, meta)
    base, _, signature = url.rpartition("/")
    before = len(meta.fetched)
    for wrong in (f"{base}/{'A' * 22}", url[:-1], f"{house.url}/sc/media/v2/messages/{new_id()}/{signature}"):
        assert got(house, wrong).status == 404
    query = f"{urlsplit(url).path}?url={house.url}/healthz"
    assert house.http("GET", query).body == meta.files[name].body  # what a request says besides is nothing
    assert len(meta.fetched) == before + 1


def test_a_link_to_another_host_is_given_no_address(shop: Shop, house: House) -> None:
    person = unique("58")
    foreign = "https://evil.example/x.jpg"
    shop.given(shop.item(person, message={"mid": new_mid(), "attachments": [attachment("image", foreign)]}))
    (message,) = shop.messages(person)
    assert message["content"]["mediaUrl"] == foreign
    assert house.rows("select 1 from media where app_id = $1", shop.app_id) == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://evil.example/x",
        "file:///etc/passwd",
        "//evil.example/x",
        "http://127.0.0.1:1/x",
        "gopher://127.0.0.1/x",
    ],
)
def test_a_redirect_to_elsewhere_is_not_followed(shop: Shop, house: House, meta: PlayedCdn, elsewhere: str) -> None:
    url, _, _ = shown(shop, meta, redirect=elsewhere)
    answer = got(house, url)
    assert answer.status == 410
    assert "Meta's CDN" in answer.json["errors"][0]["title"]


def test_a_redirect_within_the_cdn_is_followed_and_one_in_a_circle_is_not(
    shop: Shop, house: House, meta: PlayedCdn
) -> None:
    target = unique("18")
    url, _, _ = shown(shop, meta, redirect=meta.put(target))
    assert got(house, url).status == 200
    circle, name, _ = shown(shop, meta)
    meta.files[name].redirect = f"/cdn/?asset_id={name}&signature=1"
    assert got(house, circle).status == 503


def test_a_name_of_metas_that_leads_to_a_private_address_is_not_reached(
    shop: Shop, house: House, meta: PlayedCdn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a name of the CDN would, of which somebody else answers: `localhost` resolves to this machine."""
    url, _, mid = shown(shop, meta)
    hosts = Hosts.of("localhost", meta.url.replace("127.0.0.1", "192.0.2.1"))
    assert hosts.trust("https://localhost/x") is Trust.PUBLIC
    monkeypatch.setattr(house.channel._files.cdn, "hosts", hosts)
    house.execute("update media set url = 'https://localhost/x' where mid = $1", mid)
    answer = got(house, url)
    assert answer.status == 503
    assert "AddressRefused" in answer.json["errors"][0]["title"] or "Connector" in answer.json["errors"][0]["title"]


def test_what_stands_in_a_row_is_checked_too(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, mid = shown(shop, meta)
    house.execute("update media set url = $2 where mid = $1", mid, house.url + "/healthz")
    assert got(house, url).status == 410


def test_an_app_that_is_deleted_shows_nothing_more(shop: Shop, house: House, meta: PlayedCdn) -> None:
    url, _, _ = shown(shop, meta)
    house.api("DELETE", f"/v2/apps/{shop.app_id}")
    assert got(house, url).status == 410
