"""Comparisons of headlines: begun here, judged at the age that was chosen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import user_of
from apps.core.errors import PultError, TransitionError
from apps.publishing import experiment_words
from apps.publishing.admin_statistics import counted, percent
from apps.publishing.models import Experiment, Publication
from apps.publishing.services.experiments import Outcome, experiment_outcome, experiment_start, refuse_pair
from apps.publishing.statistics.verdicts import Arm, Said
from apps.publishing.tags import tag


class ExperimentForm(forms.ModelForm[Experiment]):
    """Two publications, and how they are to be compared."""

    class Meta:
        model = Experiment
        fields = ("first", "second", "measure", "age_h", "least_pct")

    def clean(self) -> dict[str, Any] | None:
        """Refuse what can't be compared, in words."""
        super().clean()
        values = self.cleaned_data
        if {"first", "second", "measure", "age_h"} <= values.keys():
            try:
                refuse_pair(values["first"], values["second"], measure=values["measure"], age_h=values["age_h"])
            except PultError as exc:
                raise forms.ValidationError(str(exc)) from exc
            self.instance.story_id = values["first"].story_id
        return values


@admin.register(Experiment)
class ExperimentAdmin(WorkspaceModelAdmin[Experiment]):
    """Comparisons, the newest first."""

    form = ExperimentForm
    audit_saves = False
    list_display = ("pair", "measure", "age_h", "short_result")
    list_filter = ("measure",)
    list_select_related = ("first__channel", "second__channel")
    search_fields = ("first__title", "second__title")
    ordering = ("-id",)
    autocomplete_fields = ("first", "second")
    fields = ("first", "second", "measure", "age_h", "least_pct")
    empty_text = _(
        "Publish one story with two headlines: in two channels, or by “Try another headline” on the page of a "
        "publication. Then this page says which one did better, and how sure that is. Add the comparison before the "
        "numbers are in."
    )

    class Media:
        css = {"all": ("sources/numbers.css", "publishing/statistics.css")}

    def get_fields(self, request: HttpRequest, obj: Experiment | None = None) -> Any:  # noqa: ARG002
        """What is chosen at the start; later what came of it."""
        return self.fields if obj is None else ("result", "story_link", "measure", "age_h", "least_pct", "created_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        """What was chosen at the start is kept."""
        known = super().get_readonly_fields(request, obj)
        return known if obj is None else [*self.get_fields(request, obj), "workspace"]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """The form; whoever begins what somebody began in this moment is told, and finds it in the list."""
        try:
            return super().add_view(request, form_url, extra_context)
        except TransitionError as exc:
            messages.warning(request, str(exc))
            return redirect("admin:publishing_experiment_changelist")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The outcome, without the buttons that save."""
        hidden = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, {**hidden, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:
        """Begin it; nothing of it is changed later."""
        if change:
            return
        values = form.cleaned_data
        made = experiment_start(**{name: values[name] for name in ExperimentForm.Meta.fields}, editor=user_of(request))
        obj.pk, obj.workspace_id, obj.story_id = made.pk, made.workspace_id, made.story_id

    @admin.display(description=_("headlines"))
    def pair(self, row: Experiment) -> SafeString:
        """Both titles."""
        return format_html("{}<br>{}", row.first.title, row.second.title)

    @admin.display(description=_("outcome"))
    def short_result(self, row: Experiment) -> SafeString:
        """In a word and a colour."""
        outcome = experiment_outcome(row)
        return tag(experiment_words.TONES.get(outcome.verdict.said, "warning"), experiment_words.short(outcome))

    @admin.display(description=_("story"))
    def story_link(self, row: Experiment) -> SafeString:
        """The story of both."""
        return format_html(
            '<a class="pult-link" href="{}">{}</a>', reverse("desk:story", args=[row.story_id]), row.story
        )

    @admin.display(description=_("outcome"))
    def result(self, row: Experiment) -> SafeString:
        """What may be said, what it is said from, and why it may be wrong."""
        outcome = experiment_outcome(row)
        at = outcome.ready_at
        context = {
            "sentence": experiment_words.sentence(row, outcome),
            "interval": experiment_words.interval_words(row, outcome.verdict.interval),
            "needed": experiment_words.needed_words(row, outcome),
            "warning": experiment_words.warning(row),
            "by_clicks": row.measure == Experiment.Measure.CLICKS,
            "ready": date_format(at.astimezone(row.workspace.zone), "SHORT_DATETIME_FORMAT") if at else "",
            "is_judged": outcome.first is not None,
            "is_over": outcome.verdict.said != Said.WAITS,
            "arms": arms(row, outcome),
        }
        return SafeString(render_to_string("publishing/experiment_result.html", context))


def arms(row: Experiment, outcome: Outcome) -> list[dict[str, Any]]:
    """Both publications with their numbers; without them before the age."""
    return [arm(row.first, outcome.first), arm(row.second, outcome.second)]


def arm(publication: Publication, numbers: Arm | None) -> dict[str, Any]:
    """One of them in words."""
    views, clicks = (numbers.views, numbers.clicks) if numbers else (None, None)
    return {
        "pk": publication.pk,
        "title": publication.title,
        "channel": publication.channel,
        "views": counted(views),
        "clicks": counted(clicks),
        "rate": percent(clicks / views if views and clicks is not None else None),
    }
