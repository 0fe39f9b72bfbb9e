"""The list of looks at channels."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_work import WorkRowAdmin
from apps.publishing.models import ChannelCheck


@admin.register(ChannelCheck)
class ChannelCheckAdmin(WorkRowAdmin[ChannelCheck]):
    """Looks at channels: what waits, and what failed."""

    about = ("channel",)
    list_select_related = ("channel",)
    empty_text = _("Every Telegram channel is looked at now and then; the next look of each stands here.")
