"""Checking a text against the texts it was made from, offline. Pure: no database, no network."""

from apps.stories.factcheck.checking import check, examine
from apps.stories.factcheck.findings import CheckTooLongError, Draft, Finding, Report, Source

__all__ = ["CheckTooLongError", "Draft", "Finding", "Report", "Source", "check", "examine"]
