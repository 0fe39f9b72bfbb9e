"""What the page of a Telegram channel tells: who reads it, and how far it is read."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.clock import now
from apps.sources.admin_display import moment
from apps.sources.models import AccountAsk, Post, Source
from apps.telegram.models import Budget


class ChannelScreens:
    """The facts of a channel, below what is asked."""

    @admin.display(description=gettext_lazy("Telegram account"))
    def account(self, source: Source) -> str:
        """Who reads it; what the account waits for, where it does."""
        if source.session is None:
            return _("None yet. It is chosen by itself once an account is logged in.")
        name = str(source.session)
        if source.paused_code:
            return tried_again_words(source, name)
        if not source.username and source.chat_id is not None:
            name = _("%(account)s. The channel has no public name: only accounts that are in it can read it.") % {
                "account": name
            }
        waits = Budget.objects.filter(
            session=source.session, operation=Budget.Operation.HISTORY, waits_until__gt=now()
        ).first()
        if waits is None or waits.waits_until is None:
            return name
        until = date_format(timezone.localtime(waits.waits_until), "SHORT_DATETIME_FORMAT")
        return _("%(account)s · Telegram asked it to wait until %(until)s.") % {"account": name, "until": until}

    @admin.display(description=gettext_lazy("read so far"))
    def read_so_far(self, source: Source) -> SafeString | str:
        """How far forward, and how far back."""
        if source.last_ok_at is None or not source.read_to_id:
            return _("Nothing yet.")
        forward = format_html("{} {}", _("New posts:"), moment(source.last_ok_at) or "")
        back = back_words(source)
        return format_html("{}<br>{}", forward, back) if back else forward


def tried_again_words(source: Source, name: str) -> str:
    """When a channel that is closed to its accounts is tried again by itself."""
    waiting = (
        AccountAsk.objects.live().filter(source=source, what=AccountAsk.What.REGAIN).order_by("not_before").first()
    )
    if waiting is None:
        return _("%(account)s · It is not tried again by itself; resume the source to try.") % {"account": name}
    when = date_format(timezone.localtime(waiting.not_before), "SHORT_DATETIME_FORMAT")
    return _("%(account)s · Pult tries by itself again at %(when)s.") % {"account": name, "when": when}


def back_words(source: Source) -> str:
    """How far back a channel is read, and whether it goes on."""
    if not (source.backfill_posts or source.backfill_from) or source.backfilled_to is None:
        return ""
    posts = Post.objects.filter(source=source).count()
    told = {
        "date": date_format(timezone.localtime(source.backfilled_to), "DATE_FORMAT"),
        "posts": ngettext("%(n)s post", "%(n)s posts", posts) % {"n": number_format(posts, force_grouping=True)},
    }
    if source.reads_back:
        return _("Read back to %(date)s, %(posts)s; going on.") % told
    if source.backfill_id == 0:
        return _("Read back to the channel's beginning, %(date)s, %(posts)s.") % told
    return _("Read back to %(date)s, %(posts)s.") % told
