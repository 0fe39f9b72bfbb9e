"""The next and the previous story, from the one on the screen, in the order of the list that the editor came from."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.desk.story_request import story_for
from apps.stories.models import Story

LIST = "_changelist_filters"  # as the list's own links name it
PLACE = ("p", "e", "all")  # where in the list, not which list


@require_GET
@admin.site.admin_view
def story_neighbour(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to the story that follows in the list, or with `?back=1` to the one before; stay where there is none.

    `_changelist_filters` is the list's query, as its links carry it: filters, search and order. Without it, or with one
    that no list understands, it is the whole queue.
    """
    story = story_for(request, pk, verb="stories.view_story")
    is_back, listed = "back" in request.GET, request.GET.get(LIST, "")
    rows, order = list_rows(request, listed)
    found = neighbour_of(story, rows, order, is_back=is_back)
    if found is None:
        messages.info(request, _("This is the first of the queue.") if is_back else _("This is the last of the queue."))
    address = reverse("desk:story", args=[pk if found is None else found])
    return redirect(f"{address}?{urlencode({LIST: listed})}" if listed else address)


def list_rows(request: HttpRequest, listed: str) -> tuple[QuerySet[Story], list[str]]:
    """The stories of the list with this query that the user may see, and the fields by which they are ordered."""
    stories = admin.site.get_model_admin(Story)
    asked = copy(request)
    asked.resolver_match = resolve(reverse("admin:stories_story_changelist"))
    query = QueryDict(listed, mutable=True)
    for name in PLACE:
        query.pop(name, None)
    asked.GET = query  # type: ignore[assignment]  # a query of its own, as the list gets
    try:
        shown = stories.get_changelist_instance(asked)
    except (IncorrectLookupParameters, SuspiciousOperation):
        return list_rows(request, "") if listed else (Story.objects.none(), [])
    rows: QuerySet[Story] = shown.queryset
    return rows, [str(field) for field in shown.get_ordering(asked, rows)]


def neighbour_of(story: Story, rows: QuerySet[Story], order: Sequence[str], *, is_back: bool) -> int | None:
    """The key of the story that stands nearest behind this one in this order, or before it.

    The story itself need not be among the rows: it may have left them since they were shown. Fields after the key say
    nothing more.
    """
    beyond, same, fields = Q(), Q(), []
    for field in order:
        name = "pk" if field.lstrip("-") == "id" else field.lstrip("-")
        falls = field.startswith("-") != is_back
        value = getattr(story, name)
        beyond |= same & Q(**{f"{name}__{'lt' if falls else 'gt'}": value})
        same &= Q(**{name: value})
        fields.append(f"-{name}" if falls else name)
        if name == "pk":
            break
    return rows.filter(beyond).order_by(*fields).values_list("pk", flat=True).first() if fields else None
