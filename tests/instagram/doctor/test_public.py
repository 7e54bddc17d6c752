"""Our own public address, asked through real sockets: a good certificate, a bad one, a redirect, and nobody there."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from heliograph.channels.instagram.doctor import public
from heliograph.channels.instagram.doctor.facts import PublicUrl, Reached
from heliograph.channels.instagram.doctor.public import OwnAddress
from tests.instagram.doctor.clinic import Patient
from tests.instagram.house import House
from tests.simulator.support import Loop, free_port


class Answering:
    """A server that answers every request the same way, over TLS if it has a certificate."""

    def __init__(self, loop: Loop, told: Any, tls: ssl.SSLContext | None = None) -> None:
        self._loop = loop
        self.port = free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._told = told
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        loop.run(self._start(tls))

    async def _start(self, tls: ssl.SSLContext | None) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=tls).start()

    async def _answer(self, _: web.Request) -> web.Response:
        status, body, headers = self._told
        return web.Response(status=status, text=body, headers=headers)

    def stop(self) -> None:
        self._loop.run(self._runner.cleanup())


HEALTHY = (200, '{"status":"ok"}', {})
# What stands at the address, and what is made of it.
ROWS = [
    (HEALTHY, Reached.WELL, ""),
    ((301, "", {"Location": "https://elsewhere.example/healthz"}), Reached.REDIRECT, "HTTP 301"),
    ((200, "<html>Welcome</html>", {}), Reached.SOMEBODY_ELSE, "HTTP 200"),
    ((200, '{"status":"starting"}', {}), Reached.SOMEBODY_ELSE, "HTTP 200"),
    ((502, "Bad gateway", {}), Reached.SOMEBODY_ELSE, "HTTP 502"),
]


@pytest.mark.parametrize(("told", "reached", "detail"), ROWS)
def test_what_stands_at_the_address_is_told_apart(loop: Loop, told: Any, reached: Reached, detail: str) -> None:
    site = Answering(loop, told)
    try:
        assert loop.run(OwnAddress(site.url).ask()) == PublicUrl(site.url, reached, detail)
    finally:
        site.stop()


def test_nobody_at_the_address_is_told_apart(loop: Loop) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert loop.run(OwnAddress(url).ask()).reached is Reached.NO_ANSWER


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that this host signed itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def over_tls(loop: Loop, certificate: Path) -> Iterator[Answering]:
    """A healthy server with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    site = Answering(loop, HEALTHY, context)
    yield site
    site.stop()


def test_a_certificate_that_nobody_trusts_is_told_apart(loop: Loop, over_tls: Answering, certificate: Path) -> None:
    told = loop.run(OwnAddress(over_tls.url).ask())
    assert told.reached is Reached.CERTIFICATE
    assert "self" in told.detail
    trusting = ssl.create_default_context(cafile=certificate)
    assert loop.run(OwnAddress(over_tls.url, trusting).ask()) == PublicUrl(over_tls.url, Reached.WELL)


def test_it_is_asked_once_in_a_while(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Answering(loop, HEALTHY)
    monkeypatch.setattr(public, "_GOOD_FOR_SECONDS", 60.0)
    address = OwnAddress(site.url)
    loop.run(address.ask())
    site.stop()
    assert loop.run(address.ask()).reached is Reached.WELL


def test_what_keeps_webhooks_away_is_found_and_passes(
    clinic: House, loop: Loop, patient: Patient, over_tls: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirecting = Answering(loop, (302, "", {"Location": "/elsewhere"}))
    for site, words in ((redirecting, "redirects"), (over_tls, "not one that the world trusts")):
        monkeypatch.setattr(clinic.channel.doctor, "address", OwnAddress(site.url))
        report = patient.examined()
        found = patient.finding("public_url", report)
        assert (found["state"], found["stops"], report["status"]) == ("broken", ["receiving"], "error")
        assert words in found["finding"]
        assert patient.is_answered(words)
    redirecting.stop()
    monkeypatch.undo()
    assert patient.examined()["status"] == "active"
    assert patient.told() == [("error", "ok", "broken"), ("active", "broken", "ok")]
