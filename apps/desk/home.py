"""The first page: the desk for those who work in it, a list of preview channels for clients."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.access import has_back_office, roles_of
from apps.accounts.requests import user_of
from apps.publishing.models import Channel


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Send editors to the desk; show clients the preview channels of their workspaces."""
    user = user_of(request)
    if has_back_office(user):
        return redirect("admin:index")
    channels = (
        Channel.objects.filter(workspace__in=list(roles_of(user)), kind=Channel.Kind.PREVIEW, is_active=True)
        .select_related("workspace")
        .order_by("workspace__name", "name")
    )
    return render(request, "accounts/home.html", {"channels": channels})
