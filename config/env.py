"""Every environment variable that Pult reads: its name, type, default and meaning.

Settings read the environment through `read` only, so this list is complete; `.env.example` and
`docs/configuration.md` are printed from it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Variable:
    """One environment variable.

    Attributes:
        name: as written in the environment.
        kind: how its text is read: str, bool, int, float, list, path, url, zone or one of `choices`.
        default: what an absent variable means; None stands for "not set".
        meaning: one sentence for whoever runs Pult.
        group: the heading it stands under in the docs.
        secret: its value is never printed.
        choices: the only values accepted, where there are few.
        minimum, maximum: the least and the greatest number accepted.
    """

    name: str
    kind: str
    default: Any
    meaning: str
    group: str
    secret: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    example: str = ""
    maximum: float | None = None


VARIABLES: dict[str, Variable] = {}


def variable(
    name: str,
    kind: str,
    default: Any,
    meaning: str,
    *,
    group: str,
    secret: bool = False,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    example: str = "",
) -> None:
    """Declare one variable; names are unique."""
    if name in VARIABLES:
        raise ValueError(f"{name} is declared twice")
    VARIABLES[name] = Variable(name, kind, default, meaning, group, secret, choices, minimum, example, maximum)


# Where it runs
variable("PULT_VAR", "path", "var", "Folder for everything that is written: database, media, logs, keys.", group="Run")
variable("STATIC_ROOT", "path", "", "Folder of collected static files; empty means PULT_VAR/static.", group="Run")
variable("HOST", "str", "127.0.0.1", "Address that the web server listens on.", group="Run")
variable("PORT", "int", 8000, "Port that the web server listens on.", group="Run", minimum=1, maximum=65535)
variable("DEBUG", "bool", False, "Show tracebacks in the browser. For development only.", group="Run")
variable(
    "ALLOWED_HOSTS",
    "list",
    ["localhost", "127.0.0.1", "[::1]"],
    "Host names that the site answers to, comma-separated.",
    group="Run",
)
variable(
    "BASE_URL",
    "url",
    "",
    "Public address of the site, for links in messages and webhooks; empty means http://HOST:PORT.",
    group="Run",
    example="https://pult.example.org",
)
variable(
    "CSRF_TRUSTED_ORIGINS",
    "list",
    [],
    "Origins whose forms are accepted behind a proxy, comma-separated, with scheme.",
    group="Run",
)
variable("HTTPS_ONLY", "bool", False, "The site is reached by HTTPS: secure cookies, redirect, HSTS.", group="Run")
variable("TIME_ZONE", "zone", "Europe/Moscow", "Zone of screens where a workspace has none of its own.", group="Run")
variable("DEMO", "bool", True, "Load the demo workspace on the first `make run`.", group="Run")
variable("WEB_THREADS", "int", 4, "Threads of the web server that `make run` starts.", group="Run", minimum=1)
variable("WORKER_THREADS", "int", 8, "Threads of the worker that `make run` starts.", group="Run", minimum=1)

# Keys
variable(
    "SECRET_KEY",
    "str",
    "",
    "Signs sessions and forms; empty means a key made on first run in PULT_VAR/keys.",
    group="Keys",
    secret=True,
)
variable(
    "FIELD_ENCRYPTION_KEYS",
    "list",
    [],
    "Fernet keys for secrets at rest, comma-separated: the first writes, all read. Empty means a key made on first "
    "run in PULT_VAR/keys.",
    group="Keys",
    secret=True,
)

# Servers
variable(
    "DATABASE_URL",
    "str",
    "",
    "PostgreSQL address; empty means SQLite in PULT_VAR.",
    group="Servers",
    secret=True,
    example="postgres://pult:password@127.0.0.1:5432/pult",
)
variable(
    "REDIS_URL",
    "str",
    "",
    "Redis address for broker, cache and limits; empty means files in PULT_VAR.",
    group="Servers",
    secret=True,
    example="redis://127.0.0.1:6379/0",
)
variable(
    "CELERY_BROKER_URL",
    "str",
    "",
    "Broker address where it differs from REDIS_URL, for example RabbitMQ.",
    group="Servers",
    secret=True,
)
variable(
    "DATABASE_POOL_MAX",
    "int",
    8,
    "Largest number of PostgreSQL connections a process holds.",
    group="Servers",
    minimum=1,
)
variable("AWS_STORAGE_BUCKET_NAME", "str", "", "S3 bucket for media; empty means PULT_VAR/media.", group="Servers")
variable("AWS_S3_ENDPOINT_URL", "str", "", "S3-compatible endpoint where it is not Amazon's.", group="Servers")

# Telegram
variable(
    "TELEGRAM_API_URL",
    "url",
    "https://api.telegram.org",
    "Bot API server.",
    group="Telegram",
)
variable(
    "TELEGRAM_ADAPTER",
    "choice",
    "bot_api",
    "How bots post: through the Bot API server, or only into this process's memory for trying without a network.",
    group="Telegram",
    choices=("bot_api", "memory"),
)
variable(
    "TELEGRAM_TIMEOUT_S",
    "float",
    20.0,
    "Longest wait for one answer of the Bot API, seconds; shorter than a delivery's lease.",
    group="Telegram",
    minimum=1,
)
variable(
    "DELIVERY_STUCK_MINUTES",
    "int",
    10,
    "After how many minutes something that is due and does not leave raises an alert.",
    group="Telegram",
    minimum=1,
)
variable(
    "DELIVERY_KEEP_DAYS",
    "int",
    180,
    "How long ended deliveries and their attempts are kept, days; 0 keeps them for ever. Publications keep theirs.",
    group="Telegram",
    minimum=0,
)
variable(
    "CHANNEL_CHECK_HOURS",
    "float",
    6.0,
    "How often Telegram is asked what a channel's bot may do there, hours; 0: only after refusals and by the button.",
    group="Telegram",
    minimum=0,
)
variable(
    "TELEGRAM_POLL_S",
    "float",
    25.0,
    "How long one question for a bot's updates waits for the first, seconds.",
    group="Telegram",
    minimum=0,
    maximum=50,
)
variable(
    "TELEGRAM_UPDATES_DAYS",
    "float",
    14.0,
    "After how many days updates that bots have worked off are forgotten; they hold people's messages.",
    group="Telegram",
    minimum=1,
)

variable(
    "TELEGRAM_READER",
    "choice",
    "telethon",
    "How people's accounts read channels: over MTProto, or from scripted channels in a folder, for trying without a "
    "network.",
    group="Telegram",
    choices=("telethon", "scripted"),
)
variable(
    "TELEGRAM_READER_DIR",
    "path",
    "",
    "Folder of the scripted channels; empty means PULT_VAR/telegram.",
    group="Telegram",
)
variable(
    "TELEGRAM_API_ID",
    "int",
    0,
    "The installation's api_id from my.telegram.org, for accounts that have none of their own; 0 means none.",
    group="Telegram",
    minimum=0,
    maximum=2_147_483_647,
)
variable("TELEGRAM_API_HASH", "str", "", "The api_hash that belongs to TELEGRAM_API_ID.", group="Telegram", secret=True)
variable(
    "TELEGRAM_HINTS",
    "bool",
    True,
    "Let Telegram tell people's accounts what is new, so that a channel is read within seconds; the SDK then also asks "
    "about gaps by itself, outside the account's budget.",
    group="Telegram",
)
variable(
    "TELEGRAM_MTPROTO_SERVER",
    "str",
    "",
    "MTProto server for people's accounts, host:port; empty means Telegram's own.",
    group="Telegram",
    example="127.0.0.1:8443",
)
variable(
    "TELEGRAM_MTPROTO_KEY",
    "path",
    "",
    "File with that server's RSA public key, PEM; needed with TELEGRAM_MTPROTO_SERVER.",
    group="Telegram",
)
variable(
    "TELEGRAM_MTPROTO_DC",
    "int",
    2,
    "Number of the data centre that the server stands for.",
    group="Telegram",
    minimum=1,
    maximum=10_000,
)
variable(
    "TELEGRAM_MTPROTO_TIMEOUT_S",
    "float",
    20.0,
    "Longest wait for one answer to a person's account, seconds.",
    group="Telegram",
    minimum=1,
    maximum=120,
)

# AI
variable(
    "AI_WRITER",
    "choice",
    "offline",
    "Who writes drafts: the local extractive writer or an OpenAI-compatible endpoint.",
    group="AI",
    choices=("offline", "openai"),
)
variable("AI_API_URL", "url", "https://api.openai.com/v1", "OpenAI-compatible endpoint.", group="AI")
variable("AI_API_KEY", "str", "", "Key of that endpoint.", group="AI", secret=True)
variable("AI_MODEL", "str", "gpt-5-mini", "Model that writes where a workspace names none.", group="AI")
variable("AI_TEMPERATURE", "float", 0.4, "How freely it writes, 0 to 2.", group="AI", minimum=0)
variable("AI_PROXY", "str", "", "HTTP or SOCKS proxy for AI requests.", group="AI", secret=True)
variable("AI_TIMEOUT_S", "float", 60.0, "Longest wait for one answer, seconds.", group="AI", minimum=1)
variable(
    "AI_DAILY_BUDGET_USD", "float", 5.0, "Daily spending limit of a workspace that sets none.", group="AI", minimum=0
)
variable("AI_PRICE_INPUT_USD", "float", 0.25, "Price of a million input tokens, for the ledger.", group="AI", minimum=0)
variable(
    "AI_PRICE_OUTPUT_USD", "float", 2.0, "Price of a million output tokens, for the ledger.", group="AI", minimum=0
)
variable(
    "AI_ILLUSTRATOR",
    "choice",
    "offline",
    "Who makes pictures: covers drawn here, an OpenAI-compatible images endpoint, or a plain address.",
    group="AI",
    choices=("offline", "openai", "http"),
)
variable("AI_IMAGE_MODEL", "str", "gpt-image-1", "Model that makes pictures at AI_API_URL.", group="AI")
variable("AI_IMAGE_SIZE", "str", "1536x1024", "Size asked of that model, WIDTHxHEIGHT.", group="AI")
variable(
    "AI_IMAGE_URL",
    "str",
    "",
    "Address of a plain provider, with {prompt}, {width}, {height} and {seed}; the answer is the picture.",
    group="AI",
    secret=True,
)
variable("AI_IMAGE_PRICE_USD", "float", 0.06, "Price of one picture, for the ledger.", group="AI", minimum=0)
variable(
    "AI_EMBEDDER",
    "choice",
    "none",
    "Who makes vectors for second looks at close calls: nobody, a count of words (only to try it), or AI_API_URL.",
    group="AI",
    choices=("none", "offline", "openai"),
)
variable(
    "AI_EMBEDDING_MODEL",
    "str",
    "text-embedding-3-small",
    "Model that makes vectors where a workspace names none.",
    group="AI",
)
variable(
    "AI_EMBEDDING_PRICE_USD", "float", 0.02, "Price of a million tokens of it, for the ledger.", group="AI", minimum=0
)

# HTTP
variable(
    "HTTP_ALLOW_PRIVATE",
    "list",
    [],
    "Host:port pairs or networks that fetching may reach although they are private, comma-separated.",
    group="Fetching",
    example="127.0.0.1:8080,10.0.0.0/8",
)
variable(
    "COPY_HOURS",
    "int",
    72,
    "How far apart two posts may be published and still count as copies of one text, hours; 0 looks for none.",
    group="Fetching",
    minimum=0,
    maximum=24 * 365,
)
variable("HTTP_TIMEOUT_S", "float", 20.0, "Longest wait for one page or feed, seconds.", group="Fetching", minimum=1)
variable("HTTP_MAX_BYTES", "int", 10_485_760, "Largest answer that is read, bytes.", group="Fetching", minimum=1024)
variable(
    "HTTP_HOST_INTERVAL_S", "float", 1.0, "Least pause between two requests to one host.", group="Fetching", minimum=0
)
variable(
    "COLLECT_SLOWEST_S",
    "int",
    1800,
    "Longest wait that a source's own rhythm of posting leads to, seconds.",
    group="Fetching",
    minimum=60,
    maximum=86_400,
)
variable(
    "COLLECT_HINT_MAX_S",
    "int",
    21_600,
    "Longest wait that a feed can ask for by ttl, updatePeriod, max-age or Expires, seconds.",
    group="Fetching",
    minimum=0,
    maximum=86_400,
)
variable(
    "WEBSUB",
    "choice",
    "auto",
    "Have hubs tell of new entries: auto where BASE_URL is a public https address, on with any address (and hubs "
    "without https), or off.",
    group="Fetching",
    choices=("auto", "on", "off"),
)

# Files
variable(
    "IMPORT_MAX_MB",
    "int",
    2048,
    "Largest file that may be uploaded, megabytes; no result.json of an export may unpack to more.",
    group="Files",
    minimum=1,
)
variable(
    "MEDIA_MAX_MB",
    "int",
    50,
    "Largest picture or file of a post that is fetched or imported, megabytes.",
    group="Files",
    minimum=1,
)

# Logs
variable(
    "LOG_LEVEL",
    "choice",
    "INFO",
    "Least level that is logged.",
    group="Logs",
    choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
)
variable("LOG_FORMAT", "choice", "console", "How a log line looks.", group="Logs", choices=("console", "json"))
variable("LOG_DIR", "path", "", "Folder of log files; empty means PULT_VAR/logs.", group="Logs")
variable("LOG_FILE_ENABLED", "bool", False, "Also write access.log, error.log and app.log.", group="Logs")
variable("SLOW_QUERY_MS", "int", 100, "Queries slower than this are logged with their place.", group="Logs", minimum=1)
variable(
    "PROMETHEUS_MULTIPROC_DIR",
    "path",
    "",
    "Folder in which the processes of one machine share their counters, so that /metrics tells of all of them; "
    "`make run` sets it.",
    group="Logs",
)
variable(
    "METRICS_TOKEN",
    "str",
    "",
    "Bearer token that /metrics asks for; empty means that only this machine may read it.",
    group="Logs",
    secret=True,
)
variable("SENTRY_DSN", "str", "", "Where errors are reported; empty means nowhere.", group="Logs", secret=True)


class Environment:
    """Reads declared variables from a mapping and says in one sentence what is wrong with a value."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __call__(self, name: str) -> Any:
        """Return the value of a declared variable, typed.

        Raises:
            ImproperlyConfigured: the text can't be read as its kind; names the variable.
        """
        known = VARIABLES[name]
        text = self._values.get(name, "").strip()
        if text == "":
            return list(known.default) if isinstance(known.default, list) else known.default
        try:
            value = READERS[known.kind](text)
        except ValueError as exc:
            raise ImproperlyConfigured(
                f"{name} must be {DESCRIPTIONS[known.kind]}, not “{shown(known, text)}”."
            ) from exc
        if known.choices and value not in known.choices:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(known.choices)}, not “{shown(known, text)}”.")
        if known.minimum is not None and value < known.minimum:
            raise ImproperlyConfigured(f"{name} must be at least {known.minimum:g}, not {shown(known, text)}.")
        if known.maximum is not None and value > known.maximum:
            raise ImproperlyConfigured(f"{name} must be at most {known.maximum:.0f}, not {text}.")
        return value


