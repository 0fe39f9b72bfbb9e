"""The screens of workspaces and members; those of users, audit, alerts and the schedule stand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.html import format_html
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts import access
from apps.accounts.admin_base import ReadOnly, WorkspaceModelAdmin, each
from apps.accounts.admin_schedule import PeriodicTaskAdmin
from apps.accounts.admin_users import UserAdmin
from apps.accounts.admin_watch import AlertAdmin, AuditEntryAdmin
from apps.accounts.forms import MemberForm, MemberRoleForm, WorkspaceForm
from apps.accounts.members import may_hand_link, member_invite, member_remove, member_set
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.requests import user_of
from apps.core.errors import PultError

if TYPE_CHECKING:
    from django.contrib.admin import TabularInline as UnfoldTabularInline
else:
    from unfold.admin import TabularInline as UnfoldTabularInline

__all__ = ["AlertAdmin", "AuditEntryAdmin", "MembershipAdmin", "PeriodicTaskAdmin", "UserAdmin", "WorkspaceAdmin"]

admin.site.unregister(Group)


class MembershipInline(ReadOnly, UnfoldTabularInline[Membership, Workspace]):
    """A workspace's members at a glance; each is changed on its own page."""

    model = Membership
    extra = 0
    fields = ("user", "role", "created_at")
    readonly_fields = fields
    show_change_link = True
    verbose_name_plural = _("Members")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see members of this workspace."""
        return access.can(user_of(request), "accounts.view_membership", obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        """With the people's names."""
        return super().get_queryset(request).select_related("user", "workspace")


@admin.register(Workspace)
class WorkspaceAdmin(WorkspaceModelAdmin[Workspace]):
    """A workspace's settings and members."""

    form = WorkspaceForm
    list_display = ("name", "slug", "time_zone", "language", "members", "ai_model")
    search_fields = ("name", "slug")
    ordering = ("name", "pk")
    inlines = (MembershipInline,)
    prepopulated_fields = {"slug": ("name",)}
    empty_text = _("Here will be your workspaces. Ask whoever runs Pult to make one.")
    fieldsets = (
        (None, {"fields": ("name", "slug", ("time_zone", "language"))}),
        (_("Keeping posts"), {"fields": ("retention_days", "removal_agreed")}),
        (
            _("Writing by AI"),
            {"fields": ("ai_api_url", "new_ai_key", "forget_ai_key", ("ai_model", "ai_daily_budget_usd"))},
        ),
        (_("Grouping by meaning"), {"fields": ("ai_second_look", "ai_embedding_model")}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Workspace]:
        """With the number of members, without the AI key where it is a list."""
        return super().get_queryset(request).annotate(members_count=models.Count("memberships"))

    @admin.display(description=_("members"), ordering="members_count")
    def members(self, row: Any) -> int:
        """How many people belong to it."""
        return int(row.members_count)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Workspace | None = None) -> dict[str, Any]:
        """Only while it is being made: an address that is in use stays."""
        return {} if obj else dict(super().get_prepopulated_fields(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Workspace | None = None) -> Any:
        """“Forget the key” is offered where there is one."""
        sets = super().get_fieldsets(request, obj)
        if obj is None or not obj.ai_api_key:
            for _title, options in sets:
                options["fields"] = [name for name in options["fields"] if name != "forget_ai_key"]
        return sets

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        """Say so where the key did not follow the address."""
        super().save_model(request, obj, form, change)
        if form.key_left_behind:
            words = _t("The address of the AI has changed, so its key was forgotten. Type the key of the new address.")
            messages.warning(request, words)


@admin.register(Membership)
class MembershipAdmin(WorkspaceModelAdmin[Membership]):
    """Who belongs to which workspace; every change goes through the services of `members`."""

    audit_saves = False
    list_display = ("user", "email", "role", "workspace", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "user__name")
    ordering = ("workspace__name", "user__email")
    actions = ("remove",)
    empty_text = _("Here will be the people of the workspace. Add one by e-mail.")

    @admin.display(description=_("e-mail"), ordering="user__email")
    def email(self, row: Membership) -> str:
        """The member's address."""
        return row.user.email or "—"

    def get_form(self, request: HttpRequest, obj: Membership | None = None, change: bool = False, **kwargs: Any) -> Any:
        """An e-mail and a role for a new member, the role alone for a present one."""
        kwargs["form"] = MemberForm if obj is None else MemberRoleForm
        form = super().get_form(request, obj, change=change, **kwargs)
        form.actor = user_of(request)
        return form

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:  # noqa: ARG002
        """Nobody's account changes hands: the user is fixed once added."""
        return ["workspace", "email", "name", "role"] if obj is None else ["user", "role", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[Any]:
        """Only the role changes."""
        extra = ["user", "created_at"] if obj else []
        return [*super().get_readonly_fields(request, obj), *extra]

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Through the services; a newcomer's first-password link is shown to the inviter."""
        actor = user_of(request)
        if change:
            member_set(workspace=obj.workspace, user=obj.user, role=obj.role, actor=actor)
            return
        made = member_invite(
            workspace=obj.workspace,
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            role=obj.role,
            actor=actor,
        )
        obj.pk, obj.user = made.pk, made.user
        obj._state.adding = False
        if may_hand_link(actor=actor, user=made.user):
            link = request.build_absolute_uri(welcome_path(made.user))
            text = _t("Pass this link on, it lets %(email)s set a password:") % {"email": made.user.email}
            messages.info(request, format_html("{} <code>{}</code>", text, link))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Through the service."""
        member_remove(membership=obj, actor=user_of(request))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's deletion, which would not tell refusals."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description=_("Remove from the workspace"), permissions=["delete"])
    def remove(self, request: HttpRequest, queryset: models.QuerySet[Membership]) -> None:
        """Through the service, one by one."""
        each(queryset, lambda row: member_remove(membership=row, actor=user_of(request))).tell(request)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A refusal that the form could not foresee comes back as a message."""
        return self.told(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A refusal (the last owner) comes back as a message."""
        return self.told(request, super().delete_view, *args, **kwargs)

    def told(self, request: HttpRequest, view: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Run the view; say a refusal and go back to the list."""
        try:
            answer: HttpResponse = view(request, *args, **kwargs)
        except PultError as exc:
            messages.error(request, str(exc))
            return HttpResponseRedirect(reverse("admin:accounts_membership_changelist"))
        return answer


def welcome_path(user: User) -> str:
    """The address where the user sets a first password; good until it is used or PASSWORD_RESET_TIMEOUT has passed."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("accounts:welcome", args=[uid, default_token_generator.make_token(user)])
