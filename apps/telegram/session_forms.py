"""The form of a person's account. Its secrets go in and never come out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.core.errors import PermanentError
from apps.telegram.models import Session
from apps.telegram.proxies import proxy_check
from apps.telegram.services.sessions import LOGGED_IN
from apps.telegram.session_display import DOTS, masked

if TYPE_CHECKING:
    from django.forms import CheckboxInput as Switch
    from django.forms import PasswordInput as SecretWidget
else:
    from unfold.widgets import UnfoldAdminPasswordWidget as SecretWidget
    from unfold.widgets import UnfoldBooleanSwitchWidget as Switch

PHONE = re.compile(r"\+?\d{7,15}")
NOT_DIGITS = re.compile(r"[\s()\-.]")
API_HASH = re.compile(r"[0-9a-fA-F]{32}")
PROXY = re.compile(r"(socks5|http|mtproto)://\S+:\d{1,5}/?")


def secret(label: Any, *, length: int) -> forms.CharField:
    """A field whose value is never shown, not even a refused one."""
    widget = SecretWidget(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, required=False, strip=True, max_length=length, widget=widget)


class SessionForm(forms.ModelForm[Session]):
    """An account's name, phone, api_id and proxy."""

    new_phone = secret(_("Phone"), length=30)
    new_api_hash = secret(_("api_hash"), length=64)
    new_proxy = secret(_("Proxy"), length=500)
    drop_proxy = forms.BooleanField(label=_("Without a proxy from now on"), required=False, widget=Switch())

    class Meta:
        model = Session
        fields = ("name", "api_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance
        if "new_phone" in self.fields:
            self.explain("new_phone", masked(known.phone), _t("With the country's code, for example +7 900 000-00-00."))
            self.fields["new_phone"].required = not known.phone
            self.fields["new_phone"].widget.input_type = "tel"
        if "new_api_hash" in self.fields:
            self.explain("new_api_hash", DOTS if known.api_hash else "", _t("The 32 signs that belong to the api_id."))
        if "new_proxy" in self.fields:
            self.explain(
                "new_proxy",
                DOTS if known.proxy else "",
                _t("socks5://user:password@host:port, http://host:port or mtproto://secret@host:port. Empty: none."),
            )
        if "drop_proxy" in self.fields and not known.proxy:
            del self.fields["drop_proxy"]

    def explain(self, name: str, kept: str, words: str) -> None:
        """Say what is kept already, without its value."""
        field = self.fields[name]
        if kept:
            field.widget.attrs["placeholder"] = kept
            words = _t("%(words)s It is kept and not shown; write another one to replace it.") % {"words": words}
        field.help_text = words

    def clean_new_phone(self) -> str:
        """A phone number in one form: a plus and digits."""
        digits = NOT_DIGITS.sub("", self.cleaned_data["new_phone"])
        if not digits:
            return ""
        if not PHONE.fullmatch(digits):
            raise ValidationError(_t("Write the number with the country's code, digits only: +79000000000."))
        phone = f"+{digits.removeprefix('+')}"
        if self.instance.pk and self.instance.state in LOGGED_IN and phone != self.instance.phone:
            raise ValidationError(_t("Log the account out before you change its phone number."))
        return phone

    def clean_new_api_hash(self) -> str:
        """32 hexadecimal digits."""
        given: str = self.cleaned_data["new_api_hash"]
        if given and not API_HASH.fullmatch(given):
            raise ValidationError(_t("An api_hash has 32 signs, 0-9 and a-f. Copy all of it from my.telegram.org."))
        return given.lower()

    def clean_new_proxy(self) -> str:
        """An address of a kind that is known, and that may be connected to."""
        given: str = self.cleaned_data["new_proxy"]
        if given and not PROXY.fullmatch(given):
            raise ValidationError(_t("Write it as socks5://, http:// or mtproto://, with host and port."))
        if given:
            try:
                proxy_check(given)
            except PermanentError as exc:
                raise ValidationError(str(exc)) from exc
        return given

    def clean(self) -> dict[str, Any]:
        """api_id and api_hash together, or neither."""
        cleaned = super().clean() or self.cleaned_data
        has_hash = bool(cleaned.get("new_api_hash") or self.instance.api_hash)
        if cleaned.get("api_id") and not has_hash and "new_api_hash" not in self.errors:
            self.add_error("new_api_hash", _t("The api_id needs its api_hash."))
        if cleaned.get("new_api_hash") and not cleaned.get("api_id") and "api_id" not in self.errors:
            self.add_error("api_id", _t("The api_hash needs its api_id."))
        return cleaned

    @property
    def proxy(self) -> str | None:
        """The proxy as it is to be kept; None where it stays as it is."""
        if self.cleaned_data.get("drop_proxy"):
            return ""
        return self.cleaned_data.get("new_proxy") or None
