"""The screen that applies filters to past posts: what would change, then one button."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.accounts.requests import user_of
from apps.core.clock import now
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.filters.chains import Owner
from apps.sources.filters_screen import APPLY_DAYS, place_of


def apply_screen(request: HttpRequest, owner: Owner) -> HttpResponse:
    """What the saved rules would change in the posts of the last days; a POST changes it."""
    place = place_of(owner)
    if not place.may_change(request):
        raise PermissionDenied
    asked = (request.POST if request.method == "POST" else request.GET).get("days", "")
    days = int(asked) if asked in {str(one) for one in APPLY_DAYS} else APPLY_DAYS[0]
    try:
        report = services.filters_apply(
            owner=owner,
            since=now() - timedelta(days=days),
            actor=user_of(request),
            is_rehearsal=request.method != "POST",
        )
    except PultError as exc:
        messages.warning(request, str(exc))
        return HttpResponseRedirect("../")
    if request.method == "POST":
        words = _("Done. Dropped: %(dropped)d, kept again: %(kept)d, left in stories: %(held)d.")
        messages.success(request, words % {"dropped": report.dropped, "kept": report.kept, "held": report.held})
        return HttpResponseRedirect("../")
    context = {
        **admin.site.each_context(request),
        "title": place.title,
        "place": place,
        "rules_url": request.path.removesuffix("apply/"),
        "report": report,
        "days": days,
        "nothing": not report.dropped and not report.kept,
    }
    return render(request, "sources/filters_apply.html", context)
