"""The Celery application. Tasks are doorbells: the rows in the database are the queue."""

import os

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Who starts the processes has the checks run once before; each of them would load every screen into worker and beat
# (40 MB), and what they find is thrown away there.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

file_broker.register()
app = Celery("pult")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect(weak=False)
def keep_logging(**_signal: object) -> None:
    """Leave logging as the settings made it: Celery sets up its own only where nobody listens to this signal."""
