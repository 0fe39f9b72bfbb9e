"""Legal lists: whom the law wants marked, brought up to date from a table."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any

from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.decorators import action

from apps.accounts.access import can
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.models import User
from apps.accounts.requests import user_of
from apps.stories.legal.tables import TableError
from apps.stories.models import LegalEntry, LegalList
from apps.stories.services import legal_list_import, legal_list_plan

TABLE_MAX = 8 * 1024 * 1024
KEPT_S = 30 * 60  # how long a file waits for its button


@admin.register(LegalList)
class LegalListAdmin(AnyCaseSearch, WorkspaceModelAdmin[LegalList]):
    """Lists of legal marks."""

    list_display = ("name", "kind", "is_active", "entries_shown", "imported_at")
    list_filter = ("kind", "is_active")
    search_fields = ("name",)
    fields = ("workspace", "name", "kind", "footnote", "is_active", "imported_at")
    readonly_fields = ("imported_at",)
    ordering = ("name", "pk")
    actions_detail: Any = ("entries_open", "table_import")
    empty_text = gettext_lazy(
        "Add a list (foreign agents, banned organisations, persons) with its footnote, then import its table (CSV)."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[LegalList]:
        """With the number of entries."""
        return super().get_queryset(request).annotate(entries_count=Count("entries"))

    @admin.display(description=gettext_lazy("entries"), ordering="entries_count")
    def entries_shown(self, row: LegalList) -> SafeString:
        """How many there are, leading to them."""
        address = f"{reverse('admin:stories_legalentry_changelist')}?list__id__exact={row.pk}"
        return format_html('<a class="pult-link" href="{}">{}</a>', address, getattr(row, "entries_count", 0))

    @action(description=gettext_lazy("Entries"), url_path="entries")  # type: ignore[untyped-decorator]
    def entries_open(self, request: HttpRequest, object_id: str) -> HttpResponse:  # noqa: ARG002
        """The way to the list's entries."""
        return HttpResponseRedirect(f"{reverse('admin:stories_legalentry_changelist')}?list__id__exact={object_id}")

    @action(description=gettext_lazy("Import a table (CSV)"), url_path="to-import", permissions=["change"])  # type: ignore[untyped-decorator]
    def table_import(self, request: HttpRequest, object_id: str) -> HttpResponse:  # noqa: ARG002
        """The way to the import."""
        return HttpResponseRedirect(reverse("admin:stories_legallist_import", args=[object_id]))

    def get_urls(self) -> list[URLPattern]:
        """The import, before the addresses of single lists."""
        view = self.admin_site.admin_view(self.import_view)
        return [path("<path:object_id>/import/", view, name="stories_legallist_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A file, then what it would change, then it is changed."""
        user = user_of(request)
        legal_list = self.get_object(request, object_id)
        if legal_list is None:
            raise Http404
        if not can(user, "stories.change_legallist", legal_list.workspace):
            raise PermissionDenied
        back = reverse("admin:stories_legallist_change", args=[legal_list.pk])
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Import a table"),
            "list": legal_list,
            "back": back,
        }
        if request.method == "POST" and (token := request.POST.get("token", "")):
            content = cache.get(kept_key(user, legal_list, token))
            if content is not None:
                plan = legal_list_import(legal_list=legal_list, content=content, editor=user)
                cache.delete(kept_key(user, legal_list, token))
                numbers = {"added": plan.added, "changed": plan.changed, "gone": plan.gone}
                messages.success(
                    request, _("The list is up to date: %(added)d new, %(changed)d changed, %(gone)d ended.") % numbers
                )
                return HttpResponseRedirect(back)
            context["problem"] = _("The file waited for too long. Choose it again.")
        elif request.method == "POST":
            context |= preview(request, legal_list)
        return render(request, "stories/legal_import.html", context)


def preview(request: HttpRequest, legal_list: LegalList) -> dict[str, Any]:
    """What the uploaded file would change; it is kept until the button is pressed."""
    upload = request.FILES.get("file")
    if upload is None or not upload.size:
        return {"problem": _("Choose a CSV file.")}
    if upload.size > TABLE_MAX:
        return {"problem": _("The file is larger than 8 MB; split it.")}
    content = upload.read()
    try:
        plan = legal_list_plan(legal_list, content)
    except TableError as exc:
        return {"problem": str(exc)}
    token = token_urlsafe(16)
    cache.set(kept_key(user_of(request), legal_list, token), content, KEPT_S)
    return {
        "plan": plan,
        "token": token,
        "groups": [
            (pgettext("entries", "New"), plan.added, plan.added_names),
            (pgettext("entries", "Changed"), plan.changed, plan.changed_names),
            (_("No longer in the table: the mark ends yesterday"), plan.gone, plan.gone_names),
        ],
    }


def kept_key(user: User, legal_list: LegalList, token: str) -> str:
    """Where a user's file waits."""
    return f"legal:{user.pk}:{legal_list.pk}:{token[:64]}"


@admin.register(LegalEntry)
class LegalEntryAdmin(AnyCaseSearch, WorkspaceModelAdmin[LegalEntry]):
    """Names of legal lists."""

    list_display = ("name", "list", "since", "until")
    list_filter = ("list",)
    list_select_related = ("list",)
    search_fields = ("name", "also")
    fields = ("list", "name", "also", "since", "until")
    ordering = ("name", "pk")
    empty_text = gettext_lazy("Names come here from a list's table, or add one by hand.")
