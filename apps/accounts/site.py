"""The admin site: who enters, how they log in, what stands in its frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from apps.accounts import access
from apps.accounts.forms import LoginForm
from apps.accounts.limits import client_address, login_limited
from apps.accounts.requests import user_of
from apps.accounts.services import login_record

if TYPE_CHECKING:
    from django.contrib.admin.sites import AdminSite as UnfoldAdminSite
else:
    from unfold.sites import UnfoldAdminSite


class PultAdminSite(UnfoldAdminSite):
    """The back office. Roles open it; the same log-in serves clients, who land on their own page."""

    login_form = LoginForm
    index_title = gettext_lazy("Today")
    index_template = "desk/dashboard.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.login_form = LoginForm

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever works in a workspace, that is every role but a client."""
        return access.has_back_office(request.user)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Log in, at most five times a minute for one e-mail from one address."""
        if request.method == "GET" and request.user.is_authenticated and not self.has_permission(request):
            return HttpResponseRedirect(reverse("home"))
        if request.method == "POST" and login_limited(request):
            return self.login_refused(request)
        answer = super().login(request, extra_context)
        if request.method == "POST" and request.user.is_authenticated and answer.status_code == 302:
            user = user_of(request)
            login_record(email=user.email or "", address=client_address(request), user=user, succeeded=True)
            if not self.has_permission(request):
                return HttpResponseRedirect(reverse("home"))
        return answer

    def login_refused(self, request: HttpRequest) -> HttpResponse:
        """The log-in page with the reason, status 429."""
        messages.error(request, _("Too many tries. Wait a minute and log in again."))
        request.method = "GET"
        answer = super().login(request)
        answer.status_code = 429
        answer["Retry-After"] = "60"
        return answer
