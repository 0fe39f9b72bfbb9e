"""What a person may say about a delivery that stopped."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.delivery.models import Delivery


class SettleForm(forms.ModelForm[Delivery]):
    """Words that go with a button; no column of the delivery is edited."""

    vendor_id = forms.CharField(
        label=_("id there"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("With “It is there”: its number or link, if you have it."),
    )
    reason = forms.CharField(
        label=_("why"),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("With “Give up”: so that others understand it later."),
    )

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()
