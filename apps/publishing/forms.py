"""The forms of channels and of moving publications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.validators import URLValidator
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.errors import PermanentError
from apps.publishing import markup
from apps.publishing.chat_names import chat_named
from apps.publishing.models import Channel
from apps.publishing.services.options import buttons_read, buttons_written
from apps.publishing.slugs import slug_free
from apps.publishing.statistics.links import UTM_NAMES
from apps.publishing.widgets import KnownChatField
from apps.telegram.models import KnownChat

if TYPE_CHECKING:
    from django.forms import PasswordInput as SecretWidget
else:
    from unfold.widgets import UnfoldAdminPasswordWidget as SecretWidget


class ChannelForm(forms.ModelForm[Channel]):
    """A channel; what does not belong to its kind is neither asked nor kept."""

    # The chats that may be offered; set by the admin for the one request that the form is made for.
    known_chats: ClassVar[QuerySet[KnownChat] | None] = None

    known_chat = KnownChatField(
        label=_("Chat"),
        required=False,
        help_text=_("Where the bot was added. A channel that is missing: add the bot there, it appears in seconds."),
    )

    buttons = forms.CharField(
        label=_("Buttons"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Under every publication, a row on each line: Words | https://address"),
    )

    hook_address = forms.CharField(
        label=_("Webhook’s address"),
        required=False,
        strip=True,
        max_length=1000,
        widget=SecretWidget(attrs={"autocomplete": "off"}),
    )
    hook_key = forms.CharField(
        label=_("Secret"),
        required=False,
        strip=True,
        min_length=16,
        max_length=200,
        widget=SecretWidget(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = Channel
        fields = (
            *("kind", "name", "slug", "about", "bot", "chat_id", "preset", "signature", "footer", "is_public"),
            *("has_feed", "is_active", "with_picture", "splits", "link_preview", "silent", "protect", "spoiler"),
            *("pin", "buttons", "short_links", "utm_source", "utm_medium", "utm_campaign"),
        )
        labels = {name: name for name in UTM_NAMES}
        widgets = {
            "signature": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "footer": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
        if self.instance.pk:
            self.initial["buttons"] = buttons_written(self.instance.buttons)
        if "bot" in self.fields and self.instance.pk and self.instance.kind == Channel.Kind.TELEGRAM:
            self.fields["bot"].required = True
        if "chat_id" in self.fields:
            self.fields["chat_id"].label = _t("Or its name")
            self.fields["chat_id"].help_text = _t("@name, number, or a link to the channel or to a message in it.")
        self._explain_hook()
        if "known_chat" in self.fields:
            self._offer_known_chats(self.fields["known_chat"])

    def _explain_hook(self) -> None:
        """Say what is kept, without showing it."""
        if "hook_address" not in self.fields:
            return
        address, key = self.fields["hook_address"], self.fields["hook_key"]
        address.help_text = _t("Publications are posted here as signed JSON. It is kept encrypted and not shown again.")
        key.help_text = _t("At least 16 characters, the same as at the receiver, who checks the signature with it.")
        if self.instance.pk and self.instance.hook_url:
            words = _t("Kept: %(address)s. Write another one to replace it.")
            address.help_text = words % {"address": self.instance.hook_shown}
            key.help_text = _t("A secret is kept; it is never shown. Write another one to replace it.")

    def clean_hook_address(self) -> str:
        """An address of the web."""
        given = str(self.cleaned_data.get("hook_address", ""))
        if given:
            try:
                URLValidator(schemes=["http", "https"])(given)
            except forms.ValidationError as exc:
                words = _t("This is no address: it looks like https://example.org/hook.")
                raise forms.ValidationError(words) from exc
        return given

    def _take_hook(self, values: dict[str, Any]) -> None:
        """Take what was typed; a new webhook needs both."""
        own = self.instance
        for name, kept, words in (
            ("hook_address", "hook_url", _("Write the address that publications are posted to.")),
            ("hook_key", "hook_secret", _("Write the secret that requests are signed with.")),
        ):
            if name not in self.fields or name in self.errors:
                continue
            if values.get(name):
                setattr(own, kept, values[name])
            elif not getattr(own, kept):
                self.add_error(name, forms.ValidationError(words))

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
        try:
            return chat_named(str(self.cleaned_data.get("chat_id", "")))
        except PermanentError as exc:
            raise forms.ValidationError(str(exc)) from exc

    def clean_buttons(self) -> list[list[dict[str, str]]]:
        """Rows of buttons."""
        try:
            return buttons_read(str(self.cleaned_data.get("buttons", "")))
        except PermanentError as exc:
            raise forms.ValidationError(str(exc)) from exc

    def clean_signature(self) -> str:
        """A text whose markup Telegram takes."""
        return self._marked_up("signature")

    def clean_footer(self) -> str:
        """A text whose markup Telegram takes."""
        return self._marked_up("footer")

    def _marked_up(self, name: str) -> str:
        text = str(self.cleaned_data.get(name, ""))
        if faults := markup.read(text).faults:
            raise forms.ValidationError(" ".join(faults))
        return text

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
        if kind != Channel.Kind.TELEGRAM:
            values["bot"], values["chat_id"] = None, ""
            self.instance.bot, self.instance.chat_id = None, ""
            for name in ("bot", "chat_id", "known_chat"):
                self.errors.pop(name, None)
            if kind == Channel.Kind.WEBHOOK:
                self._take_hook(values)
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
