"""Topics: what editors follow, how much came of it lately, and the words tried before they are saved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts import access
from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of, user_of, workspaces_of
from apps.core.clock import now
from apps.core.work.models import LIVE
from apps.sources.admin_display import moment, number, tag
from apps.sources.filters.words import typed_terms
from apps.sources.models import PostTopic, Topic, TopicRead, TopicRemoval
from apps.sources.services import topics
from apps.sources.services.topic_removal import topic_remove
from apps.sources.topics_trying import topic_try
from apps.sources.trying import POSTS

CHANGE = "sources.change_topic"
SHOWN_WORDS = 90


class TopicForm(forms.ModelForm[Topic]):
    """A topic's name, words and weight."""

    class Meta:
        model = Topic
        fields = ("name", "words", "but_not", "weight")
        help_texts = {
            "words": _(
                "One word or phrase a line: every form of each word is found, of Russian words and of English ones. "
                "In “quotes”: exactly as written."
            ),
            "but_not": _("A post with one of these is not about the topic. The same way of writing; may be empty."),
            "weight": _("How high the list of stories puts stories of this topic."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, lines in (("words", 8), ("but_not", 3)):
            if name in self.fields:  # a viewer's form has none
                self.fields[name].widget.attrs["rows"] = lines

    def clean_words(self) -> str:
        """Words that can be understood."""
        return self._checked("words", is_needed=True)

    def clean_but_not(self) -> str:
        """The same, or nothing."""
        return self._checked("but_not", is_needed=False)

    def _checked(self, name: str, *, is_needed: bool) -> str:
        try:
            return topics.words_checked(self.cleaned_data[name], is_needed=is_needed)
        except ValueError as exc:
            raise forms.ValidationError(str(exc)) from exc


@admin.register(Topic)
class TopicAdmin(WorkspaceModelAdmin[Topic]):
    """The topics of a workspace."""

    class Media:
        css = {"all": ("sources/admin.css", "sources/filters.css", "sources/topics.css")}
        js = ("sources/live.js", "sources/topics.js")

    form = TopicForm
    audit_saves = False
    change_form_after_template = "sources/topic_try.html"
    list_before_template = "sources/topics_before.html"
    list_display = ("name", "words_shown", "weight_shown", "day", "week", "reading")
    search_fields = ("name", "words")
    ordering = ("name", "id")
    sortable_by = ("name",)
    actions = ("reread",)
    fields = ("name", "words", "but_not", "weight")
    empty_text = _(
        "A topic is what you follow, told by words: “elections”, “hockey”. Posts get their topics as they come in; "
        "numbers, posts and stories can then be seen by topic. Add the first one."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        """Topics; in the list with their counts and readings."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match is None or match.url_name != "sources_topic_changelist":
            return rows
        reads = TopicRead.objects.order_by("-pk")
        return rows.annotate(
            of_day=posts_since(timedelta(days=1)), of_week=posts_since(timedelta(days=7))
        ).prefetch_related(Prefetch("reads", queryset=reads, to_attr="latest"))

    def get_urls(self) -> list[URLPattern]:
        """Also the trial."""
        view = self.admin_site.admin_view(self.try_view)
        return [path("try/", view, name="sources_topic_try"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list, with the removals that are under way."""
        going = TopicRemoval.objects.live().filter(workspace__in=shown_of(request)).order_by("pk")
        return super().changelist_view(request, {"removals": list(going), **(extra_context or {})})

    # Columns

    @admin.display(description=_("words"))
    def words_shown(self, topic: Topic) -> SafeString:
        """How its words begin."""
        words = ", ".join(typed for typed, _exact in typed_terms(topic.words))
        return format_html('<span class="pult-quiet">{}</span>', Truncator(words).chars(SHOWN_WORDS))

    @admin.display(description=_("weight"))
    def weight_shown(self, topic: Topic) -> str:
        """How much it matters."""
        return topic.get_weight_display()

    @admin.display(description=_("last 24 hours"))
    def day(self, topic: Any) -> SafeString:
        """How many posts came out in the last day."""
        return self._posts(topic, topic.of_day)

    @admin.display(description=_("last 7 days"))
    def week(self, topic: Any) -> SafeString:
        """How many posts came out in the last week."""
        return self._posts(topic, topic.of_week)

    @admin.display(description=_("past posts"))
    def reading(self, topic: Any) -> SafeString:
        """How far the reading of past posts is; renewed by itself while it goes on."""
        read = topic.latest[0] if topic.latest else None
        if read is None:
            return format_html('<span class="pult-quiet">{}</span>', _t("not read"))
        if read.state not in LIVE:
            return tag("done", _t("read")) if read.state == TopicRead.State.DONE else tag("error", _t("failed"))
        share = min(100, 100 * read.looked // max(read.total, 1))
        return format_html(
            '<span class="pult-progress" id="topic-read-{}" data-live="tr">{}'
            '<progress max="100" value="{}"></progress></span>',
            topic.pk,
            _t("%(looked)s of %(total)s") % {"looked": _n(read.looked), "total": _n(read.total)},
            share,
        )

    def _posts(self, topic: Topic, count: int) -> SafeString:
        address = f"{reverse('admin:sources_post_changelist')}?topic={topic.pk}"
        return format_html('<a class="pult-link" href="{}">{}</a>', address, number(count)) if count else number(0)

    # What is done

    @admin.action(description=_("Read past posts again"), permissions=["change"])
    def reread(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        """Have past posts read for the chosen topics once more."""
        actor = user_of(request)
        each(queryset, lambda topic: topics.topic_reread(topic=topic, actor=actor)).tell(request)

    def save_model(self, request: HttpRequest, obj: Topic, form: Any, change: bool) -> None:  # noqa: ARG002
        """Store through the service."""
        if topics.topic_save(topic=obj, actor=user_of(request)):
            messages.info(request, _t("Past posts are read now, the newest first; the list of topics shows how far."))

    def delete_model(self, request: HttpRequest, obj: Topic) -> None:
        """Remove it through the service."""
        topic_remove(topic=obj, actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        """Remove the chosen ones."""
        each(queryset, lambda topic: self.delete_model(request, topic))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Only the topics are named: posts and stories stay, and their marks are no objects of anybody."""
        allowed = all(self.has_delete_permission(request, topic) for topic in objs)
        counts = {Topic._meta.verbose_name_plural: len(objs)}
        return [str(topic) for topic in objs], counts, set() if allowed else {str(Topic._meta.verbose_name)}, []

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """What the typed words would find in the latest posts."""
        if request.method != "POST":
            raise Http404
        workspace = self._tried_workspace(request)
        is_left_out = request.POST.get("show") == "left_out"
        words, but_not = request.POST.get("words", ""), request.POST.get("but_not", "")
        context: dict[str, Any] = {"show_left_out": is_left_out}
        try:
            trial = topic_try(workspace=workspace, words=words, but_not=but_not, show_left_out=is_left_out)
        except ValueError as exc:
            context["problem"] = str(exc)
        else:
            shown = [(one, moment(one.post.published_at), post_address(one.post.pk)) for one in trial.shown]
            context |= {"trial": trial, "shown": shown}
        return render(request, "sources/topic_tried.html", context)

    def _tried_workspace(self, request: HttpRequest) -> Workspace:
        """The workspace whose posts are looked at: of the topic on the page, else the one chosen for a new topic."""
        key, chosen = request.POST.get("topic", ""), request.POST.get("workspace", "")
        if key:
            topic = self.get_object(request, key)
            if topic is None:
                raise Http404
            workspace = topic.workspace
        else:
            seen = {str(one.pk): one for one in workspaces_of(request)}
            offered = self.addable(request)
            found = seen.get(chosen) if chosen else offered[0] if len(offered) == 1 else None
            if found is None:
                raise Http404
            workspace = found
        if not access.can(user_of(request), CHANGE, workspace):
            raise PermissionDenied
        return workspace

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The form, with what the trial needs to know."""
        return super().changeform_view(request, object_id, form_url, {"posts": POSTS, **(extra_context or {})})


def posts_since(length: timedelta) -> Any:
    """How many posts of a topic came out in this last time, counted from an index."""
    told = PostTopic.objects.filter(topic=OuterRef("pk"), published_at__gte=now() - length)
    counted = told.order_by().values("topic").annotate(posts=Count("*")).values("posts")
    return Coalesce(Subquery(counted), 0)


def post_address(pk: int) -> str:
    """The page of a post."""
    return reverse("admin:sources_post_change", args=[pk])


def _n(value: int) -> str:
    return number_format(value, force_grouping=True)
