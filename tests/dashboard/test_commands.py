"""`heliograph members`: links for who cannot get in, and who there is."""

from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from heliograph.cli import cli
from tests.dashboard.house import PASSWORD, House


@pytest.fixture
def run(house: House, database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("HELIOGRAPH_DATABASE_URL", database_url)
    monkeypatch.setenv("HELIOGRAPH_PUBLIC_URL", house.url)
    return CliRunner()


def link_in(text: str) -> str:
    return urlsplit(next(word for word in text.split() if "/dashboard/welcome/" in word)).path


def test_a_link_lets_the_first_owner_in_and_later_the_one_who_lost_a_password(house: House, run: CliRunner) -> None:
    assert "Nobody yet" in run.invoke(cli, ["members", "list"]).output
    told = run.invoke(cli, ["members", "link"])
    assert "For the first owner" in told.output
    browser, link = house.browser(), link_in(told.output)
    fields = {"email": "noa@lumen.example", "name": "Noa Berg", "password": PASSWORD, "again": PASSWORD}
    assert browser.send(link, link, fields).status == 303

    listed = run.invoke(cli, ["members", "list"]).output
    assert "owner" in listed
    assert "noa@lumen.example" in listed
    told = run.invoke(cli, ["members", "link"])
    assert "For noa@lumen.example" in told.output
    link = link_in(told.output)
    new = {"password": "a lamp that was lost", "again": "a lamp that was lost"}
    assert house.browser().send(link, link, new).status == 303
    assert browser.get("/dashboard/settings/account").status == 303

    house.member("ada@lumen.example", "Ada", "owner")
    unclear = run.invoke(cli, ["members", "link"])
    assert unclear.exit_code == 1
    assert run.invoke(cli, ["members", "link", "--email", "ADA@lumen.example"]).exit_code == 0
    assert run.invoke(cli, ["members", "link", "--email", "nobody@lumen.example"]).exit_code == 1
