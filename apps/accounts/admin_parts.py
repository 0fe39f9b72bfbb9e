"""What the base admin is made of: the capped paginator, read-only rights, scoped forms and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.filters import RelatedFieldListFilter
from django.core import checks
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.accounts import access
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of

if TYPE_CHECKING:
    from django.contrib.admin.checks import ModelAdminChecks as UnfoldModelAdminChecks
    from django.forms import ModelForm
else:
    from unfold.checks import UnfoldModelAdminChecks

COUNT_CAP = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than `COUNT_CAP` rows, so that a list of a million opens as fast as a list of ten."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or the cap where there are more."""
        rows = self.object_list
        if isinstance(rows, models.QuerySet):
            unordered = rows if rows.query.is_sliced else rows.order_by()
            return unordered[:COUNT_CAP].count()
        return len(rows)


class WorkspaceAdminChecks(UnfoldModelAdminChecks):
    """Django's checks, which also know that an action may name a verb of `access.VERBS`."""

    def check(self, admin_obj: Any, **kwargs: Any) -> list[Any]:
        """All errors but those about our own verbs."""
        verbs = {f"has_{verb}_permission()" for verb in access.VERBS}
        return [error for error in super().check(admin_obj, **kwargs) if not any(verb in error.msg for verb in verbs)]

    def _check_unfold_action_permission_methods(self, obj: Any) -> list[Any]:
        """unfold looks dotted names up in the database; ours are in a table in code."""
        named = (
            (action, name)
            for action in [*obj._get_base_actions_list(), *obj._get_base_actions_detail(), *obj._get_base_actions_row()]
            for name in getattr(action.method, "allowed_permissions", ())
        )
        return [
            checks.Error(
                f"{obj!r}: the action {action.action_name} asks for an unknown permission “{name}”.", obj=type(obj)
            )
            for action, name in named
            if access.least_role(name) is None and not hasattr(obj, f"has_{name}_permission")
        ]


class ReadOnly:
    """Rows that nobody edits here."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Never."""
        return False


def scoped_form(form: type[ModelForm[Any]], workspace: Workspace | None) -> type[ModelForm[Any]]:
    """The form, with its row's workspace set before validation and related rows held to the same workspace."""

    class ScopedForm(form):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if workspace is not None and self.instance.pk is None:
                self.instance.workspace = workspace

        def _get_validation_exclusions(self) -> set[str]:
            return set(super()._get_validation_exclusions()) - {"workspace"}

        def clean(self) -> dict[str, Any] | None:
            cleaned: dict[str, Any] | None = super().clean()
            values = self.cleaned_data if cleaned is None else cleaned
            chosen = values.get("workspace")
            owner = chosen.pk if isinstance(chosen, Workspace) else getattr(self.instance, "workspace_id", None)
            for name, value in values.items():
                if owner is not None and isinstance(value, models.Model) and not isinstance(value, Workspace):
                    other = access.workspace_id_of(value)
                    if other is not None and other != owner:
                        self.add_error(name, forms.ValidationError(_("It belongs to another workspace.")))
            return cleaned

    ScopedForm.__name__ = form.__name__
    return ScopedForm


def scoped_related_filter(base: type[RelatedFieldListFilter]) -> type[RelatedFieldListFilter]:
    """A filter by a related row that lists only rows of the workspaces shown."""

    class ScopedRelatedFilter(base):  # type: ignore[misc, valid-type]
        def field_choices(
            self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
        ) -> list[tuple[Any, str]]:
            rows = access.scoped(field.related_model._default_manager.all(), shown_of(request))
            ordering = self.field_admin_ordering(field, request, model_admin)
            if ordering:
                rows = rows.order_by(*ordering)
            return [(row.pk, str(row)) for row in rows[:200]]

    ScopedRelatedFilter.__name__ = f"Scoped{base.__name__}"
    return ScopedRelatedFilter
