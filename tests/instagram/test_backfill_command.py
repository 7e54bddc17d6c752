"""`heliograph backfill`, as it is typed, for an account by Instagram Login."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heliograph.channels.instagram.journal.entries import FILING_LANE, INBOUND_LANE
from heliograph.cli import cli
from tests.conftest import Server
from tests.instagram.backfills import lost
from tests.instagram.house import SECRET_KEY, House
from tests.instagram.instagram_owner import InstagramOwner
from tests.simulator.support import Loop, Simulator


@pytest.fixture(scope="module")
def without_backfill(loop: Loop, embedded_server: Server, simulator: Simulator) -> Iterator[House]:
    """A house that leaves backfill to the command."""
    with embedded_server.database(migrated=True) as url:
        graph = f"http://127.0.0.1:{simulator.port}"
        house = House(loop, url, graph, works_on={FILING_LANE, INBOUND_LANE}).start()
        yield house
        house.stop()


def test_what_an_instagram_account_missed_is_asked_of_instagrams_host(
    without_backfill: House, simulator: Simulator, tmp_path: Path
) -> None:
    house = without_backfill
    owner = InstagramOwner.new(house, simulator)
    shop, _ = owner.connect()
    lost(house, owner)
    owner.says(owner.customer(), "are you there?", age_seconds=45)
    env = {
        "HELIOGRAPH_DATABASE_URL": house.database_url,
        "HELIOGRAPH_DATA_DIR": str(tmp_path),
        "HELIOGRAPH_SECRET_KEY": SECRET_KEY,
        "HELIOGRAPH_GRAPH_URL": house.graph_url,
        "HELIOGRAPH_PUBLIC_URL": house.url,
    }
    done = CliRunner().invoke(cli, ["backfill", shop.integration_id, "--since", "1h", "--json"], env=env)
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert (row["error"], row["state"], row["added"]) == (None, "done", 1)
    assert shop.texts() == ["are you there?"]
    # The account is not taken for one without access.
    assert house.value("select status from integrations where id = $1", shop.integration_id) == "active"
