"""The samples name what there is, and what reads them takes them."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from granian.http import HTTP1Settings

from heliograph.settings import Settings
from tests.deploy import ROOT, SAMPLES
from tests.deploy.proxies import changed
from tests.support import open_directory

PAGE = (ROOT / "docs" / "deploying.md").read_text("utf-8")
FILES = sorted(path.name for path in SAMPLES.iterdir())
# Of compose.yaml alone.
OURS = {"HELIOGRAPH_SITE", "HELIOGRAPH_SERVERS", "HELIOGRAPH_VERSION"}
# Of the scripts: where things are, when they are elsewhere.
PLACES = {"HELIOGRAPH_PREFIX", "HELIOGRAPH_SETTINGS", "HELIOGRAPH_USER"}


def test_every_file_is_told_of_and_every_file_told_of_is_there() -> None:
    told = (SAMPLES / "README.md").read_text("utf-8")
    assert set(re.findall(r"\]\(([\w.]+)\)", told)) == set(FILES) - {"README.md"}
    assert set(re.findall(r"examples/deploy/([\w.]+\w)", PAGE)) <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_settings_that_a_sample_names_are_there(name: str) -> None:
    named = set(re.findall(r"\bHELIOGRAPH_[A-Z_]*[A-Z]\b", (SAMPLES / name).read_text("utf-8")))
    assert named <= {f"HELIOGRAPH_{field.upper()}" for field in Settings.model_fields} | OURS | PLACES


def test_the_settings_are_the_same_to_systemd_and_to_a_shell(tmp_path: Path) -> None:
    """systemd: a line a variable, quotes taken off; with every line that is there for several machines switched on."""
    text = re.sub(r"(?m)^# (?=[A-Z_]+=)", "", (SAMPLES / "heliograph.env").read_text("utf-8"))
    by_systemd = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    by_systemd = {name: value.removeprefix("'").removesuffix("'") for name, value in by_systemd.items()}
    (tmp_path / "env").write_text(text)
    shell = ["env", "-i", "sh", "-c", f"set -a; . {shlex.quote(str(tmp_path / 'env'))}; exec env -0"]
    seen = subprocess.run(shell, capture_output=True, text=True, check=True).stdout
    by_shell = dict(line.split("=", 1) for line in seen.split("\0") if line)
    assert len(by_systemd) > 7
    assert {name: by_shell[name] for name in by_systemd} == by_systemd
    given = {name.removeprefix("HELIOGRAPH_").lower(): value for name, value in by_systemd.items()}
    assert Settings(**given).public_url == "https://chat.example.org"


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine: the unit is not verified")
    unit = tmp_path / "heliograph.service"
    # It looks whether the program is there.
    unit.write_text(changed("heliograph.service", {"/opt/heliograph/bin/heliograph": "/bin/true"}))
    told = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "heliograph.service" not in told.stderr, told.stderr
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".sh")])
def test_a_shell_reads_the_script(name: str) -> None:
    subprocess.run(["sh", "-n", str(SAMPLES / name)], check=True)
    assert (SAMPLES / name).stat().st_mode & 0o111


def test_a_command_has_the_settings_and_the_user_of_the_service() -> None:
    if os.geteuid() != 0:
        pytest.skip("heliograph.sh is root's")
    with open_directory() as directory:
        program, settings = directory / "bin" / "heliograph", directory / "heliograph.env"
        program.parent.mkdir()
        program.write_text(
            '#!/bin/sh\nprintf "%s\\n" "$(id -un)" "$HELIOGRAPH_PUBLIC_URL" "${XDG_RUNTIME_DIR-none}" "$@"\n'
        )
        program.chmod(0o755)
        settings.write_text("HELIOGRAPH_PUBLIC_URL='https://chat.example.org/?a&b'\n")
        settings.chmod(0o644)
        places = {"HELIOGRAPH_PREFIX": directory, "HELIOGRAPH_SETTINGS": settings, "HELIOGRAPH_USER": "nobody"}
        environment = {**os.environ, **{name: str(value) for name, value in places.items()}, "XDG_RUNTIME_DIR": "/root"}
        command = [SAMPLES / "heliograph.sh", "members", "link", "--email", "two words"]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == ["nobody", "https://chat.example.org/?a&b", "none", "members", "link", "--email", "two words"]


def test_compose_has_two_servers_on_one_database() -> None:
    told: dict[str, Any] = yaml.safe_load((SAMPLES / "compose.yaml").read_text("utf-8"))
    services = told["services"]
    servers = [one for name, one in services.items() if name.startswith("server-")]
    assert len(servers) == 2
    assert len({str(sorted(one["environment"].items())) for one in servers}) == 1
    assert (SAMPLES / servers[0]["build"]["context"]).resolve() == ROOT
    assert (ROOT / servers[0]["build"]["dockerfile"]).is_file()
    reached = services["proxy"]["environment"]["HELIOGRAPH_SERVERS"].split()
    assert reached == [f"{name}:8000" for name in services if name.startswith("server-")]
    kept = {volume.partition(":")[0] for one in services.values() for volume in one.get("volumes", [])}
    assert {name for name in kept if not name.startswith(".")} == set(told["volumes"])


def test_the_image_runs_as_somebody_and_is_asked_how_it_is() -> None:
    lines = (SAMPLES / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER heliograph" in lines
    assert any("/readyz" in line for line in lines)
    copied = [
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    ]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_proxies_close_a_silent_connection_before_the_server_does() -> None:
    """What is closed by the server just when a request is sent would be lost."""
    assert HTTP1Settings().header_read_timeout == 30_000
    assert "keepalive_timeout 20s;" in (SAMPLES / "nginx.conf").read_text("utf-8")
    assert re.search(r"transport http \{\s+keepalive 20s", (SAMPLES / "Caddyfile").read_text("utf-8"))
