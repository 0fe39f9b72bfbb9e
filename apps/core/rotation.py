"""Re-encrypting secrets with the first key, so that an older one can be thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db import models
from django.db.models.functions import Cast

from apps.core.crypto import DecryptionError, EncryptedTextField, decrypt, is_current

BATCH = 100


@dataclass
class FieldReport:
    """What was found in one encrypted field.

    Attributes:
        name: app, model and field.
        rewritten: values that the first key did not write, now written by it.
        current: values that the first key had written.
        changed: values that somebody changed meanwhile, which the first key wrote.
        unreadable: primary keys of rows that no key reads; left as they are.
    """

    name: str
    rewritten: int = 0
    current: int = 0
    changed: int = 0
    unreadable: list[object] = field(default_factory=list)


def encrypted_fields() -> list[tuple[type[models.Model], EncryptedTextField]]:
    """Every encrypted field of every table."""
    return [
        (model, one)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for one in model._meta.local_fields
        if isinstance(one, EncryptedTextField)
    ]


def reencrypt(model: type[models.Model], encrypted: EncryptedTextField, *, batch: int = BATCH) -> FieldReport:
    """Write every value of a field with the first key.

    Each value is its own small statement, and what is already current is left alone: stop it at any time and run it
    again, beside a working Pult.
    """
    report = FieldReport(f"{model._meta.label}.{encrypted.name}")
    for key, stored in stored_values(model, encrypted, batch=batch):
        if is_current(stored):
            report.current += 1
            continue
        try:
            text = decrypt(stored)
        except DecryptionError:
            report.unreadable.append(key)
            continue
        as_it_was = raw(model, encrypted).filter(pk=key, stored=stored)
        if as_it_was.update(**{encrypted.name: text}):
            report.rewritten += 1
        else:
            report.changed += 1
    return report


def reencrypt_all(*, batch: int = BATCH) -> Iterator[FieldReport]:
    """Write every secret of the database with the first key, one field after the other."""
    for model, encrypted in encrypted_fields():
        yield reencrypt(model, encrypted, batch=batch)


def stored_values(
    model: type[models.Model], encrypted: EncryptedTextField, *, batch: int
) -> Iterator[tuple[object, str]]:
    """Primary key and stored text of each row that has a value, by key, a batch in memory at a time."""
    rows = raw(model, encrypted).exclude(stored=None).exclude(stored="").order_by("pk")
    last: object = None
    while True:
        page = list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", "stored")[:batch])
        yield from page
        if len(page) < batch:
            return
        last = page[-1][0]


def raw(model: type[models.Model], encrypted: EncryptedTextField) -> models.QuerySet[models.Model]:
    """The rows with what the database really holds, under the name `stored`."""
    rows: models.QuerySet[models.Model] = model._base_manager.annotate(
        stored=Cast(encrypted.name, output_field=models.TextField())
    )
    return rows
