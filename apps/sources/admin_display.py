"""Small pieces of the sources' screens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.sources.filters import rules_shown
from apps.sources.models import Source
from apps.sources.selectors import ago


def moment(at: datetime | None) -> SafeString | None:
    """A time in the past as "5 minutes ago", the exact one on hover."""
    if at is None:
        return None
    shown = ago(at, now())
    exact = date_format(timezone.localtime(at), "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"), exact, shown)


def number(value: int) -> SafeString:
    """A count, right-aligned, with thin spaces; a zero is quiet."""
    return format_html(
        '<span class="pult-number">{}</span>', number_format(value, force_grouping=True) if value else "–"
    )


def filters_shown(source: Source) -> SafeString:
    """The rules of a source in their order, and the way to its filters."""
    rules = [(str(rule), scope) for rule, scope in rules_shown(source)]
    return rules_listed(rules, "admin:sources_source_filters", source.pk)


def rules_listed(rules: Iterable[tuple[str, str]], name: str, pk: int) -> SafeString:
    """Rules in words, each with whose it is, and the way to their screen: a URL name that takes this id."""
    lines = format_html_join("", '<li>{} <span class="pult-quiet">{}</span></li>', rules)
    return format_html(
        '<div class="pult-rules">{}<a class="pult-button" href="{}">{}</a></div>',
        format_html("<ol>{}</ol>", lines) if lines else format_html("<p>{}</p>", _("No rules yet.")),
        reverse(name, args=[pk]),
        _("Change and try"),
    )


def tag(tone: str, words: str) -> SafeString:
    """A word with the colour of what it means."""
    return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, words)
