"""What a client asks for (RFC 6749, 4.1.1), and the addresses that its answer goes to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from heliograph.messaging.oauth.clients import Client

LONGEST_QUERY = 8 * 1024
_MOST_FIELDS = 20


class NowhereError(Exception):
    """There is no address to send an answer to: the person gets a page that says why."""


class RefusedError(Exception):
    """The client gets an error, by way of the person's browser."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for access, where to answer it, and what to say back with the answer."""

    client_id: str
    redirect_uri: str
    state: str | None

    def answer(self, **words: str) -> str:
        """The address that takes an answer to the client."""
        if self.state is not None:
            words["state"] = self.state
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{urlencode(words)}"

    def refusal(self, error: str, description: str) -> str:
        """The address that takes an error to the client (RFC 6749, 4.1.2.1)."""
        return self.answer(error=error, error_description=description)


def fields_of(raw: bytes, longest: int = LONGEST_QUERY) -> dict[str, str]:
    """A query or a form. Raises :class:`NowhereError` for what is too long, repeated, or no text."""
    if len(raw) > longest:
        raise NowhereError("The request is too long.")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise NowhereError("The request is not well formed.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NowhereError("The request names something twice.")
    if any("\0" in value for value in fields.values()):
        raise NowhereError("The request is not well formed.")
    return fields


def read(query: Mapping[str, str], client: Client) -> Asked:
    """What the query of ``/oauth/authorize`` asks. Raises :class:`NowhereError` or :class:`RefusedError`."""
    uri = query.get("redirect_uri", client.redirect_uris[0])
    if uri not in client.redirect_uris:
        raise NowhereError(f"{client.display_name} has not registered this redirect_uri.")
    asked = Asked(client.id, uri, query.get("state"))
    kind = query.get("response_type")
    if not kind:
        raise RefusedError(asked.refusal("invalid_request", "response_type is missing"))
    if kind != "code":
        raise RefusedError(asked.refusal("unsupported_response_type", "response_type must be code"))
    return asked


def host_of(uri: str) -> str:
    """What a person recognises of an address."""
    return urlsplit(uri).netloc.rpartition("@")[2]
