"""The admin site: who enters, how they log in, what stands in its frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
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

    def get_urls(self) -> list[Any]:
        """unfold's and Django's, with the way to a row's public page closed for rows that the user does not see."""
        patterns = super().get_urls()
        for pattern in patterns:
            if getattr(pattern, "name", None) == "view_on_site":
                pattern.callback = self.admin_view(self.public_page)
        return patterns

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """All models by their apps, looked up only where a page shows them: the sidebar is our own."""
        return SimpleLazyObject(lambda: super(PultAdminSite, self).get_app_list(request, app_label))

    def public_page(self, request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
        """Go to a row's own page, if the row is the user's.

        Raises:
            Http404: it is not, or it has no admin or no page.
        """
        kind = ContentType.objects.filter(pk=content_type_id).first() if content_type_id.isdigit() else None
        model = kind.model_class() if kind else None
        shown_by = self._registry.get(model) if model else None
        row = shown_by.get_object(request, object_id) if shown_by else None
        address = row.get_absolute_url() if row is not None and hasattr(row, "get_absolute_url") else ""
        if not address:
            raise Http404
        return HttpResponseRedirect(address)

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
