"""The work behind the statistics: looks at publications, by what is known here and by accounts."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_work import WorkRowAdmin
from apps.publishing.models import AccountLook, MessageLook


@admin.register(MessageLook)
class MessageLookAdmin(WorkRowAdmin[MessageLook]):
    """Looks at publications, newest first."""

    about = ("publication", "age_h")
    list_select_related = ("publication__channel",)
    empty_text = _("Each publication that is out is looked at an hour, a day, a week after; the next look stands here.")


@admin.register(AccountLook)
class AccountLookAdmin(WorkRowAdmin[AccountLook]):
    """Looks that an account takes in Telegram, newest first."""

    about = ("publication", "age_h", "session", "problem")
    list_select_related = ("publication__channel", "session")
    empty_text = _("Where an account of the workspace can read a channel, its looks at publications stand here.")
