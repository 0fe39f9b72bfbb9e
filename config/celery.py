"""The Celery application. Tasks are doorbells: the rows in the database are the queue."""

import os

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

file_broker.register()
app = Celery("pult")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect(weak=False)
def keep_logging(**_signal: object) -> None:
    """Leave logging as the settings made it: Celery sets up its own only where nobody listens to this signal."""
