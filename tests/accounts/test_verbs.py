"""Every verb that the code writes to the audit has words."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from apps.accounts.verbs import WORDS, verb_words

# The first words of calls that write an entry; the same keyword elsewhere names a right, not a deed.
WRITES = re.compile(r'(?:audit_record|AuditEntry)\((?:[^()]|\([^()]*\))*?verb="([a-z_]+\.[a-z_]+)"')


def test_every_written_verb_has_words() -> None:
    sources = [path.read_text() for path in (Path(settings.BASE_DIR) / "apps").rglob("*.py")]
    written = {verb for text in sources for verb in WRITES.findall(text)}
    assert len(written) > 30
    assert written - set(WORDS) == set(), "name these in apps/accounts/verbs.py"


def test_unknown_verb_stands_for_itself() -> None:
    assert verb_words("story.invented") == "story.invented"
    assert verb_words("user.logged_in") == "logged in"
