"""Secrets at rest: what is written, what is read, and what is refused."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection

from apps.accounts.models import Workspace
from apps.core.crypto import DecryptionError, EncryptedTextField, decrypt, encrypt, is_current, is_key

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]


def test_a_text_comes_back_and_is_never_stored_plain():
    stored = encrypt("123:token · ключ")
    assert decrypt(stored) == "123:token · ключ"
    assert stored.startswith("f1:")
    assert "token" not in stored


def test_two_encryptions_of_one_text_differ():
    assert encrypt("same") != encrypt("same")


def test_the_empty_text_stays_empty():
    assert encrypt("") == ""
    assert decrypt("") == ""


def test_the_first_key_writes_and_all_read(settings):
    by_old = encrypt("secret")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    by_new = encrypt("secret")
    assert decrypt(by_old) == decrypt(by_new) == "secret"
    assert (is_current(by_old), is_current(by_new)) == (False, True)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert decrypt(by_new) == "secret"
    with pytest.raises(DecryptionError, match="no configured key"):
        decrypt(by_old)


@pytest.mark.parametrize("stored", ["plain text", "gAAAAA", "f2:abc"])
def test_what_is_not_encrypted_is_not_taken_for_a_secret(stored):
    with pytest.raises(DecryptionError, match="not encrypted"):
        decrypt(stored)
    assert is_current(stored) is False


def test_a_token_without_its_mark_is_not_current():
    assert is_current(encrypt("x").removeprefix("f1:")) is False


def test_a_changed_token_is_refused():
    stored = encrypt("secret")
    with pytest.raises(DecryptionError):
        decrypt(stored[:-4] + "AAA=")


def test_a_malformed_key_is_named_but_not_shown(settings):
    settings.FIELD_ENCRYPTION_KEYS = ["tooshort"]
    with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEYS") as caught:
        encrypt("x")
    assert "tooshort" not in str(caught.value)


def test_a_key_is_known_by_its_shape():
    assert is_key(OLD) is True
    assert is_key("tooshort") is False
    assert is_key("") is False


def column(pk: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ai_api_key FROM accounts_workspace WHERE id = %s", [pk])
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_a_field_is_encrypted_in_the_database_and_plain_in_python():
    workspace = Workspace.objects.create(name="A", slug="a", ai_api_key="sk-secret")
    assert column(workspace.pk).startswith("f1:")
    assert Workspace.objects.get(pk=workspace.pk).ai_api_key == "sk-secret"
    Workspace.objects.filter(pk=workspace.pk).update(ai_api_key="sk-other")
    assert "sk-other" not in column(workspace.pk)
    assert Workspace.objects.values_list("ai_api_key", flat=True).get() == "sk-other"


@pytest.mark.django_db
def test_an_empty_field_is_stored_empty():
    assert column(Workspace.objects.create(name="A", slug="a").pk) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("lookup", ["ai_api_key", "ai_api_key__in", "ai_api_key__contains", "ai_api_key__startswith"])
def test_a_field_is_not_searched(lookup):
    with pytest.raises(FieldError):
        list(Workspace.objects.filter(**{lookup: ["x"] if lookup.endswith("in") else "x"}))


@pytest.mark.django_db
def test_a_field_can_be_asked_for_null():
    assert Workspace.objects.filter(ai_api_key__isnull=True).count() == 0


def test_null_stays_null():
    field = EncryptedTextField(null=True)
    assert field.get_prep_value(None) is None
    assert field.from_db_value(None, None, None) is None
