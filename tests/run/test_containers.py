"""What can be known of the containers without Docker."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from apps.core.startup.plan import STOP_S
from config.env import VARIABLES
from tests.architecture.tree import BASE

DRAIN_S = 30
COMPOSE = BASE / "compose"


def production() -> dict[str, dict[str, object]]:
    """The services of production, anchors resolved."""
    services: dict[str, dict[str, object]] = yaml.safe_load((COMPOSE / "production.yml").read_text())["services"]
    return services


def seconds(text: object) -> int:
    """A duration such as 40s."""
    return int(str(text).removesuffix("s"))


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.compose-spec", "compose/local.yml"),
        ("vendor.compose-spec", "compose/production.yml"),
        ("vendor.github-workflows", ".github/workflows/ci.yml"),
    ],
)
def test_files_follow_their_schema(schema: str, path: str) -> None:
    program = str(Path(sys.executable).with_name("check-jsonschema"))
    done = subprocess.run([program, "--builtin-schema", schema, path], cwd=BASE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_queue_has_a_worker_and_nothing_else_has() -> None:
    served = [
        words[words.index("--queues") + 1]
        for service in production().values()
        if "--queues" in (words := list(service.get("command") or []))  # type: ignore[call-overload]
    ]
    assert sorted(served) == sorted(settings.QUEUES)


def test_there_is_one_beat() -> None:
    beats = [name for name, service in production().items() if "beat" in (service.get("command") or [])]  # type: ignore[operator]
    assert beats == ["beat"]


def test_bots_are_listened_to() -> None:
    bots = [name for name, service in production().items() if "run_bots" in (service.get("command") or [])]  # type: ignore[operator]
    assert bots == ["bots"]
    service = production()["bots"]
    assert seconds(service["stop_grace_period"]) > STOP_S
    assert "['bots']['ok']" in str(service["healthcheck"])


def test_workers_get_longer_than_a_drain_takes() -> None:
    for name, service in production().items():
        if name.startswith("worker-") or name == "beat":
            assert seconds(service["stop_grace_period"]) > DRAIN_S, name


def test_everything_of_ours_waits_for_the_migrations() -> None:
    for name, service in production().items():
        if service.get("image") == "pult" and name != "migrate":
            assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name  # type: ignore[index]


def test_every_variable_given_is_one_that_is_read() -> None:
    known = set(VARIABLES)
    for name, service in production().items():
        if service.get("image") == "pult":
            assert set(service["environment"]) <= known, name  # type: ignore[call-overload]
    image = (COMPOSE / "Dockerfile").read_text()
    given = set(re.findall(r"\b([A-Z_]{4,})=", image)) - {"PATH", "DJANGO_SETTINGS_MODULE"}
    assert {name for name in given if not name.startswith(("PIP_", "PYTHON"))} <= set(VARIABLES)


def test_web_processes_share_their_counters_in_a_folder_that_starts_empty() -> None:
    web = production()["web"]
    folder = web["environment"]["PROMETHEUS_MULTIPROC_DIR"]  # type: ignore[index]
    owner = re.search(r"useradd --uid (\d+)", (COMPOSE / "Dockerfile").read_text())
    assert owner is not None
    assert web["tmpfs"] == [f"{folder}:mode=0700,uid={owner[1]},gid={owner[1]}"]
    assert web["environment"]["DATABASE_URL"] == production()["beat"]["environment"]["DATABASE_URL"]  # type: ignore[index]
    mounted = [str(volume).partition(":")[2] for volume in web["volumes"]]  # type: ignore[attr-defined]
    assert not any(str(folder).startswith(place) for place in mounted)


def test_no_secret_has_a_default() -> None:
    text = (COMPOSE / "production.yml").read_text()
    for name in ("POSTGRES_PASSWORD", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS"):
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text


def test_the_image_takes_only_what_is_let_through() -> None:
    copied = re.findall(r"^COPY (?!--from)(\S+)", (COMPOSE / "Dockerfile").read_text(), re.MULTILINE)
    let_through = re.findall(r"^!(\S+)", (BASE / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(let_through)
    assert [path for path in copied if not (BASE / path).exists()] == []


@pytest.mark.skipif(shutil.which("caddy") is None, reason="Debian's caddy is not installed")
def test_caddy_accepts_its_file(tmp_path: Path) -> None:
    done = subprocess.run(
        ["caddy", "validate", "--config", str(COMPOSE / "Caddyfile"), "--adapter", "caddyfile"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SITE_HOST": "pult.example.org"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_channels_are_read() -> None:
    readers = [
        name
        for name, service in production().items()
        if "run_telegram_reader" in (service.get("command") or [])  # type: ignore[operator]
    ]
    assert readers == ["telegram-reader"]
    service = production()["telegram-reader"]
    assert service["stop_grace_period"] == "40s"
    assert service["healthcheck"]["test"][-2:] == ["run_telegram_reader", "--check"]  # type: ignore[index]
