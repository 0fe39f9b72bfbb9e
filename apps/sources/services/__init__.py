"""The verbs of sources and posts."""

from apps.sources.services.imports import ImportReport, export_import
from apps.sources.services.intake import posts_intake
from apps.sources.services.sources import source_create

__all__ = ["ImportReport", "export_import", "posts_intake", "source_create"]
