"""The forms of channels and of moving publications."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.publishing.models import Channel
from apps.publishing.slugs import slug_free
from apps.publishing.widgets import KnownChatField
from apps.telegram.models import KnownChat

_LINK = re.compile(r"^(?:https?://)?t\.me/(?:s/)?([A-Za-z]\w{3,31})/?$")
_NAME = re.compile(r"^@[A-Za-z]\w{3,31}$")
_NUMBER = re.compile(r"^-?\d{1,19}$")


class ChannelForm(forms.ModelForm[Channel]):
    """A channel; what does not belong to its kind is neither asked nor kept."""

    # The chats that may be offered; set by the admin for the one request that the form is made for.
    known_chats: ClassVar[QuerySet[KnownChat] | None] = None

    known_chat = KnownChatField(
        label=_("Chat"),
        required=False,
        help_text=_("Where the bot was added. A channel that is missing: add the bot there, it appears in seconds."),
    )

    class Meta:
        model = Channel
        fields = ("kind", "name", "slug", "about", "bot", "chat_id", "footer", "is_public", "is_active")
        widgets = {"footer": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
        if "bot" in self.fields and self.instance.pk and self.instance.kind == Channel.Kind.TELEGRAM:
            self.fields["bot"].required = True
        if "chat_id" in self.fields:
            self.fields["chat_id"].label = _t("Or its name")
            self.fields["chat_id"].help_text = _t("@name of a public channel or group, or a link to it.")
        if "known_chat" in self.fields:
            self._offer_known_chats(self.fields["known_chat"])

    def _offer_known_chats(self, offered: Any) -> None:
        """Offer what the bots know, with the channel's own chat chosen; nothing where they know none."""
        offered.queryset = KnownChat.objects.none() if self.known_chats is None else self.known_chats
        own = self.instance
        if own.pk and own.bot_id and own.chat_id.lstrip("-").isdigit():
            present = offered.queryset.filter(bot=own.bot_id, chat_id=int(own.chat_id)).first()
            if present is not None:
                self.initial["known_chat"], self.initial["chat_id"] = present.pk, ""

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

    def _take_known_chat(self, values: dict[str, Any]) -> None:
        """A chosen chat is what the channel posts to, unless a name was typed."""
        known: KnownChat | None = values.get("known_chat")
        if known is None or "chat_id" not in self.fields or "chat_id" in self.errors:
            return
        if values.get("chat_id") and "chat_id" in self.changed_data:
            return
        if values.get("bot") is not None and known.bot_id != values["bot"].pk:
            self.add_error("known_chat", forms.ValidationError(_t("This bot has not been added to that chat.")))
            return
        values["chat_id"] = str(known.chat_id)
        self.instance.chat_kind = known.kind

    def clean(self) -> dict[str, Any] | None:
        """Ask for what the kind needs, drop what it has no use for, make an address where there is none."""
        super().clean()
        values = self.cleaned_data
        kind = values.get("kind") or self.instance.kind
        if kind == Channel.Kind.PREVIEW:
            values["bot"], values["chat_id"] = None, ""
            self.instance.bot, self.instance.chat_id = None, ""
            for name in ("bot", "chat_id", "known_chat"):
                self.errors.pop(name, None)
        else:
            self._take_known_chat(values)
            for name, words in (
                ("bot", _("Choose the bot that posts.")),
                ("chat_id", _("Choose the chat, or enter its name.")),
            ):
                if name in self.fields and not values.get(name) and name not in self.errors:
                    self.add_error(name, forms.ValidationError(words))
        if "slug" in self.fields and not values.get("slug") and "slug" not in self.errors:
            values["slug"] = self.instance.slug or slug_free(
                values.get("name") or "", lambda slug: Channel.objects.filter(slug=slug).exists()
            )
        return values
