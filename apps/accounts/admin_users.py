"""The screen of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts import access
from apps.accounts.admin_base import ReadOnly, WorkspaceModelAdmin
from apps.accounts.models import Membership, User
from apps.accounts.requests import shown_of, user_of, workspaces_of

if TYPE_CHECKING:
    from django.contrib.admin import TabularInline as UnfoldTabularInline
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
else:
    from unfold.admin import TabularInline as UnfoldTabularInline
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm


class UserMembershipInline(ReadOnly, UnfoldTabularInline[Membership, User]):
    """The user's roles, in the workspaces that the viewer sees."""

    model = Membership
    extra = 0
    fields = ("workspace", "role", "created_at")
    readonly_fields = fields
    verbose_name_plural = _("Workspaces")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Whoever may see members."""
        return access.can(user_of(request), "accounts.view_membership")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        """Other workspaces stay unseen."""
        return access.scoped(super().get_queryset(request).select_related("workspace"), workspaces_of(request))


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], WorkspaceModelAdmin[User]):  # type: ignore[misc]
    """People. Managers look at those of their workspaces; only a superuser edits accounts."""

    workspace_path = "memberships__workspace"
    form = UserChangeForm  # type: ignore[assignment]
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "roles", "is_active", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email", "pk")
    filter_horizontal = ()
    inlines = (UserMembershipInline,)
    empty_text = _("Here will be the people of your workspaces. Add one under “Members”.")
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "telegram_id")}),
        (_("Access"), {"fields": ("is_active", "is_superuser", "last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "language", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")

    def of(self, rows: models.QuerySet[User], workspaces: Any) -> models.QuerySet[User]:
        """People who belong to one of the workspaces."""
        return rows.filter(memberships__workspace__in=list(workspaces)).distinct()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        """With the roles that the viewer sees; everybody for a superuser, who also sees people without a workspace."""
        is_all = user_of(request).is_superuser
        rows = User.objects.order_by(*self.ordering) if is_all else super().get_queryset(request)
        seen = Membership.objects.filter(workspace__in=shown_of(request)).select_related("workspace")
        return rows.prefetch_related(models.Prefetch("memberships", queryset=seen, to_attr="seen_memberships"))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """By e-mail and name."""
        return WorkspaceModelAdmin.get_search_results(self, request, queryset, search_term)

    def allows(self, request: HttpRequest, verb: str, obj: Any = None) -> bool:
        """Rows of people have no workspace of their own: the right in any shared one counts."""
        user = user_of(request)
        if obj is None:
            return access.can(user, verb)
        if user.is_superuser:
            return True
        row = obj if isinstance(obj, User) else self.get_object(request, str(obj))
        if row is None:
            return False
        shared = set(row.memberships.values_list("workspace_id", flat=True))
        return any(access.can(user, verb, workspace) for workspace in shared)

    @admin.display(description=_("roles"))
    def roles(self, row: User) -> str:
        """Role and workspace, of those that are seen."""
        seen: list[Membership] = getattr(row, "seen_memberships", [])
        return ", ".join(f"{each.workspace}: {each.get_role_display()}" for each in seen) or "—"

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Addresses are kept in one spelling."""
        obj.email = User.objects.normalize_email(obj.email) or None
        obj.is_staff = obj.is_superuser or obj.is_staff
        super().save_model(request, obj, form, change)
