"""The form of a digest: its rule as editors think of it."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.publishing.digests import PLACE, PLACES
from apps.publishing.models import Digest, Slot

OF_TITLE = ("name", "date")


class ClockInput(UnfoldAdminTextInputWidget):  # type: ignore[misc] # unfold has no types
    """Hours and minutes, without the hints about the server's own clock."""

    input_type = "time"

    def format_value(self, value: Any) -> str | None:
        """Without seconds."""
        return f"{value:%H:%M}" if isinstance(value, time) else super().format_value(value)


class DigestForm(forms.ModelForm[Digest]):
    """A digest, with its days as boxes to tick."""

    week = forms.TypedMultipleChoiceField(
        label=_("days of the week"), coerce=int, choices=Slot.Weekday.choices, widget=forms.CheckboxSelectMultiple
    )

    at = forms.TimeField(label=_("time"), widget=ClockInput, help_text=_("On the workspace’s clock."))

    class Meta:
        model = Digest
        fields = (
            *("name", "channel", "at", "which", "topics", "voices_min", "count", "least"),
            *("title", "header", "line", "footer", "needs_approval", "place", "missed"),
        )
        help_texts = {
            "topics": _("None: stories of all topics."),
            "which": _("From the time of the occurrence before on."),
            "title": _("{name} and {date} stand for what they say. Empty: “{name}, {date}”."),
            "line": _("{title}, {link}, {lead}, {number} and {voices} stand for what they say."),
            "needs_approval": _("Otherwise it goes out by itself, unless a mark that the law wants is missing."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "week" in self.fields:
            self.fields["week"].initial = sorted(self.instance.weekdays)
        # a viewer's form has none of these
        for name in {"header", "footer"} & self.fields.keys():
            self.fields[name].widget.attrs["rows"] = 2
        for name in {"week", "at"} & self.fields.keys():
            self.fields[name].label = capfirst(self.fields[name].label)

    def clean_line(self) -> str:
        """A line whose places are known."""
        return self._placed("line", PLACES)

    def clean_title(self) -> str:
        """A title whose places are known."""
        return self._placed("title", OF_TITLE)

    def clean_header(self) -> str:
        """The same."""
        return self._placed("header", OF_TITLE)

    def clean(self) -> dict[str, Any]:
        """One rule: a digest that may tell of three stories can't ask for five."""
        cleaned = super().clean() or self.cleaned_data
        count, least = cleaned.get("count"), cleaned.get("least")
        if count and least and least > count:
            self.add_error("least", _t("It tells of %(count)d stories at most.") % {"count": count})
        channel, workspace = (
            cleaned.get("channel"),
            cleaned.get("workspace") or getattr(self.instance, "workspace", None),
        )
        if channel is not None and workspace is not None and channel.workspace_id != workspace.pk:
            self.add_error("channel", _t("The channel belongs to another workspace."))
        topics = cleaned.get("topics")
        if topics is not None and workspace is not None and any(one.workspace_id != workspace.pk for one in topics):
            self.add_error("topics", _t("A topic belongs to another workspace."))
        return cleaned

    def save(self, commit: bool = True) -> Digest:
        """With the days as the row keeps them."""
        self.instance.days = sum(1 << day for day in self.cleaned_data["week"])
        return super().save(commit)

    def _placed(self, name: str, known: tuple[str, ...]) -> str:
        typed: str = self.cleaned_data[name]
        wrong = [found[0] for found in PLACE.finditer(typed) if found[1] not in known]
        if wrong:
            words = _t("%(wrong)s is not known here. There are: %(known)s.")
            places = ", ".join(f"{{{each}}}" for each in known)
            raise forms.ValidationError(words % {"wrong": wrong[0], "known": places})
        return typed
