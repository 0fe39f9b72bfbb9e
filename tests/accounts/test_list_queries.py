"""Every list of the back office reads the same number of queries however many rows it shows."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from apps.accounts.models import User
from tests.accounts.factories import WorkspaceFactory
from tests.accounts.rows import Rows

pytestmark = pytest.mark.django_db
OTHERS = "django_celery_beat"
LISTS = sorted(
    (model for model in admin.site._registry if model._meta.app_label != OTHERS), key=lambda model: model._meta.label
)


@pytest.fixture
def superuser(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.org"))
    return client


def add(model: type[models.Model], marks: str) -> None:
    """One row of the model in a workspace of its own for each mark."""
    for mark in marks:
        Rows(WorkspaceFactory.create(name=f"Workspace {mark}"), mark).one(model)


def queries(client: Client, model: type[models.Model]) -> int:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model._meta.label_lower)
def test_list_reads_no_query_for_each_row(superuser: Client, model: type[models.Model]) -> None:
    add(model, "ab")
    queries(superuser, model)
    few = queries(superuser, model)
    add(model, "cdefg")
    assert queries(superuser, model) <= few
    assert model._default_manager.count() >= 7


def test_the_schedules_list_reads_no_query_for_each_task(superuser: Client) -> None:
    every = IntervalSchedule.objects.create(every=1, period="days")
    at = CrontabSchedule.objects.create(hour="3")

    def tasks(*names: str) -> None:
        for name in names:
            PeriodicTask.objects.create(name=f"by interval {name}", task="none", interval=every)
            PeriodicTask.objects.create(name=f"by clock {name}", task="none", crontab=at)

    tasks("a")
    queries(superuser, PeriodicTask)
    few = queries(superuser, PeriodicTask)
    tasks("b", "c", "d", "e")
    assert queries(superuser, PeriodicTask) <= few
