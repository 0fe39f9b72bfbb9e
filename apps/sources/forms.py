"""What a person types about a source."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.files import File
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.core.errors import PermanentError
from apps.core.http import checked_url
from apps.core.http.client import allow_list
from apps.core.uploads import RefusedUpload, upload_max_bytes
from apps.sources.forms_channel import ChannelFormPart
from apps.sources.forms_keeping import SourceKeepingPart
from apps.sources.models import Source
from apps.sources.parsers.selector import selector_problem

ADDRESSED = frozenset({Source.Kind.FEED, Source.Kind.PAGE})


class SourceForm(SourceKeepingPart, ChannelFormPart):
    """A source, and the export file that goes with one of that kind."""

    upload = forms.FileField(
        label=_("Export file"),
        required=False,
        allow_empty_file=True,  # told in our words
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".json,.zip"}),
        help_text=_(
            "result.json of Telegram Desktop (one chat or all), the zipped folder with its pictures and files, or a "
            "list of messages. The same file twice is safe."
        ),
    )

    class Meta:
        model = Source
        fields = (
            "kind",
            "name",
            "url",
            "link_selector",
            "interval_s",
            "is_adaptive",
            "backfill_posts",
            "backfill_from",
            "retention_days",
            "fetch_media",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:  # the source of what editors bring in makes itself
            choice = cast(forms.ChoiceField, self.fields["kind"])
            choice.choices = [pair for pair in Source.Kind.choices if pair[0] != Source.Kind.HAND]
        if "url" in self.fields:
            self.fields["url"].help_text = format_html(
                '{} <a class="pult-link" href="{}">{}</a>',
                _("Of a feed (RSS, Atom, RDF, JSON Feed), or of a page that lists articles."),
                reverse("admin:sources_source_feeds_find"),
                _("Find the feeds of a site"),
            )
        if "link_selector" in self.fields:
            pk = self.instance.pk
            address = (
                reverse("admin:sources_source_links", args=[pk]) if pk else reverse("admin:sources_source_add_page")
            )
            self.fields["link_selector"].help_text = format_html(
                '{} <a class="pult-link" href="{}">{}</a>',
                _("A CSS selector of the links to articles."),
                address,
                _("Choose them on the page, and see what would be collected"),
            )

    def clean_upload(self) -> File[bytes] | None:
        """Accept only JSON files and zips, no larger than the limit."""
        upload: File[bytes] | None = self.cleaned_data.get("upload")
        if isinstance(upload, RefusedUpload):
            raise forms.ValidationError(
                _("The file is larger than %(limit)s."), params={"limit": filesizeformat(upload_max_bytes())}
            )
        if upload is not None and not is_export(upload):
            raise forms.ValidationError(
                _("An export is a .json file, or a .zip of its folder. In Telegram Desktop choose the JSON format.")
            )
        if upload is not None and not upload.size:
            raise forms.ValidationError(_("The file is empty."))
        return upload

    def clean(self) -> dict[str, Any] | None:
        """A feed or page needs an address that may be fetched, a page the choice of its links; others need none."""
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("kind") or self.instance.kind
        if kind in ADDRESSED:
            self._check_address(cleaned)
        else:
            cleaned["url"] = ""
        if kind == Source.Kind.PAGE:
            self._check_selector(cleaned)
        else:
            cleaned["link_selector"] = ""
        if kind == Source.Kind.TELEGRAM:
            self.clean_channel_of(cleaned)
            self.name_channel(cleaned)
        elif not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", _("Give it a name."))
        return cleaned

    def _check_selector(self, cleaned: dict[str, Any]) -> None:
        selector = cleaned.get("link_selector") or ""
        problem = selector_problem(selector) if selector else str(_("Choose which links of the page are articles."))
        if problem:
            self.add_error("link_selector", problem)

    def _check_address(self, cleaned: dict[str, Any]) -> None:
        url = cleaned.get("url")
        if not url:
            if "url" not in self.errors:
                self.add_error("url", _("Give the address."))
            return
        try:
            checked_url(url, allow=allow_list())
        except PermanentError as exc:
            self.add_error("url", str(exc))


def is_export(upload: File[bytes]) -> bool:
    """Whether it has the name of an export."""
    return (upload.name or "").lower().endswith((".json", ".zip"))
