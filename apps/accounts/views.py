"""The switchers of workspace and language, and the page where an invited person sets a password."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.accounts.middleware import SESSION_KEY
from apps.accounts.models import User
from apps.accounts.requests import workspaces_of

LANGUAGE_COOKIE_AGE_S = 365 * 24 * 3600


def back_to(request: HttpRequest) -> HttpResponse:
    """A redirect to where the form was sent from, if that is here."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if target and safe else reverse("home"))


@require_POST
def workspace_choose(request: HttpRequest) -> HttpResponse:
    """Keep the switcher's choice in the session; an unknown or empty one stands for all."""
    chosen = request.POST.get("workspace", "")
    known = next((each.pk for each in workspaces_of(request) if str(each.pk) == chosen), None)
    if known is None:
        request.session.pop(SESSION_KEY, None)
    else:
        request.session[SESSION_KEY] = known
    return back_to(request)


@require_POST
def language_choose(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on: to the user where one is logged in, and to this browser."""
    answer = back_to(request)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=language)
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=LANGUAGE_COOKIE_AGE_S,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return answer


class WelcomeView(auth_views.PasswordResetConfirmView):
    """An invited person sets the first password by the link that the inviter passed on."""

    template_name = "accounts/welcome.html"
    form_class = SetPasswordForm  # type: ignore[assignment]
    success_url = reverse_lazy("admin:login")
    reset_url_token = "welcome"  # noqa: S105 - a word of the address
