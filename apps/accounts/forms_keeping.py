"""The part of a form that shortens how long posts are kept: it says what will go and asks once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django.forms import CheckboxSelectMultiple as ChoicesWidget
else:
    from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as ChoicesWidget

FIELDS = ("retention_days", "removal_agreed")


class KeepingFormPart(forms.Form):
    """`retention_days` with the number of posts that it would remove; saved only once a person has agreed to it."""

    removal_agreed = forms.CharField(label=_("what will be removed"), required=False, widget=forms.HiddenInput)
    initial_days: ClassVar[int | None] = None

    def removal_of(self, days: int | None) -> int:
        """How many posts this time of keeping would remove at once."""
        raise NotImplementedError

    def effective_days(self, days: int | None) -> int:
        """The days that count: 0 is for ever."""
        return days or 0

    def check_removal(self, before: int | None) -> None:
        """Refuse a time that removes posts until the person has ticked how many; call it in `clean`."""
        if "retention_days" not in self.fields or "retention_days" in self.errors:
            return
        days = self.cleaned_data.get("retention_days")
        effective = self.effective_days(days)
        if effective == 0 or effective == self.effective_days(before):
            return
        posts = self.removal_of(days)
        if posts == 0 or self.cleaned_data.get("removal_agreed") == str(effective):
            return
        words = ngettext("Remove %(number)s post for good", "Remove %(number)s posts for good", posts) % {
            "number": number_format(posts, force_grouping=True)
        }
        self.fields["removal_agreed"].widget = ChoicesWidget(choices=[(str(effective), words)])
        message = _t(
            "%(number)s posts are older than %(days)d days and will be removed within six hours. Those that a worked "
            "story uses stay. Tick to agree and save again, or give more days."
        )
        self.add_error(
            "removal_agreed", message % {"number": number_format(posts, force_grouping=True), "days": effective}
        )


def without_agreement(names: list[Any]) -> list[Any]:
    """Names of changed fields that are stored."""
    return [name for name in names if name != "removal_agreed"]
