"""The verbs of sources and posts. Collecting itself is in `polls`, which workers import."""

from apps.sources.services.applying import Applied, filters_apply
from apps.sources.services.archive import source_archive, source_restore
from apps.sources.services.fetching import media_fetch_ask
from apps.sources.services.filters import Draft, filters_save, links_set, rules_save
from apps.sources.services.gone import posts_mark_deleted
from apps.sources.services.importing import ImportReport, export_import
from apps.sources.services.imports import (
    import_request,
    upload_import,
    upload_keep,
    upload_settle,
)
from apps.sources.services.intake import posts_intake
from apps.sources.services.posts import post_take_back, posts_take_back
from apps.sources.services.removing import post_remove, posts_mark_used
from apps.sources.services.sources import (
    is_timed,
    source_create,
    source_pause,
    source_poll_now,
    source_resume,
    source_save,
)

__all__ = [
    "Applied",
    "Draft",
    "ImportReport",
    "export_import",
    "filters_apply",
    "filters_save",
    "import_request",
    "is_timed",
    "links_set",
    "media_fetch_ask",
    "post_remove",
    "post_take_back",
    "posts_intake",
    "posts_mark_deleted",
    "posts_mark_used",
    "posts_take_back",
    "rules_save",
    "source_archive",
    "source_create",
    "source_pause",
    "source_poll_now",
    "source_restore",
    "source_resume",
    "source_save",
    "upload_import",
    "upload_keep",
    "upload_settle",
]
