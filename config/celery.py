"""The Celery application. Tasks are doorbells: the rows in the database are the queue."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("pult")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
