"""What the container files say fits the program: they are read and checked here, and their processes started
with their settings, but no container engine runs."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from diembao.cli import app
from diembao.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields} | {"DIEMBAO_SECRETS_DIR"}
OURS = ["web", "worker", "migrate"]


class _Loader(yaml.SafeLoader):
    """`!override` tells compose to replace a list instead of adding to it."""


_Loader.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / name).read_text("utf-8"), _Loader)  # noqa: S506
    return content


COMPOSE = read("docker-compose.yml")
CLUSTER = read("docker-compose.cluster.yml")
SERVICES: dict[str, Any] = COMPOSE["services"]
NODES = {name: CLUSTER["services"][name] for name in ("elasticsearch2", "elasticsearch3")}


def example() -> dict[str, str]:
    lines = (ROOT / "deploy" / "diembao.env.example").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _equals, value in pairs}


def test_every_setting_named_is_one() -> None:
    named = set(example())
    for file in (COMPOSE, CLUSTER):
        for service in file["services"].values():
            named |= {name for name in service.get("environment", {}) if name.startswith(PREFIX)}
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    named |= set(re.findall(r"DIEMBAO_\w+", dockerfile))
    assert named - SETTINGS == set()
    assert len(named) > 10


def test_secrets_come_from_files_and_those_of_ours_are_settings() -> None:
    for service in SERVICES.values():
        for secret in service.get("secrets", []):
            assert COMPOSE["secrets"][secret]["file"].startswith("./secrets/")
            if secret.startswith("diembao_"):
                assert secret.upper() in SETTINGS
    assert "/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for file in (COMPOSE, CLUSTER):
        for service in file["services"].values():
            secret = [
                name for name in service.get("environment", {}) if re.search("PASSWORD|KEY|TOKEN|DATABASE_URL", name)
            ]
            assert all(name.endswith("_FILE") for name in secret)


@pytest.mark.parametrize("name", [*SERVICES, *NODES])
def test_no_service_is_root_or_without_bounds_or_of_any_version(name: str) -> None:
    service = SERVICES.get(name) or NODES[name]
    assert not service["user"].startswith(("0", "root"))
    assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert re.fullmatch(r".+:\d+\.\d+(\.\d+)?(-\w+)?", service["image"]), "the version is pinned"
    if not name.startswith("elasticsearch"):
        assert service["read_only"] is True
    if name != "migrate":
        assert service["healthcheck"]["test"][0] == "CMD" and service["restart"] == "unless-stopped"


def test_volumes_networks_and_services_named_are_there() -> None:
    for file in (COMPOSE, CLUSTER):
        for service in file["services"].values():
            for volume in service.get("volumes", []):
                source = volume.partition(":")[0]
                assert (ROOT / source).exists() if source.startswith(".") else source in file["volumes"]
            assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
            assert set(service.get("depends_on", {})) <= set(SERVICES)
    for name in ("postgres", "elasticsearch"):
        assert SERVICES[name]["networks"] == ["inside"] and "ports" not in SERVICES[name]
    assert COMPOSE["networks"]["inside"]["internal"] is True


@pytest.mark.parametrize("name", OURS)
def test_commands_are_commands(name: str) -> None:
    command, *arguments = SERVICES[name]["command"]
    parser = get_command(app).commands[command]  # type: ignore[attr-defined]
    parser.make_context(command, arguments)
    check = SERVICES[name].get("healthcheck", {}).get("test", [])
    if check[1:2] == ["diembao"]:
        get_command(app).commands[check[2]].make_context(check[2], check[3:])  # type: ignore[attr-defined]


@pytest.mark.elasticsearch
@pytest.mark.postgresql
@pytest.mark.timeout(300)
def test_the_processes_of_the_compose_file_work_together() -> None:
    for kind in ("POSTGRESQL", "ELASTICSEARCH"):
        if not os.environ.get(f"DIEMBAO_TEST_{kind}_URL"):
            pytest.skip(f"DIEMBAO_TEST_{kind}_URL is not set: the processes were not started")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "compose-check")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"index": "ok"' in done.stdout and "worker       healthy" in done.stdout


def test_cluster_nodes_name_each_other() -> None:
    nodes = {"elasticsearch", *NODES}
    for name in nodes:
        environment = CLUSTER["services"][name]["environment"]
        assert environment["node.name"] == name
        assert set(environment["cluster.initial_master_nodes"].split(",")) == nodes
    images = {SERVICES["elasticsearch"]["image"], *(node["image"] for node in NODES.values())}
    assert len(images) == 1


def test_the_image_is_made_of_what_is_here_and_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    allowed = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists() and f"!{name}" in allowed
    packages = {"crawlers", "diembao", "nlp", "pipelines", "search_api"}
    assert packages <= set(copied)
    last_stage = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert [line for line in last_stage if line.startswith("USER ")][-1] == "USER diembao"
    major = re.search(r"postgresql-client-(\d+)", "\n".join(lines))
    assert major and SERVICES["postgres"]["image"].startswith(f"postgres:{major[1]}.")


def test_the_image_has_the_versions_that_were_tested() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))

    image, tested = pins("requirements-image.lock"), pins("requirements.lock")
    assert len(image) > 50
    assert {name: version for name, version in image.items() if tested.get(name) != version} == {}
    assert "elasticsearch" in image and "pytest" not in image


def test_the_proxy_asks_the_web_process_and_keeps_counts_inside() -> None:
    config = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    port = SERVICES["web"]["command"][-1]
    assert f"server web:{port} " in config
    assert {published.partition(":")[2] for published in SERVICES["proxy"]["ports"]} == set(
        re.findall(r"listen (\d+)", config)
    )
    assert set(re.findall(r"/run/secrets/(\w+)", config)) == set(SERVICES["proxy"]["secrets"])
    assert "location = /metrics { return 404; }" in config
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in config


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    openssl = shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("no nginx or no openssl here")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=diembao.example",
         "-keyout", str(tmp_path / "tls_key"), "-out", str(tmp_path / "tls_certificate")],
        check=True, capture_output=True,
    )  # fmt: skip
    site = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    site = site.replace("/run/secrets", str(tmp_path)).replace("web:8000", "127.0.0.1:8000")
    if _version(nginx) < (1, 25, 1):
        site = site.replace("    http2 on;\n", "")
    temporary = "".join(
        f"{kind}_temp_path {tmp_path};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n"
    )
    tried = subprocess.run([nginx, "-t", "-c", str(config)], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr


def _version(nginx: str) -> tuple[int, ...]:
    told = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
    return tuple(int(part) for part in re.findall(r"\d+", told)[:3])


def test_migrate_and_web_start_with_these_settings_and_their_health_check_holds(
    tmp_path: Path, database_url: str
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "diembao_database_url").write_text(database_url)
    (secrets / "diembao_secret_key").write_text("k" * 48)
    filled = {name: value or "đã điền" for name, value in example().items()}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    # The embedded engine stands in for the search server of the compose file.
    moved = {"DIEMBAO_SECRETS_DIR": str(secrets), "DIEMBAO_DATA_DIR": str(tmp_path / "data"), "DIEMBAO_SEARCH_URL": ""}
    environment = {"PATH": os.environ["PATH"]} | filled | SERVICES["web"]["environment"] | moved

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    migrated = run(sys.executable, "-m", "diembao", *SERVICES["migrate"]["command"])
    assert migrated.returncode == 0, migrated.stderr
    idle = run(sys.executable, "-m", "diembao", *SERVICES["worker"]["healthcheck"]["test"][2:])
    assert (idle.returncode, idle.stdout) == (1, "no worker is at work\n")
    serve = ["serve", "--host", "127.0.0.1", "--port", port]
    web = subprocess.Popen([sys.executable, "-m", "diembao", *serve], env=environment, stderr=subprocess.DEVNULL)
    try:
        check = SERVICES["web"]["healthcheck"]["test"][3].replace("8000", port)
        limit = time.monotonic() + 60
        while run(sys.executable, "-c", check).returncode and time.monotonic() < limit:
            time.sleep(0.5)
        assert run(sys.executable, "-c", check).returncode == 0
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            assert answer.status == 200
            assert answer.headers["Strict-Transport-Security"] and answer.headers["Content-Security-Policy"]
    finally:
        web.terminate()
        web.wait(30)
