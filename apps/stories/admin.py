"""The editors' lists: the queue of stories, presets, and the work behind them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.admin_parts import ReadOnly
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import shown_of, user_of
from apps.core.work.admin_page import WorkPageMixin
from apps.stories import admin_behind as admin_behind
from apps.stories import admin_close_calls as admin_close_calls
from apps.stories import admin_house as admin_house
from apps.stories import admin_legal as admin_legal
from apps.stories import admin_presets as admin_presets
from apps.stories import admin_prompts as admin_prompts
from apps.stories import admin_quality as admin_quality
from apps.stories import services
from apps.stories.admin_approve import stories_approve
from apps.stories.list_order import (
    ORDERINGS,
    OrderedList,
    TopicFilter,
    order_of,
    order_words,
    orders_offered,
    story_extras,
)
from apps.stories.models import Grouping, Rewrite, Story
from apps.stories.queue import QUEUE, second_line, tabs_of, time_tag
from apps.stories.selectors import sources_changed_counts
from apps.stories.services.merging import STORIES_MAX

TONES = {"review": "warning", "published": "done", "aside": "quiet"}
STATUS = "status__exact"


def workbench_url(pk: object) -> str:
    """Where a story is worked on."""
    try:
        return reverse("desk:story", args=[pk])
    except NoReverseMatch:
        return reverse("admin:stories_story_change", args=[pk])


class StoryList(OrderedList):
    """The queue; its rows open the workbench."""

    def url_for_result(self, result: models.Model) -> str:
        """The story's own page."""
        return workbench_url(result.pk)

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page, each with how many of its sources changed since its text."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        changed = sources_changed_counts(rows)
        for row in rows:
            row.sources_changed = changed.get(row.pk, 0)
        self.result_list = rows


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
    list_filter = (TopicFilter,)
    actions = ("approve", "put_aside", "bring_back", "merge", "write_draft")
    ordering = ("-last_at", "-id")
    empty_text = _("Stories appear here by themselves as your sources publish. Add a source, or import an export file.")

    class Media:
        css = {"all": ("stories/list.css", "stories/order.css")}
        js = ("stories/list.js",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StoryList]:  # noqa: ARG002
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
        chosen, topic = request.GET.get(STATUS, ""), request.GET.get(TopicFilter.parameter_name, "")
        tabs = tabs_of(shown_of(request), chosen=chosen, is_search="q" in request.GET, topic=topic)
        orders = {"queue_orders": orders_offered(request), "queue_order_words": order_words()}
        return super().changelist_view(request, {"queue_tabs": tabs, **orders, **(extra_context or {})})

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The important ones first, or the newest."""
        return ORDERINGS[order_of(request)]

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
            '<span class="queue-title">{}</span><span class="queue-line">{}</span>{}',
            story.title,
            second_line(story),
            story_extras(story),
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
    def approve(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> HttpResponse | None:
        """Accept the texts of the chosen stories; ask for a reason where legal marks are missing."""
        return stories_approve(request, queryset, opts=self.opts)

    @admin.action(description=_("Put aside"), permissions=["story.put_aside"])
    def put_aside(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> None:
        """Take the chosen stories out of the queue."""
        each(queryset, lambda story: services.story_put_aside(story=story, editor=user_of(request))).tell(request)

    @admin.action(description=_("Bring back"), permissions=["story.put_aside"])
    def bring_back(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> None:
        """Return the chosen stories to where they were."""
        each(queryset, lambda story: services.story_bring_back(story=story, editor=user_of(request))).tell(request)

    @admin.action(description=_("Merge with…"), permissions=["story.correct"])
    def merge(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> HttpResponse | None:  # noqa: ARG002
        """Go on to the page that asks which of the chosen stories stays."""
        chosen = [("story", story.pk) for story in queryset[:STORIES_MAX]]
        return HttpResponseRedirect(f"{reverse('desk:stories_merge')}?{urlencode(chosen)}") if chosen else None

    @admin.action(description=_("Write a draft"), permissions=["story.rewrite"])
    def write_draft(self, request: HttpRequest, queryset: models.QuerySet[Story]) -> None:
        """Ask for a text for each chosen story, by its workspace's default preset."""

        def ask(story: Story) -> object:
            preset = services.preset_default(story=story)
            return services.rewrite_request(story=story, preset=preset, editor=user_of(request))

        each(queryset, ask).tell(request)


@admin.register(Rewrite)
class RewriteAdmin(WorkPageMixin, AnyCaseSearch, WorkspaceModelAdmin[Rewrite]):
    """Texts that were asked for: what was sent, what came of it."""

    audit_saves = False
    work_retry_service = "apps.stories.services.work.rewrite_revive"
    work_give_up_service = "apps.stories.services.work.rewrite_give_up"
    list_display = ("story", "preset", "asked", *WorkPageMixin.work_columns)
    list_filter = ("state", "kind", "automatic")
    list_select_related = ("story", "preset", "requested_by", "workspace")
    search_fields = ("story__title",)
    actions = ("work_retry", "work_give_up")
    ordering = ("-id",)
    fields = (
        "story",
        "preset",
        "kind",
        "variant",
        "asked",
        "comment",
        "made_of",
        "warned",
        "prompt_edited",
        "user_shown",
        "system_shown",
        "unusable_shown",
        *WorkPageMixin.work_fields,
    )
    readonly_fields = (
        "story",
        "preset",
        "kind",
        "variant",
        "asked",
        "comment",
        "made_of",
        "warned",
        "prompt_edited",
        "user_shown",
        "system_shown",
        "unusable_shown",
    )
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

    @admin.display(description=_("answer that could not be used"), empty_value="—")
    def unusable_shown(self, row: Rewrite) -> SafeString | None:
        """What the model said instead of a draft."""
        return format_html('<pre class="story-prompt">{}</pre>', row.unusable) if row.unusable else None

    @admin.display(description=_("made of"))
    def made_of(self, row: Rewrite) -> str:
        """Which versions of the preset and of the prompts it was made with."""
        own = _t("Pult’s own text")
        parts = [(_t("preset"), row.preset_number), (_t("rules"), row.prompt_number), (_t("task"), row.request_number)]
        return " · ".join(f"{name}: {number or own}" for name, number in parts if number or name != _t("preset"))

    @admin.display(description=_("instructions in the posts"), empty_value="—")
    def warned(self, row: Rewrite) -> SafeString | None:
        """What in the posts looked like an instruction to the model."""
        found = [(one["why"], one["excerpt"]) for one in services.warnings_of_rewrite(row)]
        return format_html_join(mark_safe("<br>"), "{} «{}»", found) if found else None

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
