"""The forms of channels and of moving publications."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.publishing.models import Channel
from apps.publishing.slugs import slug_free

_LINK = re.compile(r"^(?:https?://)?t\.me/(?:s/)?([A-Za-z]\w{3,31})/?$")
_NAME = re.compile(r"^@[A-Za-z]\w{3,31}$")
_NUMBER = re.compile(r"^-?\d{1,19}$")


class ChannelForm(forms.ModelForm[Channel]):
    """A channel; what does not belong to its kind is neither asked nor kept."""

    class Meta:
        model = Channel
        fields = ("kind", "name", "slug", "about", "bot", "chat_id", "footer", "is_public", "is_active")
        widgets = {"footer": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
        if "bot" in self.fields and self.instance.pk and self.instance.kind == Channel.Kind.TELEGRAM:
            self.fields["bot"].required = self.fields["chat_id"].required = True

    def clean_chat_id(self) -> str:
        """A chat's name or number; a link is taken too."""
        given = str(self.cleaned_data.get("chat_id", "")).strip()
        if link := _LINK.match(given):
            return f"@{link[1]}"
        if given and not (_NAME.match(given) or _NUMBER.match(given)):
            raise forms.ValidationError(
                _t("This is neither @name, nor a link such as https://t.me/name, nor a number such as -1001234567890.")
            )
        return given

    def clean(self) -> dict[str, Any] | None:
        """Ask for what the kind needs, drop what it has no use for, make an address where there is none."""
        super().clean()
        values = self.cleaned_data
        kind = values.get("kind") or self.instance.kind
        if kind == Channel.Kind.PREVIEW:
            values["bot"], values["chat_id"] = None, ""
            self.instance.bot, self.instance.chat_id = None, ""
            for name in ("bot", "chat_id"):
                self.errors.pop(name, None)
        else:
            for name, words in (("bot", _("Choose the bot that posts.")), ("chat_id", _("Enter the chat."))):
                if name in self.fields and not values.get(name) and name not in self.errors:
                    self.add_error(name, forms.ValidationError(words))
        if "slug" in self.fields and not values.get("slug") and "slug" not in self.errors:
            values["slug"] = self.instance.slug or slug_free(
                values.get("name") or "", lambda slug: Channel.objects.filter(slug=slug).exists()
            )
        return values
