"""OAuth clients are told when they are out (removeUrl)."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from heliograph.delivery.guard import parse_networks
from heliograph.delivery.removal import RemovalWorker
from heliograph.delivery.sender import Sender
from heliograph.lanes import LaneWorkers
from tests.api.conftest import Shop
from tests.api.house import House
from tests.api.oauth import integration_of, registered, token_for
from tests.support import wait_until


@dataclass
class Target:
    """The partner's server: fails so often, then takes it."""

    failures: int
    got: list[tuple[str | None, Any]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def target() -> Iterator[Target]:
    told = Target(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.got.append((self.headers["x-api-key"], json.loads(body)))
            self.send_response(500 if len(told.got) <= told.failures else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def work_off(house: House, networks: str = "127.0.0.0/8") -> None:
    """Run the removal worker until nothing is due."""

    async def work() -> None:
        due = "select not exists (select from lanes where kind = 'removal' and (due_at <= now() or lease <> 0))"
        async with Sender(parse_networks(networks), timeout=20) as sender:
            workers = LaneWorkers(house.database, [RemovalWorker(house.database, house.box, sender).kind()])
            workers.start()
            try:
                await wait_until(lambda: house.database.fetchval(due), 20)
            finally:
                await workers.stop()

    house.run(work())


@pytest.mark.parametrize("way", ["revoked", "integration deleted", "app deleted"])
def test_the_client_is_told_that_it_is_out(house: House, shop: Shop, target: Target, way: str) -> None:
    partner = registered(house, "Told", remove_url=f"http://127.0.0.1:{target.port}/removed")
    bearer = {"Authorization": f"Bearer {token_for(house, partner, shop.key)}"}
    own = integration_of(house, shop.app_id, partner)
    done = {
        "revoked": lambda: house.delete("/oauth/authorization", headers=bearer),
        "integration deleted": lambda: house.delete(f"{shop.path}/integrations/{own}"),
        "app deleted": lambda: house.delete(shop.path),
    }[way]()
    assert (done.status, done.body) == (200, {})
    work_off(house)
    assert target.got == [
        (partner.secret, {"app": {"id": shop.app_id}, "integration": {"id": own, "type": partner.id}})
    ]
    assert not house.rows("select 1 from lanes where kind = 'removal' and key = $1", own)


def test_a_client_that_does_not_listen_is_told_again_and_addresses_are_guarded(
    house: House, shop: Shop, target: Target
) -> None:
    target.failures = 1
    partner = registered(house, "Deaf", remove_url=f"http://127.0.0.1:{target.port}/removed")
    again = "update lanes set due_at = now() where kind = 'removal' and key = $1"
    bearer = {"Authorization": f"Bearer {token_for(house, partner, shop.key)}"}
    own = integration_of(house, shop.app_id, partner)
    assert house.delete("/oauth/authorization", headers=bearer).status == 200
    for networks, calls, attempts in (("", 0, 1), ("127.0.0.0/8", 1, 2)):
        work_off(house, networks)
        assert len(target.got) == calls
        assert house.rows("select attempts from jobs where kind = 'removal' and key = $1", own) == [
            {"attempts": attempts}
        ]
        house.run(house.database.execute(again, own))
    work_off(house)
    assert len(target.got) == 2
    assert not house.rows("select 1 from jobs where kind = 'removal' and key = $1", own)
