"""Presets: how texts are written, with their history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.stories.differences import Piece, text_difference
from apps.stories.models import Preset, PresetVersion
from apps.stories.services.preset_words import LANGUAGES
from apps.stories.services.presets import changed_fields, preset_history, preset_return, preset_save


class PresetForm(forms.ModelForm[Preset]):
    """A preset, with the languages that texts can be checked in."""

    class Meta:
        model = Preset
        fields = "__all__"  # noqa: DJ007 - the admin names them
        widgets = {
            "instructions": UnfoldAdminTextareaWidget(attrs={"rows": 4}),
            "structure": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "forbidden_words": UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("emoji", "source_credit"):
            if name in self.fields:
                self.fields[name].required = False  # left out of a form, it is the model's default
        if "language" in self.fields:
            own = self.instance.language
            known = [(code, language_name(code)) for code in LANGUAGES]
            odd = [(own, own)] if own and own not in LANGUAGES else []
            choices = [("", _t("The workspace’s own")), *known, *odd]
            self.fields["language"] = forms.ChoiceField(
                label=_t("language").capitalize(), choices=choices, required=False, widget=UnfoldAdminSelectWidget
            )


def language_name(code: str) -> str:
    """A language in the reader's words."""
    name: str = get_language_info("zh-hans" if code == "zh" else code)["name_translated"]
    return name[:1].upper() + name[1:]


@dataclass(frozen=True)
class FieldChange:
    """One field of a preset that two versions differ in."""

    label: str
    pieces: tuple[Piece, ...]


@admin.register(Preset)
class PresetAdmin(AnyCaseSearch, WorkspaceModelAdmin[Preset]):
    """How texts are written. Every change is a version."""

    form = PresetForm
    list_display = ("name", "tone", "language_words", "length", "standing", "number")
    search_fields = ("name", "instructions")
    actions_detail = ("versions",)
    fieldsets = (
        (None, {"fields": ("workspace", "name", "is_default")}),
        (_("How it sounds"), {"fields": ("tone", "audience", "language", "emoji")}),
        (_("How it is built"), {"fields": ("length", "structure", "source_credit", "forbidden_words", "instructions")}),
        (_("Drafts by themselves"), {"fields": ("drafts_from_sources", "drafts_max_age_hours")}),
    )
    empty_text = _("A preset says how a text is written: its tone, its length, your house rules.")

    @admin.display(description=_("language"), ordering="language")
    def language_words(self, preset: Preset) -> str:
        """The language of its texts; the workspace's own is not named."""
        return language_name(preset.language) if preset.language in LANGUAGES else preset.language

    @admin.display(description=_("when it is used"), ordering="-is_default", empty_value="—")
    def standing(self, preset: Preset) -> str | None:
        """Whether it is used where no other is chosen, and when it writes by itself."""
        used = [str(_t("by default"))] if preset.is_default else []
        if preset.drafts_from_sources:
            count = preset.drafts_from_sources
            used.append(ngettext("by itself from %d source", "by itself from %d sources", count) % count)
        return ", ".join(used) or None

    def save_model(self, request: HttpRequest, obj: Preset, form: forms.ModelForm[Preset], change: bool) -> None:  # noqa: ARG002
        """Store it as a version."""
        preset_save(preset=obj, editor=user_of(request))

    def audit(self, request: HttpRequest, obj: Preset, verb: str, message: Any) -> None:
        """The service writes what was added and changed; what is deleted is written here."""
        if verb == "deleted":
            super().audit(request, obj, verb, message)

    # History

    def get_urls(self) -> list[URLPattern]:
        """The page of a preset's versions."""
        view = self.guarded(self.admin_site.admin_view(self.versions_view))
        return [path("<path:object_id>/past/", view, name="stories_preset_past"), *super().get_urls()]

    @action(description=_("Versions"), icon="history", url_path="versions")  # type: ignore[untyped-decorator]
    def versions(self, request: HttpRequest, object_id: str) -> HttpResponse:  # noqa: ARG002
        """To the page of its versions."""
        return HttpResponseRedirect(reverse("admin:stories_preset_past", args=[object_id]))

    def versions_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What changed in a preset, when and by whom; a POST returns to a version."""
        preset = self.get_object(request, object_id)
        if preset is None or not self.has_view_permission(request, preset):
            raise Http404
        if request.method == "POST":
            return self.returned(request, preset)
        history = preset_history(preset)
        chosen = {one.number: one for one in history}
        after = chosen.get(number_of(request.GET.get("after")) or 0, history[0])
        before = chosen.get(number_of(request.GET.get("before")) or 0) or previous(history, after)
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Versions of the preset “%(name)s”") % {"name": preset.name},
            "back": reverse("admin:stories_preset_change", args=[preset.pk]),
            "back_words": preset.name,
            "history": [(one, what_changed(one, previous(history, one))) for one in history],
            "after": after,
            "before": before,
            "changes": changes_of(before, after),
            "may_change": self.has_change_permission(request, preset),
            "current": preset.number,
            "zone": preset.workspace.zone,
        }
        return render(request, "stories/preset_versions.html", context)

    def returned(self, request: HttpRequest, preset: Preset) -> HttpResponse:
        """Make it as it was in the version whose button was pressed."""
        if not self.has_change_permission(request, preset):
            raise PermissionDenied
        number = number_of(request.POST.get("number")) or 0
        try:
            made = preset_return(preset=preset, number=number, editor=user_of(request))
        except PultError as exc:
            messages.error(request, str(exc))
        else:
            words = _t("The preset is as it was in version %(number)d. That is version %(made)d.")
            messages.success(request, words % {"number": number, "made": made.number})
        return HttpResponseRedirect(reverse("admin:stories_preset_past", args=[preset.pk]))


def number_of(text: str | None) -> int | None:
    """A version's number as typed in an address; None where it is none."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def previous(history: list[PresetVersion], one: PresetVersion) -> PresetVersion | None:
    """The version before this one; None for the first."""
    return next((earlier for earlier in history if earlier.number < one.number), None)


def what_changed(one: PresetVersion, before: PresetVersion | None) -> str:
    """In a few words what a version changed."""
    if before is None:
        return _t("first version")
    names = [label_of(name) for name in changed_fields(before.values, one.values)]
    more = len(names) - 3
    words = ", ".join(names[:3])
    return words if more <= 0 else f"{words} {ngettext('and %d more', 'and %d more', more) % more}"


def changes_of(before: PresetVersion | None, after: PresetVersion) -> list[FieldChange]:
    """Field by field what differs."""
    earlier = before.values if before else {}
    return [
        FieldChange(
            label_of(name), text_difference(shown(name, earlier.get(name)), shown(name, after.values.get(name)))
        )
        for name in changed_fields(earlier, after.values)
        if before is not None or after.values.get(name) not in (None, "", False)
    ]


def label_of(name: str) -> str:
    """A field's name for a person."""
    return str(Preset._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def shown(name: str, value: Any) -> str:
    """A field's value for a person."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _t("yes") if value else _t("no")
    field = Preset._meta.get_field(name)
    if isinstance(field, models.CharField) and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return language_name(value) if name == "language" and value in LANGUAGES else str(value)
