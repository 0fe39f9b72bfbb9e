"""The screens that add channels without a public name: by an invitation, or of those that an account is in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_ratelimit.core import is_ratelimited
from unfold.decorators import action

from apps.accounts.access import can, permitted
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.reports import reason_of
from apps.accounts.requests import shown_of, user_of, workspaces_of
from apps.core.errors import PultError
from apps.sources import private_pages
from apps.sources.models import Invitation, Source
from apps.sources.parsers.channel_address import invitation_hash
from apps.sources.services import invitations
from apps.telegram.models import Session

ADD = "sources.add_source"
STEP_RATE = "20/m"
LINK_MAX = 300


class PrivateScreens(WorkspaceModelAdmin[Source]):
    """The way to add a channel that has no public name."""

    actions_list: Any = ("private_channel",)

    @action(description=gettext_lazy("Add a private channel"), permissions=["add"])  # type: ignore[untyped-decorator]
    def private_channel(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """The way there from the list."""
        return HttpResponseRedirect(reverse("admin:sources_source_private"))

    def get_urls(self) -> list[URLPattern]:
        """The two screens, before the addresses of single sources."""
        view = self.admin_site.admin_view
        return [
            path("private/", view(self.private_view), name="sources_source_private"),
            path("private/<int:number>/", view(self.invitation_view), name="sources_source_invitation"),
            *super().get_urls(),
        ]

    # Choosing

    def private_view(self, request: HttpRequest) -> HttpResponse:
        """An account; then a link for it, or one of the channels that it is in."""
        workspaces = permitted(user_of(request), ADD, shown_of(request))
        if not workspaces:
            raise PermissionDenied
        accounts = private_pages.accounts_of(workspaces)
        account = private_pages.chosen_of(accounts, (request.POST or request.GET).get("account", ""))
        typed, problem = request.POST.get("link", "").strip()[:LINK_MAX], ""
        if request.method == "POST":
            try:
                return self.private_step(request, account, typed)
            except (PultError, ValidationError) as exc:
                problem = reason_of(exc)
        context = {
            **self.admin_site.each_context(request),
            "title": _("New source: a private channel"),
            "accounts": accounts,
            "account": account,
            "may_add_account": can(user_of(request), "session.manage"),
            "listing": private_pages.listing_of(account) if account else None,
            "open": private_pages.invitations_open(workspaces),
            "typed": typed,
            "problem": problem,
            "back": reverse("admin:sources_source_changelist"),
        }
        return render(request, "sources/private.html", context, status=400 if problem else 200)

    def private_step(self, request: HttpRequest, account: Session | None, typed: str) -> HttpResponse:
        """Do what was pressed.

        Raises:
            PultError, ValidationError: it is refused; the words say why.
        """
        if account is None:
            raise PultError(_("Log a Telegram account in first."))
        actor, step = user_of(request), request.POST.get("step", "")
        self.private_paced(request)
        if step == "check":
            found = invitations.invitation_check(session=account, link=invitation_hash(typed), actor=actor)
            return HttpResponseRedirect(reverse("admin:sources_source_invitation", args=[found.pk]))
        if step == "list":
            invitations.channels_list(session=account, actor=actor)
        elif step == "read":
            chat = request.POST.get("chat", "")
            chat_id = int(chat) if chat.isascii() and chat.isdigit() and len(chat) < 19 else 0
            return self.private_read(
                invitations.channel_read_by(session=account, chat_id=chat_id, actor=actor), request
            )
        return HttpResponseRedirect(f"{reverse('admin:sources_source_private')}?account={account.pk}")

    def private_paced(self, request: HttpRequest) -> None:
        """Keep presses apart; Telegram's own limits are kept where it is asked.

        Raises:
            PultError: too many in a minute.
        """
        user = str(user_of(request).pk)
        if is_ratelimited(request, group="private", key=lambda *_ignored: user, rate=STEP_RATE, increment=True):
            raise PultError(_("So many questions in a minute are enough. Wait a little."))

    def private_read(self, source: Source, request: HttpRequest) -> HttpResponse:
        """On to the source that reads the channel."""
        messages.success(request, _("“%(source)s” is being read.") % {"source": source.name})
        return HttpResponseRedirect(reverse("admin:sources_source_change", args=[source.pk]))

    # One invitation

    def invitation_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """What an invitation opens, and the buttons that its state allows."""
        workspaces = permitted(user_of(request), ADD, workspaces_of(request))
        if not workspaces:
            raise PermissionDenied
        rows = Invitation.objects.filter(workspace__in=workspaces).select_related("session", "source", "workspace")
        invitation = rows.filter(pk=number).first()
        if invitation is None:
            raise Http404
        if request.method == "POST":
            return self.invitation_step(request, invitation)
        context = {
            **self.admin_site.each_context(request),
            "title": invitation.title or _("Invitation"),
            "invitation": invitation,
            "standing": private_pages.standing_of(invitation),
            "back": f"{reverse('admin:sources_source_private')}?account={invitation.session_id}",
        }
        return render(request, "sources/invitation.html", context)

    def invitation_step(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        """Do what was pressed; the page says what is refused."""
        actor, step = user_of(request), request.POST.get("step", "")
        here = reverse("admin:sources_source_invitation", args=[invitation.pk])
        try:
            self.private_paced(request)
            if step == "read":
                return self.private_read(invitations.invitation_read(invitation=invitation, actor=actor), request)
            if step == "drop":
                invitations.invitation_drop(invitation=invitation, actor=actor)
                return HttpResponseRedirect(reverse("admin:sources_source_private"))
            if step == "join":
                invitations.invitation_join(invitation=invitation, actor=actor)
            elif step == "look":
                invitations.invitation_look(invitation=invitation, actor=actor)
        except (PultError, ValidationError) as exc:
            messages.error(request, reason_of(exc))
        return HttpResponseRedirect(here)
