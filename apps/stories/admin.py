"""The editors' lists: the queue of stories, presets, and the work behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.admin_parts import ReadOnly
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import shown_of, user_of
from apps.core.work.admin_page import WorkPageMixin
from apps.stories import services
from apps.stories.models import Grouping, Preset, Rewrite, Story
from apps.stories.queue import QUEUE, second_line, tabs_of, time_tag

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

TONES = {"review": "warning", "published": "done", "aside": "quiet"}
STATUS = "status__exact"


def workbench_url(pk: object) -> str:
    """Where a story is worked on."""
    try:
        return reverse("desk:story", args=[pk])
    except NoReverseMatch:
        return reverse("admin:stories_story_change", args=[pk])


class StoryList(ChangeList):
    """The queue; its rows open the workbench."""

    def url_for_result(self, result: models.Model) -> str:
        """The story's own page."""
        return workbench_url(result.pk)


@admin.register(Story)
class StoryAdmin(ReadOnly, AnyCaseSearch, WorkspaceModelAdmin[Story]):
    """The queue of stories. Everything that changes one is a service."""

    list_display = ("headline", "sources", "last", "standing")
    list_display_links = ("headline",)
    list_select_related = ("workspace", "current_version__author")
    list_before_template = "stories/queue_tabs.html"
    list_after_template = "stories/queue_keys.html"
    search_fields = ("title", "current_version__title", "first_voice")
    search_help_text = _("Title or first source")
    actions = ("approve", "put_aside", "bring_back", "write_draft")
    ordering = ("-last_at", "-id")
    empty_text = _("Stories appear here by themselves as your sources publish. Add a source, or import an export file.")

    class Media:
        css = {"all": ("stories/list.css",)}
        js = ("stories/list.js",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """The list whose rows open the workbench."""
        return StoryList

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Story]:
        """Where no status is chosen and nothing searched for, only what waits for an editor."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and match.url_name == "stories_story_changelist"
        if is_list and request.method == "GET" and not {STATUS, "q"} & request.GET.keys():
            return rows.filter(status__in=QUEUE)
        return rows

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list with its tabs."""
        tabs = tabs_of(shown_of(request), chosen=request.GET.get(STATUS, ""), is_search="q" in request.GET)
        return super().changelist_view(request, {"queue_tabs": tabs, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The workbench, where there is one."""
        address = workbench_url(object_id)
        if address != request.path and request.method == "GET":
            return HttpResponseRedirect(address)
        answer: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
        return answer

    # Columns

    @admin.display(description=_("story"))
    def headline(self, story: Story) -> SafeString:
        """The title, and under it where the story came from and how far its text is."""
        return format_html(
            '<span class="queue-title">{}</span><span class="queue-line">{}</span>', story.title, second_line(story)
        )

    @admin.display(description=_("sources"), ordering="sources_count")
    def sources(self, story: Story) -> SafeString:
        """How many voices tell of it."""
        return format_html('<span class="queue-number">{}</span>', story.sources_count)

    @admin.display(description=_("last post"), ordering="last_at")
    def last(self, story: Story) -> SafeString:
        """How long ago the last post came; the exact time on hover."""
        return time_tag(story.last_at, zone=story.workspace.zone)

    @admin.display(description=_("status"), ordering="status")
    def standing(self, story: Story) -> SafeString:
        """The status in a word and a colour."""
        tone = TONES.get(story.status, "waiting")
        return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, story.get_status_display())

    # Actions

    @admin.action(description=_("Approve"), permissions=["story.approve"])
    def approve(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> None:
        """Accept the texts of the chosen stories."""
        each(queryset, lambda story: services.story_approve(story=story, editor=user_of(request))).tell(request)

    @admin.action(description=_("Put aside"), permissions=["story.put_aside"])
    def put_aside(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> None:
        """Take the chosen stories out of the queue."""
        each(queryset, lambda story: services.story_put_aside(story=story, editor=user_of(request))).tell(request)

    @admin.action(description=_("Bring back"), permissions=["story.put_aside"])
    def bring_back(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> None:
        """Return the chosen stories to where they were."""
        each(queryset, lambda story: services.story_bring_back(story=story, editor=user_of(request))).tell(request)

    @admin.action(description=_("Write a draft"), permissions=["story.rewrite"])
    def write_draft(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> None:
        """Ask for a text for each chosen story, by its workspace's default preset."""

        def ask(story: Story) -> object:
            preset = services.preset_default(story=story)
            return services.rewrite_request(story=story, preset=preset, editor=user_of(request))

        each(queryset, ask).tell(request)


@admin.register(Preset)
class PresetAdmin(AnyCaseSearch, WorkspaceModelAdmin[Preset]):
    """How texts are written."""

    list_display = ("name", "tone", "length", "is_default", "drafts_from_sources")
    search_fields = ("name", "instructions")
    fields = (
        "workspace",
        "name",
        "instructions",
        "tone",
        "length",
        "is_default",
        "drafts_from_sources",
        "drafts_max_age_hours",
    )
    empty_text = _("A preset says how a text is written: its tone, its length, your house rules.")


@admin.register(Rewrite)
class RewriteAdmin(WorkPageMixin, AnyCaseSearch, WorkspaceModelAdmin[Rewrite]):
    """Texts that were asked for: what was sent, what came of it."""

    audit_saves = False
    work_retry_service = "apps.stories.services.work.rewrite_revive"
    work_give_up_service = "apps.stories.services.work.rewrite_give_up"
    list_display = ("story", "preset", "asked", *WorkPageMixin.work_columns)
    list_filter = ("state", "automatic")
    list_select_related = ("story", "preset", "requested_by", "workspace")
    search_fields = ("story__title",)
    actions = ("work_retry", "work_give_up")
    ordering = ("-id",)
    fields = (
        "story",
        "preset",
        "asked",
        "comment",
        "prompt_edited",
        "user_shown",
        "system_shown",
        *WorkPageMixin.work_fields,
    )
    readonly_fields = ("story", "preset", "asked", "comment", "prompt_edited", "user_shown", "system_shown")
    empty_text = _("Drafts that you or a preset ask for pass through here.")

    class Media:
        css = {"all": ("stories/list.css",)}

    @admin.display(description=_("prompt: task and sources"), empty_value="—")
    def user_shown(self, row: Rewrite) -> SafeString | None:
        """The task and the sources, line by line as they were sent."""
        return format_html('<pre class="story-prompt">{}</pre>', row.user_prompt) if row.user_prompt else None

    @admin.display(description=_("prompt: rules"), empty_value="—")
    def system_shown(self, row: Rewrite) -> SafeString | None:
        """The rules, line by line as they were sent."""
        return format_html('<pre class="story-prompt">{}</pre>', row.system_prompt) if row.system_prompt else None

    @admin.display(description=_("asked by"))
    def asked(self, row: Rewrite) -> str:
        """The editor, or the preset that writes by itself."""
        return str(_("by itself")) if row.automatic else str(row.requested_by or "—")


@admin.register(Grouping)
class GroupingAdmin(WorkPageMixin, WorkspaceModelAdmin[Grouping]):
    """Posts on their way into a story."""

    audit_saves = False
    work_retry_service = "apps.stories.services.work.grouping_revive"
    list_display = ("post", *WorkPageMixin.work_columns)
    list_filter = ("state",)
    list_select_related = ("post", "workspace")
    actions = ("work_retry",)
    ordering = ("-id",)
    fields = ("post", *WorkPageMixin.work_fields)
    readonly_fields = ("post",)
    empty_text = _("Every new post passes through here on its way into a story.")
