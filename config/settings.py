"""Django's settings, read from the environment (`config.env`); the environment is the only difference between runs."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import env as environment
from config.broker import transport_options
from config.databases import database
from config.keys import kept_keys
from config.logs import logging_config
from config.places import own_url, place
from config.reporting import errors_reported
from config.unfold import UNFOLD as UNFOLD

django_stubs_ext.monkeypatch()

BASE_DIR = environment.BASE_DIR
env = environment.load()

PULT_VAR = Path(env("PULT_VAR"))
if not PULT_VAR.is_absolute():
    PULT_VAR = BASE_DIR / PULT_VAR

# Keys: taken from the environment, else made once and kept in PULT_VAR/keys.
SECRET_KEY, FIELD_ENCRYPTION_KEYS, KEYS_ARE_KEPT = kept_keys(
    PULT_VAR / "keys", secret=env("SECRET_KEY"), field_keys=env("FIELD_ENCRYPTION_KEYS")
)
KEPT_KEYS = [name for name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS") if not env(name)]

HOST, PORT = env("HOST"), env("PORT")
BASE_URL = env("BASE_URL") or f"http://{HOST}:{PORT}"
OWN_URL = own_url(base_url=env("BASE_URL"), host=HOST, port=PORT)
DEBUG = env("DEBUG")
ALLOWED_HOSTS = env("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env("CSRF_TRUSTED_ORIGINS")
WEB_THREADS = env("WEB_THREADS")
WORKER_THREADS = env("WORKER_THREADS")
LOAD_DEMO = env("DEMO")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "config.apps.PultAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "apps.core",
    "apps.accounts",
    "apps.ai",
    "apps.telegram",
    "apps.delivery",
    "apps.notifications",
    "apps.sources",
    "apps.stories",
    "apps.publishing",
    "apps.desk",
]

MIDDLEWARE = [
    "apps.core.middleware.request_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.accounts.middleware.workspace_middleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
PROMPTS_DIR = BASE_DIR / "prompts"

# Database
DATABASES = {"default": database(env("DATABASE_URL"), var=PULT_VAR, pool_max=env("DATABASE_POOL_MAX"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SLOW_QUERY_MS = env("SLOW_QUERY_MS")

# Cache, broker
REDIS_URL = env("REDIS_URL")
REDIS_SOCKET_TIMEOUT_S = 0.5
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": REDIS_SOCKET_TIMEOUT_S, "socket_connect_timeout": REDIS_SOCKET_TIMEOUT_S},
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": PULT_VAR / "cache",
        "OPTIONS": {"MAX_ENTRIES": 3_000},  # beyond it a third is dropped at random, marks of life among them
    }
}
CELERY_BROKER_URL = env("CELERY_BROKER_URL") or REDIS_URL or "filesystem://"
CELERY_BROKER_TRANSPORT_OPTIONS = transport_options(
    CELERY_BROKER_URL, folder=PULT_VAR / "broker", timeout_s=REDIS_SOCKET_TIMEOUT_S
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
DJANGO_CELERY_BEAT_TZ_AWARE = True
# The one heartbeat: every other schedule is a row that the sweep finds due. The minute finds rows that are missing.
EVERY_MINUTE = {"schedule": timedelta(minutes=1), "options": {"expires": 50}}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "apps.core.tasks.sweep", "schedule": timedelta(seconds=1), "options": {"expires": 5}},
    "mend": {"task": "apps.sources.tasks.work_mend", **EVERY_MINUTE},
    "channels": {"task": "apps.publishing.tasks.channels_mend", **EVERY_MINUTE},
    "outbox": {"task": "apps.delivery.tasks.outbox_mend", **EVERY_MINUTE},
    "second_looks": {"task": "apps.stories.tasks.second_looks_clear", "schedule": timedelta(days=1)},
}
QUEUES = ("collect", "compose", "deliver", "inbound", "media", "default")

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.MembershipBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
# The file cache can't count atomically; embedded runs have one web process, where the limit is good enough.
RATELIMIT_USE_CACHE = "default"
SILENCED_SYSTEM_CHECKS = [] if REDIS_URL else ["django_ratelimit.E003", "django_ratelimit.W001"]

# Language, time
LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = env("TIME_ZONE")
USE_TZ = True
USE_I18N = True

# Files
STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT")) if env("STATIC_ROOT") else PULT_VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = PULT_VAR / "media"
STORAGES = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env("AWS_STORAGE_BUCKET_NAME"),
            "endpoint_url": env("AWS_S3_ENDPOINT_URL") or None,
            "querystring_auth": True,
            "max_memory_size": 10 * 1024 * 1024,  # larger files wait on the disk, not in memory
        },
    }
    if env("AWS_STORAGE_BUCKET_NAME")
    else {"BACKEND": "config.storage.WholeFiles"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
IMPORT_MAX_MB = env("IMPORT_MAX_MB")
MEDIA_MAX_MB = env("MEDIA_MAX_MB")
FILE_UPLOAD_HANDLERS = [
    "apps.core.uploads.Limit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Browser security
HTTPS_ONLY = env("HTTPS_ONLY")
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^health", r"^metrics"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SECURE_HSTS_PRELOAD = HTTPS_ONLY
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # unfold's Alpine evaluates its attributes and htmx sets styles
        "script-src": [SELF, NONCE, "'unsafe-eval'"],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.accounts.api.limits.Throttle"],
    "DEFAULT_THROTTLE_RATES": {"user": "300/min"},
    "EXCEPTION_HANDLER": "apps.accounts.api.errors.error_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pult",
    "DESCRIPTION": "Stories and publications of the workspaces that the session's user sees.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "StoryStatus": "apps.stories.models.Story.Status",
        "PublicationStatus": "apps.publishing.models.Publication.Status",
        "Language": [("ru", _("Russian")), ("en", _("English"))],
    },
}

# Vendors
TELEGRAM_API_URL, TELEGRAM_ADAPTER = env("TELEGRAM_API_URL"), env("TELEGRAM_ADAPTER")
TELEGRAM_TIMEOUT_S = env("TELEGRAM_TIMEOUT_S")
DELIVERY_STUCK_MINUTES, DELIVERY_KEEP_DAYS = env("DELIVERY_STUCK_MINUTES"), env("DELIVERY_KEEP_DAYS")
TELEGRAM_POLL_S, CHANNEL_CHECK_HOURS = env("TELEGRAM_POLL_S"), env("CHANNEL_CHECK_HOURS")
TELEGRAM_UPDATES_DAYS = env("TELEGRAM_UPDATES_DAYS")
TELEGRAM_READER, TELEGRAM_HINTS = env("TELEGRAM_READER"), env("TELEGRAM_HINTS")
TELEGRAM_READER_DIR = Path(env("TELEGRAM_READER_DIR")) if env("TELEGRAM_READER_DIR") else PULT_VAR / "telegram"
TELEGRAM_API_ID, TELEGRAM_API_HASH = env("TELEGRAM_API_ID"), env("TELEGRAM_API_HASH")
TELEGRAM_MTPROTO_SERVER, TELEGRAM_MTPROTO_DC = env("TELEGRAM_MTPROTO_SERVER"), env("TELEGRAM_MTPROTO_DC")
TELEGRAM_MTPROTO_KEY = env("TELEGRAM_MTPROTO_KEY")
TELEGRAM_MTPROTO_TIMEOUT_S = env("TELEGRAM_MTPROTO_TIMEOUT_S")
AI_WRITER, AI_MODEL, AI_TEMPERATURE = env("AI_WRITER"), env("AI_MODEL"), env("AI_TEMPERATURE")
AI_API_URL, AI_API_KEY = env("AI_API_URL"), env("AI_API_KEY")
AI_PROXY, AI_TIMEOUT_S = env("AI_PROXY"), env("AI_TIMEOUT_S")
AI_DAILY_BUDGET_USD, AI_EMBEDDING_PRICE_USD = env("AI_DAILY_BUDGET_USD"), env("AI_EMBEDDING_PRICE_USD")
AI_PRICE_INPUT_USD, AI_PRICE_OUTPUT_USD = env("AI_PRICE_INPUT_USD"), env("AI_PRICE_OUTPUT_USD")
AI_EMBEDDER, AI_EMBEDDING_MODEL = env("AI_EMBEDDER"), env("AI_EMBEDDING_MODEL")
AI_ILLUSTRATOR, AI_IMAGE_MODEL, AI_IMAGE_SIZE = env("AI_ILLUSTRATOR"), env("AI_IMAGE_MODEL"), env("AI_IMAGE_SIZE")
AI_IMAGE_URL, AI_IMAGE_PRICE_USD = env("AI_IMAGE_URL"), env("AI_IMAGE_PRICE_USD")
HTTP_ALLOW_PRIVATE = env("HTTP_ALLOW_PRIVATE")
if LOAD_DEMO:  # the demo's feeds are pages of the site itself
    HTTP_ALLOW_PRIVATE = [*HTTP_ALLOW_PRIVATE, place(OWN_URL)]
HTTP_TIMEOUT_S = env("HTTP_TIMEOUT_S")
HTTP_MAX_BYTES = env("HTTP_MAX_BYTES")
HTTP_HOST_INTERVAL_S = env("HTTP_HOST_INTERVAL_S")
COPY_HOURS = env("COPY_HOURS")
COLLECT_SLOWEST_S = env("COLLECT_SLOWEST_S")
COLLECT_HINT_MAX_S = env("COLLECT_HINT_MAX_S")
WEBSUB = env("WEBSUB")

# Logs
LOG_LEVEL = env("LOG_LEVEL")
LOG_FORMAT = env("LOG_FORMAT")
LOG_DIR = Path(env("LOG_DIR")) if env("LOG_DIR") else PULT_VAR / "logs"
LOG_FILE_ENABLED = env("LOG_FILE_ENABLED")
LOGGING_CONFIG = None
logging_config(level=LOG_LEVEL, fmt=LOG_FORMAT, folder=LOG_DIR, files=LOG_FILE_ENABLED)
# Celery's side of django-structlog; the line of each request is written by apps.core.middleware.
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_FAILURE_LOG_LEVEL = logging.ERROR
METRICS_TOKEN = env("METRICS_TOKEN")
PROMETHEUS_MULTIPROC_DIR = env("PROMETHEUS_MULTIPROC_DIR")
errors_reported(env("SENTRY_DSN"))
