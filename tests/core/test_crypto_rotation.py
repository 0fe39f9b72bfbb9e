"""Re-encrypting every secret with the first key."""

from __future__ import annotations

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from apps.accounts.models import Workspace
from apps.core import rotation
from apps.core.crypto import decrypt, is_current
from apps.core.rotation import encrypted_fields, reencrypt

pytestmark = pytest.mark.django_db

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]


def workspace(name: str, secret: str = "") -> Workspace:
    return Workspace.objects.create(name=name, slug=name, ai_api_key=secret)


def stored() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT slug, ai_api_key FROM accounts_workspace")
        return dict(cursor.fetchall())


def field():
    return Workspace._meta.get_field("ai_api_key")


def reencrypted(**options) -> str:
    out = StringIO()
    call_command("fields_reencrypt", stdout=out, **options)
    return out.getvalue()


def of_workspaces(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("accounts.Workspace.ai_api_key"))


def test_every_encrypted_field_is_found():
    found = {f"{model._meta.label}.{one.name}" for model, one in encrypted_fields()}
    assert {"accounts.Workspace.ai_api_key", "telegram.Bot.token"} <= found


def test_every_value_is_written_by_the_first_key_whatever_the_batch(settings):
    for number in range(5):
        workspace(f"w{number}", f"secret {number}")
    workspace("empty")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert of_workspaces(reencrypted(batch=2)) == "accounts.Workspace.ai_api_key: 5 re-encrypted, 0 already current"
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    values = stored()
    assert [decrypt(values[f"w{number}"]) for number in range(5)] == [f"secret {number}" for number in range(5)]
    assert values["empty"] == ""


def test_a_second_run_changes_nothing(settings):
    workspace("a", "secret")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    reencrypted()
    before = stored()
    assert of_workspaces(reencrypted()) == "accounts.Workspace.ai_api_key: 0 re-encrypted, 1 already current"
    assert stored() == before


def test_an_interrupted_run_is_taken_up_where_it_stopped(settings, monkeypatch):
    for name in ("a", "b", "c"):
        workspace(name, f"secret {name}")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    real, seen = rotation.decrypt, []

    def breaking(text: str) -> str:
        seen.append(text)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(text)

    monkeypatch.setattr(rotation, "decrypt", breaking)
    with pytest.raises(KeyboardInterrupt):
        reencrypt(Workspace, field(), batch=1)
    monkeypatch.setattr(rotation, "decrypt", real)
    assert sorted(is_current(value) for value in stored().values()) == [False, False, True]
    assert of_workspaces(reencrypted()) == "accounts.Workspace.ai_api_key: 2 re-encrypted, 1 already current"


def test_unreadable_rows_are_reported_and_the_rest_goes_on(settings):
    settings.FIELD_ENCRYPTION_KEYS = [LOST]
    lost = workspace("a-lost", "gone")
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    workspace("b-good", "kept")
    plain = workspace("c-plain")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_workspace SET ai_api_key = 'plain' WHERE id = %s", [plain.pk])
    before = stored()
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    out = StringIO()
    with pytest.raises(CommandError, match="2 value\\(s\\) can't be read") as caught:
        call_command("fields_reencrypt", stdout=out)
    assert of_workspaces(out.getvalue()) == (
        f"accounts.Workspace.ai_api_key: 1 re-encrypted, 0 already current, 2 unreadable (id {lost.pk}, {plain.pk})"
    )
    after = stored()
    assert (after["a-lost"], after["c-plain"]) == (before["a-lost"], "plain")
    assert is_current(after["b-good"])
    assert "gone" not in str(caught.value)


def test_a_secret_that_a_person_changes_meanwhile_is_not_put_back(settings, monkeypatch):
    one = workspace("a", "old secret")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    real = rotation.decrypt

    def meanwhile(text: str) -> str:
        Workspace.objects.filter(pk=one.pk).update(ai_api_key="new secret")
        return real(text)

    monkeypatch.setattr(rotation, "decrypt", meanwhile)
    report = reencrypt(Workspace, field())
    assert (report.rewritten, report.changed) == (0, 1)
    assert Workspace.objects.get(pk=one.pk).ai_api_key == "new secret"


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(CommandError, match="--batch"):
        reencrypted(batch=0)


def test_a_new_key_is_printed_alone():
    out, err = StringIO(), StringIO()
    call_command("field_key_new", stdout=out, stderr=err)
    key = out.getvalue().strip()
    Fernet(key)
    assert key not in err.getvalue()
    assert "FIELD_ENCRYPTION_KEYS" in err.getvalue()
