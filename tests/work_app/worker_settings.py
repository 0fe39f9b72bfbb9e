"""The tests' settings for processes of their own: the database of the test run, a broker in a folder."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["WORK_DATABASE"]
CELERY_BROKER_URL = "filesystem://"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "data_folder_in": os.environ["WORK_BROKER"],
    "data_folder_out": os.environ["WORK_BROKER"],
    "control_folder": os.environ["WORK_BROKER"],
    "polling_interval": 0.1,
}
