"""The product's own settings and what only tests need."""

from config.settings import *  # noqa: F403
from config.settings import CACHES as PRODUCT_CACHES
from config.settings import INSTALLED_APPS as PRODUCT_APPS
from config.settings import PULT_VAR
from config.settings import REDIS_URL as PRODUCT_REDIS_URL

INSTALLED_APPS = [*PRODUCT_APPS, "tests.work_app"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Bells ring into memory; nobody works them unless a test does.
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
CACHES = {
    "default": PRODUCT_CACHES["default"] | {"BACKEND": "tests.cache.Redis"}
    if PRODUCT_REDIS_URL
    else {"BACKEND": "tests.cache.Local", "OPTIONS": {"MAX_ENTRIES": 10_000}}
}
WHITENOISE_AUTOREFRESH = True  # static files straight from the apps: nothing has been collected
MEDIA_ROOT = PULT_VAR / "test-media"
STORAGES = {
    "default": {"BACKEND": "config.storage.WholeFiles"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
