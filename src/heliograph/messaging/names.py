"""Names for people whose own is not known. Pure."""

from hashlib import blake2b

ADJECTIVES = (
    "Amber", "Brave", "Calm", "Clever", "Cosy", "Curious", "Dapper", "Eager", "Fancy", "Gentle", "Golden", "Happy",
    "Honest", "Jolly", "Kind", "Lively", "Lucky", "Mellow", "Merry", "Nimble", "Noble", "Patient", "Polite", "Proud",
    "Quick", "Quiet", "Silver", "Sunny", "Swift", "Tidy", "Warm", "Witty",
)  # fmt: skip
ANIMALS = (
    "Badger", "Bear", "Beaver", "Bison", "Crane", "Dolphin", "Eagle", "Falcon", "Finch", "Fox", "Gazelle", "Hare",
    "Hedgehog", "Heron", "Ibex", "Jay", "Koala", "Lark", "Lynx", "Marten", "Mole", "Otter", "Owl", "Panda", "Puffin",
    "Raven", "Robin", "Seal", "Swan", "Tiger", "Turtle", "Wolf",
)  # fmt: skip


def animal_name(user_id: str) -> str:
    """``Merry Otter``: always the same for the same user (Sunshine reference 2.1, ``useAnimalNames``)."""
    digest = blake2b(user_id.encode(), digest_size=2).digest()
    return f"{ADJECTIVES[digest[0] % len(ADJECTIVES)]} {ANIMALS[digest[1] % len(ANIMALS)]}"


def placeholder_name(channel: str) -> str:
    """``Instagram user``: anybody of a channel, by its type on the wire."""
    return f"{channel.capitalize()} user"
