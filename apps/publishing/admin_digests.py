"""The screens of digests: the rule, what it would be right now, and what became of each occurrence."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.admin_work import WorkRowAdmin
from apps.accounts.requests import user_of
from apps.core.clock import now
from apps.publishing.digest_forms import DigestForm
from apps.publishing.digests import drafted, messages_shown, occurs_before
from apps.publishing.models import Digest, DigestRun, Slot
from apps.publishing.services.digest_plan import digest_delete, digest_pause, digest_resume, digest_saved
from apps.publishing.slots import DAY
from apps.publishing.tags import tag

RUNS_SHOWN = 30
State, Outcome = DigestRun.State, DigestRun.Outcome


def days_in_words(days: frozenset[int]) -> str:
    """Days of the week, several of them in short, three and more in a row as one: Mon–Fri, Sun."""
    if len(days) == 1:
        return str(WEEKDAYS[min(days)])
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = [
        f"{WEEKDAYS_ABBR[run[0]]}–{WEEKDAYS_ABBR[run[-1]]}"
        if len(run) > 2
        else ", ".join(str(WEEKDAYS_ABBR[day]) for day in run)
        for run in runs
    ]
    return ", ".join(names)


@admin.register(Digest)
class DigestAdmin(WorkspaceModelAdmin[Digest]):
    """Digests of a workspace."""

    form = DigestForm
    audit_saves = False
    list_display = ("name", "channel", "when", "standing", "next_time", "last_time")
    list_filter = ("channel",)
    search_fields = ("name",)
    list_select_related = ("workspace", "channel")
    ordering = ("name", "id")
    autocomplete_fields = ()
    actions = ("pause", "resume")
    empty_text = _(
        "A digest gathers the top stories of a day or a week by a rule and comes out by itself, or when you approve "
        "it: “the five biggest of the day, every evening at 20:00”. Add the first one."
    )
    readonly_fields = ("standing", "preview", "history")

    class Media:
        css: ClassVar = {"all": ["desk/parts/publish.css"]}

    def get_fieldsets(self, request: HttpRequest, obj: Digest | None = None) -> Any:
        """The rule by what it decides; what it would be and what it was, once it is there."""
        named = [
            name
            for _title, options in super().get_fieldsets(request, obj)
            for name in options["fields"]
            if name == "workspace"
        ]
        days = ["days_shown"] if not self.may_save(request, obj) else ["week"]
        parts = [
            (None, {"fields": [*named, "name", "channel", *days, "at", *(["standing"] if obj else [])]}),
            (_("Which stories"), {"fields": ["which", "topics", "voices_min", "count", "least"]}),
            (_("In which words"), {"fields": ["title", "header", "line", "footer"]}),
            (_("How it goes out"), {"fields": ["needs_approval", "place", "missed"]}),
        ]
        if obj is not None:
            parts.append((_("What it would be right now"), {"fields": ["preview"]}))
            parts.append((_("What became of it"), {"fields": ["history"]}))
        return parts

    def get_readonly_fields(self, request: HttpRequest, obj: Digest | None = None) -> Any:
        """Also the days, for those who only look."""
        known = super().get_readonly_fields(request, obj)
        return known if self.may_save(request, obj) else [*known, "days_shown"]

    def may_save(self, request: HttpRequest, obj: Digest | None) -> bool:
        """Whether the form is one."""
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Digest]:
        """With the next and the last occurrence, in the same query."""
        runs = DigestRun.objects.filter(digest=models.OuterRef("pk"))
        coming = (
            runs.filter(outcome=Outcome.WAITING, state__in=(State.READY, State.LEASED))
            .order_by("due_at")
            .values("due_at")[:1]
        )
        ended = runs.exclude(outcome=Outcome.WAITING).order_by("-due_at")
        return (
            super()
            .get_queryset(request)
            .annotate(
                next_at=models.Subquery(coming),
                last_at=models.Subquery(ended.values("due_at")[:1]),
                last_outcome=models.Subquery(ended.values("outcome")[:1]),
            )
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only topics of workspaces that the user sees."""
        if db_field.name == "topics":
            kwargs["queryset"] = db_field.related_model.objects.filter(workspace__in=self.visible(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """When its topics are stored too, the next occurrence is planned."""
        super().save_related(request, form, formsets, change)
        digest_saved(digest=form.instance, editor=user_of(request), is_new=not change)

    def save_model(self, request: HttpRequest, obj: Digest, form: Any, change: bool) -> None:
        """Whose it is."""
        if not change:
            obj.created_by = user_of(request)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Digest) -> None:
        """Delete it through the service."""
        digest_delete(digest=obj, editor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Digest]) -> None:
        """Delete the chosen ones."""
        for digest in queryset:
            self.delete_model(request, digest)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The digests and how many occurrences go with them; those are work and nobody deletes them by themselves."""
        allowed = all(self.has_delete_permission(request, digest) for digest in objs)
        runs = DigestRun.objects.filter(digest__in=objs).count()
        counts = {Digest._meta.verbose_name_plural: len(objs), DigestRun._meta.verbose_name_plural: runs}
        return [str(digest) for digest in objs], counts, set() if allowed else {str(Digest._meta.verbose_name)}, []

    # Columns

    @admin.display(description=_("days of the week"))
    def days_shown(self, row: Digest) -> str:
        """The days of the week."""
        if len(row.weekdays) == len(Slot.Weekday):
            return _t("every day")
        return days_in_words(row.weekdays)

    @admin.display(description=_("when"))
    def when(self, row: Digest) -> str:
        """Days and time."""
        return f"{self.days_shown(row)}, {row.at:%H:%M}"

    @admin.display(description=_("state"))
    def standing(self, row: Digest) -> SafeString:
        """Whether it comes out."""
        if row.paused_at is not None:
            return tag("warning", _t("Paused"))
        return tag("waiting", _t("After approval")) if row.needs_approval else tag("done", _t("By itself"))

    @admin.display(description=_("next"), ordering="next_at", empty_value="—")
    def next_time(self, row: Digest) -> str | None:
        """The next occurrence."""
        return local(row, getattr(row, "next_at", None))

    @admin.display(description=_("last"), ordering="last_at", empty_value="—")
    def last_time(self, row: Digest) -> str | None:
        """The last occurrence, and whether it was skipped."""
        at = local(row, getattr(row, "last_at", None))
        skipped = getattr(row, "last_outcome", "") == Outcome.SKIPPED
        return f"{at}, {_t('skipped')}" if at and skipped else at

    @admin.display(description=_("preview"))
    def preview(self, row: Digest) -> SafeString:
        """The text for the stories up to this moment, checked as it would be before it goes out."""
        at = now()
        today = at.astimezone(row.workspace.zone).date()
        draft = drafted(row, since=at - (today - occurs_before(row, today)).days * DAY, until=at)
        messages, problem = messages_shown(row, draft)
        context = {
            "digest": row,
            "draft": draft,
            "is_skipped": len(draft.told) < row.least,
            "channel": row.channel,
            "messages": messages,
            "problem": row.channel.problem or problem,
            "time": date_format(at.astimezone(row.workspace.zone), "H:i"),
        }
        return SafeString(render_to_string("publishing/digest_preview.html", context))

    @admin.display(description=_("occurrences"), empty_value="—")
    def history(self, row: Digest) -> SafeString:
        """What came out, and what was skipped and why."""
        runs = row.runs.select_related("story", "publication").order_by("-local_date")[:RUNS_SHOWN]
        return SafeString(
            render_to_string("publishing/digest_history.html", {"runs": runs, "zone": row.workspace.zone})
        )

    # Actions

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: models.QuerySet[Digest]) -> None:
        """Let them occur no more."""
        user = user_of(request)
        each(queryset.select_related("workspace"), lambda row: digest_pause(digest=row, editor=user)).tell(request)

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: models.QuerySet[Digest]) -> None:
        """Let them occur again."""
        user = user_of(request)
        each(queryset.select_related("workspace"), lambda row: digest_resume(digest=row, editor=user)).tell(request)


@admin.register(DigestRun)
class DigestRunAdmin(WorkRowAdmin[DigestRun]):
    """Occurrences of digests as work; each makes the next."""

    about = ("digest", "local_date")
    list_select_related = ("digest",)
    empty_text = _("Each occurrence of a digest leaves a line here.")


def local(row: Digest, moment: datetime | None) -> str | None:
    """A moment on the workspace's clock."""
    return date_format(moment.astimezone(row.workspace.zone), "SHORT_DATETIME_FORMAT") if moment else None
