"""Starting Django, with all URLs, loads no vendor's SDK."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys, django
django.setup()
import apps.telegram.services, apps.telegram.models, apps.telegram.buckets, apps.telegram.admin
from django.urls import get_resolver
get_resolver().url_patterns
print([name for name in ("aiogram", "openai", "telethon", "aiohttp") if name in sys.modules])
"""


def test_no_sdk_is_loaded_by_setup_and_urls(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PULT_VAR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
