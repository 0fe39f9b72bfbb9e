"""The web process never loads the dictionaries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys
import django
django.setup()
import config.urls, apps.stories.services, apps.stories.services.grouping
print(sorted(name for name in sys.modules if name.split(".")[0] in {"pymorphy3", "pymorphy3_dicts_ru", "numpy"}))
"""


def test_starting_django_and_its_addresses_brings_no_dictionaries() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_FILE_ENABLED": "false"}
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"
