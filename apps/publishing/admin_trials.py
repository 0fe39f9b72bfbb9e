"""The page that sends a test message to a channel and shows what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.publishing.models import Channel, ChannelTest
from apps.publishing.services import trials, ways
from apps.publishing.tags import tag

if TYPE_CHECKING:
    Base = WorkspaceModelAdmin[Channel]
else:
    Base = object

REFRESH_S = "3"
Result = ChannelTest.Result
TONES = {
    Result.WAITING: "waiting",
    Result.SENT: "done",
    Result.DELETED: "done",
    Result.ARRIVED: "done",
    Result.LEFT: "warning",
    Result.FAILED: "error",
    Result.UNKNOWN: "warning",
}
MENDS = {
    Result.LEFT: _("Delete it in Telegram by hand; then look what the bot may do there."),
    Result.FAILED: _("Put it right, press “Check”, then send another one."),
    Result.UNKNOWN: _("Look into the channel and say in the delivery whether it is there; then it is deleted."),
}


class TrialMixin(Base):
    """The button “Send a test message”."""

    def has_trial_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether something leaves to this channel, and the user may try it."""
        row = obj if obj is None or isinstance(obj, Channel) else self.get_object(request, str(obj))
        fits = row is None or Channel.Kind(row.kind) in ways.TEST
        return fits and self.allows(request, "channel.manage", row)

    @action(  # type: ignore[untyped-decorator]
        description=_("Test message"), url_path="test", permissions=["trial"]
    )
    def test_channel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once, send it, and show what becomes of it."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_trial_permission(request, row):
            raise Http404
        if request.method == "POST":
            try:
                trials.channel_test(channel=row, editor=user_of(request))
            except PultError as exc:
                messages.error(request, str(exc))
            return HttpResponseRedirect(reverse("admin:publishing_channel_test_channel", args=[row.pk]))
        last = ChannelTest.objects.filter(channel=row).select_related("delivery", "removal", "asked_by").first()
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Test message to “%(channel)s”") % {"channel": row.name},
            "opts": self.opts,
            "row": row,
            "zone": row.workspace.zone,
            "seconds": trials.SECONDS,
            "is_telegram": row.kind == Channel.Kind.TELEGRAM,
            "last": last,
            "tone": TONES[Result(last.result)] if last else "",
            "mend": MENDS.get(Result(last.result), "") if last else "",
            "is_live": last is not None and last.ended_at is None,
        }
        answer = TemplateResponse(request, "publishing/channel_test.html", context)
        if last is not None and last.ended_at is None and last.result != Result.UNKNOWN:
            answer["Refresh"] = REFRESH_S  # what becomes of it is seen without a script
        return answer


def test_shown(channel: Channel) -> SafeString | None:
    """What became of the last test message, for the channel's page."""
    last = ChannelTest.objects.filter(channel=channel).first()
    if last is None:
        return None
    shown = format_html("{} {}", tag(TONES[Result(last.result)], last.get_result_display()), last.problem)
    address = reverse("admin:publishing_channel_test_channel", args=[channel.pk])
    return format_html('{} · <a class="pult-link" href="{}">{}</a>', shown, address, _t("more"))