def shown(known: Variable, text: str) -> str:
    """The value as an error message may show it."""
    return "…" if known.secret else text


def read_bool(text: str) -> bool:
    """Read yes/no words; ValueError for anything else."""
    word = text.lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ValueError(text)


def read_url(text: str) -> str:
    """Read an http(s) address without its last slash."""
    if not text.startswith(("http://", "https://")):
        raise ValueError(text)
    return text.rstrip("/")


def read_number(text: str) -> float:
    """Read a number; not a number and infinity are none."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def read_zone(text: str) -> str:
    """Read the name of a time zone."""
    if text not in available_timezones():
        raise ValueError(text)
    return text


READERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "choice": str,
    "bool": read_bool,
    "int": int,
    "float": read_number,
    "list": lambda text: [part.strip() for part in text.split(",") if part.strip()],
    "path": str,
    "url": read_url,
    "zone": read_zone,
}
DESCRIPTIONS = {
    "str": "text",
    "choice": "one of its choices",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "list": "a comma-separated list",
    "path": "a folder",
    "url": "an address that starts with http:// or https://",
    "zone": "the name of a time zone, for example Europe/Moscow",
}


def load(base: Path = BASE_DIR) -> Environment:
    """The process's environment over the `.env` file beside `manage.py`."""
    if (base / ".env").exists():
        environ.Env.read_env(base / ".env", overwrite=False)
    return Environment(os.environ)
