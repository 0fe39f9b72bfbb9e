"""Topics in the list of posts and on the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.requests import shown_of
from apps.sources.models import Post, Topic


class TopicFilter(admin.SimpleListFilter):
    """Posts by topic, those of the shown workspaces."""

    title = _("topic")
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The editors' topics, with their workspaces where there are several."""
        return topic_choices(request)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> QuerySet[Post]:  # noqa: ARG002
        """The posts about it; told to be of one time with their marks, so that the marks' index gives their order."""
        chosen = self.value()
        if not chosen:
            return queryset
        if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
            return queryset.none()
        return queryset.filter(topics__topic=int(chosen), topics__published_at=F("published_at"))


def topic_choices(request: HttpRequest) -> list[tuple[str, str]]:
    """The topics that a list may be narrowed to: the key and the name of each."""
    shown = shown_of(request)
    names = {workspace.pk: workspace.name for workspace in shown} if len(shown) > 1 else {}
    rows = Topic.objects.filter(workspace__in=shown).order_by("name", "pk").values_list("pk", "name", "workspace")
    return [(str(pk), f"{name} · {names[owner]}" if names else name) for pk, name, owner in rows]


def topics_line(post: Post) -> SafeString | str:
    """The topics of a post, each leading to its posts; nothing where it has none."""
    rows = Topic.objects.filter(told__post=post).order_by("-weight", "name").values_list("pk", "name")
    address = reverse("admin:sources_post_changelist")
    links = [(f"{address}?topic={pk}", name) for pk, name in rows]
    return format_html_join(" ", '<a class="pult-tag pult-tag--quiet" href="{}">{}</a>', links)
