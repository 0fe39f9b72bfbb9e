"""The screens of people's accounts, for owners and managers: the list, the page, and logging in and out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.telegram.models import Peer, Session
from apps.telegram.services.sessions import (
    session_create,
    session_delete,
    session_pause,
    session_resume,
    session_update,
)
from apps.telegram.session_display import budgets_shown, masked, reading_shown, state_shown, state_with_way
from apps.telegram.session_forms import SessionForm
from apps.telegram.session_steps import context_of, step_taken

STATE = ("state_on_page", "reading", "telegram_name", "problem", "checked_at", "budgets", "channels")


@admin.register(Session)
class SessionAdmin(WorkspaceModelAdmin[Session]):
    """Accounts; every change goes through the services, and Telegram is asked outside any transaction."""

    form = SessionForm
    audit_saves = False
    list_display = ("name", "telegram_name", "state_in_words", "reading", "channels", "checked_at")
    list_filter = ("state", "is_paused")
    search_fields = ("name", "username")
    list_select_related = ("workspace",)
    actions = ("pause_sessions", "resume_sessions")
    actions_detail = ("login",)
    empty_text = _(
        "Here will be the Telegram accounts that read channels for you. Add one with its phone number; the next page "
        "leads you through the log-in."
    )
    readonly_fields = STATE
    fieldsets = (
        (None, {"fields": ("name", "new_phone")}),
        (
            _("Connection"),
            {
                "fields": ("api_id", "new_api_hash", "new_proxy", "drop_proxy"),
                "description": _("Leave it empty to connect as the installation does."),
            },
        ),
        (_("State"), {"fields": STATE}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Session]:
        """With the number of channels that each knows."""
        known = Peer.objects.filter(session=OuterRef("pk")).order_by().values("session").annotate(n=Count("pk"))
        return super().get_queryset(request).annotate(peers_count=Coalesce(Subquery(known.values("n")), 0))

    def get_fieldsets(self, request: HttpRequest, obj: Session | None = None) -> Any:
        """Without a state for one that is only being added, and without a proxy to drop where there is none."""
        sets = super().get_fieldsets(request, obj)
        if obj is None:
            sets = sets[:2]
        if obj is None or not obj.proxy:
            for _title, options in sets:
                options["fields"] = [name for name in options["fields"] if name != "drop_proxy"]
        return sets

    @admin.display(description=_("in Telegram"), ordering="username")
    def telegram_name(self, row: Session) -> str:
        """Who logged in, or the phone that will."""
        return f"@{row.username}" if row.username else masked(row.phone) or "—"

    @admin.display(description=_("state"), ordering="state")
    def state_in_words(self, row: Session) -> SafeString:
        """The state of the login."""
        return state_shown(row)

    @admin.display(description=_("state"))
    def state_on_page(self, row: Session) -> SafeString:
        """The state, with the way to the log-in."""
        return state_with_way(row, login_address(row))

    @admin.display(description=_("reads"), empty_value="—")
    def reading(self, row: Session) -> SafeString | None:
        """Whether a process reads with it now."""
        return reading_shown(row)

    @admin.display(description=_("limits"))
    def budgets(self, row: Session) -> SafeString | str:
        """What it may still ask, and its waits."""
        return budgets_shown(row)

    @admin.display(description=_("channels known"), ordering="peers_count")
    def channels(self, row: Session) -> int:
        """How many channels it has found."""
        count: int = getattr(row, "peers_count", 0)
        return count

    # Saving

    def save_model(self, request: HttpRequest, obj: Session, form: Any, change: bool) -> None:
        """Through the services."""
        actor, told = user_of(request), form.cleaned_data
        if change:
            session_update(
                session=obj,
                name=told.get("name", obj.name),
                api_id=told.get("api_id"),
                phone=told.get("new_phone") or None,
                api_hash=(told.get("new_api_hash") or None) if told.get("api_id") else "",
                proxy=form.proxy,
                actor=actor,
            )
            return
        made = session_create(
            workspace=obj.workspace,
            name=obj.name,
            phone=told["new_phone"],
            api_id=told.get("api_id"),
            api_hash=told.get("new_api_hash", ""),
            proxy=form.proxy or "",
            actor=actor,
        )
        obj.__dict__.update(made.__dict__)

    def response_add(self, request: HttpRequest, obj: Session, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """On to the log-in."""
        return HttpResponseRedirect(login_address(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One that is logged in is logged out first, so that Telegram forgets it too."""
        may = super().has_delete_permission(request, obj)
        return may and not (isinstance(obj, Session) and obj.state == Session.State.ACTIVE)

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        """Through the service."""
        session_delete(session=obj, actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Session]) -> None:
        """Through the service, one by one."""
        each(queryset, lambda session: session_delete(session=session, actor=user_of(request))).tell(request)

    # Actions

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause_sessions(self, request: HttpRequest, queryset: models.QuerySet[Session]) -> None:
        """Stop reading with them; they stay logged in."""
        each(queryset, lambda session: session_pause(session=session, actor=user_of(request))).tell(request)

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume_sessions(self, request: HttpRequest, queryset: models.QuerySet[Session]) -> None:
        """Read with them again."""
        each(queryset, lambda session: session_resume(session=session, actor=user_of(request))).tell(request)

    @action(  # type: ignore[untyped-decorator]
        description=_("Log in or out"), url_path="login", permissions=["change", "session.manage"]
    )
    def login(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The step of the login that is due, or the way out of it."""
        session = self.get_object(request, object_id)
        if session is None:
            return HttpResponseRedirect(reverse("admin:telegram_session_changelist"))
        if request.method == "POST":
            try:
                done = step_taken(session, request.POST, actor=user_of(request))
            except PultError as exc:
                messages.error(request, str(exc))
            else:
                if done:
                    messages.success(request, done)
            return HttpResponseRedirect(login_address(session))
        context = {
            **self.admin_site.each_context(request),
            **context_of(session, leaves="leave" in request.GET),
            "title": _t("Log-in of “%(account)s”") % {"account": session.name},
            "opts": self.opts,
            "page_address": reverse("admin:telegram_session_change", args=[session.pk]),
        }
        return TemplateResponse(request, "telegram/session_login.html", context)


def login_address(session: Session) -> str:
    """The address of an account's log-in."""
    return reverse("admin:telegram_session_login", args=[session.pk])
