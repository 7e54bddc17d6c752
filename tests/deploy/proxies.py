"""The samples for nginx and Caddy on ports of this test, with its certificate; nothing else of them is changed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy import SAMPLES, certificate
from tests.e2e.stack import wait_for

NAMES = ("nginx", "caddy")

# Around the sample: what nginx has in its own configuration. Its own directories may be another user's.
_NGINX = """
daemon off;
pid {at}/nginx.pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {at}/body;
    proxy_temp_path {at}/proxy;
    fastcgi_temp_path {at}/fastcgi;
    uwsgi_temp_path {at}/uwsgi;
    scgi_temp_path {at}/scgi;
    include {at}/heliograph.conf;
}}
"""
_CADDY = """{{
    admin off
    grace_period 1s
    auto_https disable_certs
    http_port {http}
    https_port {https}
    storage file_system {at}
}}
"""


@dataclass(frozen=True)
class Ports:
    """Of the server, of one that has just stopped, and of the proxy for http and https."""

    server: int
    stopped: int
    http: int
    https: int


def program(name: str) -> str:
    """The proxy's path. Without one the test is skipped, unless HELIOGRAPH_TEST_PROXIES says "required"."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        words = f"no {name} on this machine: install it to try the sample for it"
        if os.environ.get("HELIOGRAPH_TEST_PROXIES") == "required":
            pytest.fail(words)
        pytest.skip(words)
    return found


def changed(sample: str, table: dict[str, str]) -> str:
    """A sample with its places filled in; each of them has to be there."""
    text = (SAMPLES / sample).read_text("utf-8")
    for old, new in table.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def _nginx(path: str, at: Path, ports: Ports) -> tuple[list[str], list[str]]:
    cert, key = certificate.make(at)
    table = {
        "/etc/letsencrypt/live/chat.example.org/fullchain.pem": str(cert),
        "/etc/letsencrypt/live/chat.example.org/privkey.pem": str(key),
        "chat.example.org": "localhost",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{ports.stopped}; server 127.0.0.1:{ports.server};",
        # a machine of the tests may have no IPv6
        "listen [::]:80;": "",
        "listen [::]:443 ssl http2;": "",
        "listen 80;": f"listen 127.0.0.1:{ports.http};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{ports.https} ssl http2;",
    }
    (at / "heliograph.conf").write_text(changed("nginx.conf", table))
    (at / "nginx.conf").write_text(_NGINX.format(at=at))
    command = [path, "-p", str(at), "-e", "stderr", "-c", str(at / "nginx.conf")]
    return [*command, "-t"], command


def _caddy(path: str, at: Path, ports: Ports) -> tuple[list[str], list[str]]:
    cert, key = certificate.make(at)
    site = "{$HELIOGRAPH_SITE:chat.example.org} {"
    text = changed("Caddyfile", {site: f"{site}\n\ttls {cert} {key}"})
    (at / "Caddyfile").write_text(_CADDY.format(at=at, http=ports.http, https=ports.https) + text)
    file = ["--config", str(at / "Caddyfile"), "--adapter", "caddyfile"]
    return [path, "validate", *file], [path, "run", *file]


@contextmanager
def running(name: str, at: Path, ports: Ports) -> Iterator[Path]:
    """A proxy that takes connections, after its own check of the sample; its certificate."""
    check, command = {"nginx": _nginx, "caddy": _caddy}[name](program(name), at, ports)
    environment = os.environ | {
        "HOME": str(at),
        "HELIOGRAPH_SITE": f"localhost:{ports.https}",
        "HELIOGRAPH_SERVERS": f"127.0.0.1:{ports.stopped} 127.0.0.1:{ports.server}",
    }
    checked = subprocess.run(check, env=environment, capture_output=True, text=True, timeout=20, check=False)
    assert checked.returncode == 0, checked.stderr
    with (at / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, stdout=log)
    try:
        wait_for(lambda: _takes(ports.https, process), 20, f"{name} listens; its log: {at / 'log'}")
        yield at / "fullchain.pem"
    finally:
        process.terminate()
        process.wait(10)


def _takes(port: int, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "it has ended"
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
