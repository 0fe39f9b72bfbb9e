"""What a person types about a source."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.files import File
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from apps.core.errors import PermanentError
from apps.core.http import checked_url
from apps.core.http.client import allow_list
from apps.sources.models import Source


class SourceForm(forms.ModelForm[Source]):
    """A source, and the export file that goes with one of that kind."""

    upload = forms.FileField(
        label=_("export file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_(
            "result.json of Telegram Desktop (one chat or all), or a list of messages. The same file twice is safe."
        ),
    )

    class Meta:
        model = Source
        fields = ("kind", "name", "url", "interval_s", "include_words", "exclude_words", "min_length")
        widgets: ClassVar[dict[str, Any]] = {
            "include_words": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "exclude_words": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }

    def clean_upload(self) -> File[bytes] | None:
        """Accept only JSON files."""
        upload: File[bytes] | None = self.cleaned_data.get("upload")
        if upload is not None and not is_export(upload):
            raise forms.ValidationError(_("An export is a .json file. In Telegram Desktop choose the JSON format."))
        return upload

    def clean(self) -> dict[str, Any] | None:
        """A feed needs an address that may be fetched; an export needs none."""
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("kind") or self.instance.kind) == Source.Kind.FEED:
            self._check_address(cleaned)
        else:
            cleaned["url"] = ""
        return cleaned

    def _check_address(self, cleaned: dict[str, Any]) -> None:
        url = cleaned.get("url")
        if not url:
            if "url" not in self.errors:
                self.add_error("url", _("Give the address of the feed."))
            return
        try:
            checked_url(url, allow=allow_list())
        except PermanentError as exc:
            self.add_error("url", str(exc))


def is_export(upload: File[bytes]) -> bool:
    """Whether it has the name of an export."""
    return (upload.name or "").lower().endswith(".json")
