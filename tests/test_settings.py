"""What a setting may be is checked before anything starts."""

import pytest
from pydantic import ValidationError

from heliograph.settings import Settings

WRONG = {
    "media_hosts": ["a/b", "*", "ftp://10.0.0.5"],
    "webhook_allow_networks": ["10.0.0.0/33", "nonsense"],
    "public_url": ["chat.example.org"],
    "graph_version": ["25"],
    "unknown_grace": ["1"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_cannot_be_used_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


def test_hosts_as_they_stand_in_the_docs_can_be_used() -> None:
    text = "lookaside.fbsbx.com, *.fbcdn.net, http://10.0.0.5:8001"
    assert Settings.model_validate({"media_hosts": text}).media_hosts == text
