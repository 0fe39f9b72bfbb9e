"""The pick list of chats that bots know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.telegram.models import KnownChat

if TYPE_CHECKING:
    from django.forms import Select as ListWidget
else:
    from unfold.widgets import UnfoldAdminSelectWidget as ListWidget


class KnownChatWidget(ListWidget):
    """A list whose lines say which bot knows the chat, so that the page can show the chosen bot's alone."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """A line with its bot's key and the chat's title."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        chat = getattr(value, "instance", None)
        if isinstance(chat, KnownChat):
            option["attrs"] |= {"data-bot": str(chat.bot_id), "data-title": chat.title}
        return option


class KnownChatField(forms.ModelChoiceField[KnownChat]):
    """A chat that a bot was told of."""

    widget = KnownChatWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(KnownChat.objects.none(), empty_label=_("— by its name —"), **options)

    def label_from_instance(self, chat: KnownChat) -> str:
        """The chat's name, what it is, and by which bot it is known."""
        words = f"{chat} · {chat.get_kind_display()} · {chat.bot.name}"
        return words if chat.is_open else f"{words} · {_t('no right to post')}"
