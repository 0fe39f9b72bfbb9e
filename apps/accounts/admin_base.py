"""The base of every admin of workspace-owned rows: it shows, offers and accepts only what the user's roles give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import messages
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts import access
from apps.accounts.admin_parts import (
    CappedPaginator,
    ReadOnly,
    WorkspaceAdminChecks,
    scoped_form,
    scoped_related_filter,
)
from apps.accounts.models import Workspace
from apps.accounts.reports import Report, each
from apps.accounts.requests import shown_of, user_of, workspaces_of
from apps.accounts.services import audit_record

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as UnfoldModelAdmin
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin

M = TypeVar("M", bound=models.Model)

__all__ = ["CappedPaginator", "ReadOnly", "Report", "WorkspaceModelAdmin", "each"]


def rights_of(function: Any) -> Sequence[str]:
    """What an action or a view asks for, as `permissions=[...]` named it."""
    named: Sequence[str] = getattr(function, "allowed_permissions", None) or ()
    return named


class WorkspaceModelAdmin(UnfoldModelAdmin[M]):
    """An admin of rows that belong to a workspace.

    Lists show the rows of the chosen workspace, or of all that the user sees; another workspace's row is a 404. Choices
    of foreign keys and filters are limited likewise. `workspace` is set on add and never changes.

    Attributes:
        workspace_path: lookup from the model to its workspace; found over the foreign keys where it is not given.
        empty_text: what will appear in the list and how to get it.
        audit_saves: write an audit entry for what is added, changed and deleted here; False where a service does.
    """

    workspace_path: str = "workspace"
    empty_text: Any = ""
    audit_saves: bool = True
    checks_class = WorkspaceAdminChecks
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    actions_selection_counter = True
    # unfold's lists ask for it with every row, and Django takes long to tell that something is not there.
    list_sections: Sequence[Any] = ()

    # Rows

    def path(self) -> str:
        """The lookup from the model to its workspace; empty for the workspace itself."""
        if self.workspace_path != "workspace":
            return self.workspace_path
        found = access.workspace_path(self.model)
        return self.workspace_path if found is None else found

    def of(self, rows: models.QuerySet[M], workspaces: Sequence[Workspace]) -> models.QuerySet[M]:
        """The rows of these workspaces."""
        path = self.path()
        if not path:
            return rows.filter(pk__in=[workspace.pk for workspace in workspaces])
        return rows.filter(**{f"{path}__in": list(workspaces)})

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[M]:
        """What the user sees; in the list, of the chosen workspace only."""
        return self.of(super().get_queryset(request), self.visible(request))

    def visible(self, request: HttpRequest) -> list[Workspace]:
        """The workspaces whose rows this request may touch."""
        match = request.resolver_match
        is_list = match is not None and (match.url_name or "").endswith("_changelist")
        return shown_of(request) if is_list else workspaces_of(request)

    def get_urls(self) -> list[URLPattern]:
        """Every address with a row's id answers 404 for a row that the user does not see."""
        patterns = super().get_urls()
        for pattern in patterns:
            if "object_id" in pattern.pattern.converters and callable(pattern.callback):
                pattern.callback = self.guarded(pattern.callback)
        return patterns

    def guarded(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """The view, behind the checks that its row is the user's and that the role has the verbs it names."""

        def inner(request: HttpRequest, *args: Any, object_id: str, **kwargs: Any) -> Any:
            user = user_of(request)
            if access.has_back_office(user):
                row = self.get_object(request, object_id)
                if row is None:
                    raise Http404
                if not all(access.can(user, verb, self.owner_id(row)) for verb in self.action_verbs(view)):
                    raise PermissionDenied
            try:
                return view(request, *args, object_id=object_id, **kwargs)
            except PermissionDenied:
                if not self.came_too_late(request, object_id, view):
                    raise
                messages.warning(request, _("This is not possible as things stand now: look at it once more."))
                address = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
                return HttpResponseRedirect(reverse(address, args=[object_id]))

        return update_wrapper(inner, view)

    def came_too_late(self, request: HttpRequest, object_id: str, view: Callable[..., Any]) -> bool:
        """Whether the row's state alone stands against a button, as when somebody else has pressed it before."""
        named = rights_of(view)
        by_role = bool(named) and all(self.has_right(request, name) for name in named)
        return by_role and not all(self.has_right(request, name, object_id) for name in named)

    # Rights

    def allows(self, request: HttpRequest, verb: str, obj: Any = None) -> bool:
        """Whether the user may do the verb to this row (or key of a row); without one, anywhere in what is shown."""
        user = user_of(request)
        if obj is None:
            return user.is_superuser or bool(access.permitted(user, verb, shown_of(request)))
        row = obj if isinstance(obj, models.Model) else self.get_object(request, str(obj))
        return row is not None and access.can(user, verb, self.owner_id(row))

    def owner_id(self, row: models.Model) -> int | None:
        """The id of the row's workspace."""
        return access.workspace_id_of(row)

    def permission(self, action: str) -> str:
        """The name of one of Django's permissions on this model."""
        return f"{self.opts.app_label}.{action}_{self.opts.model_name}"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Viewing follows the role; whoever may change may view."""
        return self.allows(request, self.permission("view"), obj) or self.has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Adding follows the role, and needs a workspace to add to."""
        has_place = self.path() != "workspace" or bool(self.addable(request))
        return has_place and self.allows(request, self.permission("add"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Changing follows the role in the row's workspace."""
        return self.allows(request, self.permission("change"), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting follows the role in the row's workspace."""
        return self.allows(request, self.permission("delete"), obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The app is shown to whoever sees these rows."""
        return self.has_view_permission(request)

    # Actions

    def action_verbs(self, function: Any) -> list[str]:
        """The permissions that an action names, as verbs: "change" becomes this model's, "story.approve" stays."""
        named = [name for name in rights_of(function) if name in access.ACTIONS or "." in name]
        return [self.permission(name) if name in access.ACTIONS else name for name in named]

    def _filter_actions_by_permissions(self, request: HttpRequest, actions: Any) -> list[Any]:
        """Django's own, which also understands named verbs."""
        return [each for each in actions if all(self.has_right(request, name) for name in rights_of(each[0]))]

    def has_right(self, request: HttpRequest, name: str, obj: Any = None) -> bool:
        """Whether the user has what an action asks for: "change", "story.approve" or `has_<name>_permission`."""
        if "." in name:
            return self.allows(request, name, obj)
        own = getattr(self, f"has_{name}_permission")
        answer: bool = own(request) if obj is None else own(request, obj)
        return answer

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The actions that the role allows, each given only the rows for which it does."""
        known: dict[str, Any] = super().get_actions(request)
        return {key: (self.restricted(function), name, text) for key, (function, name, text) in known.items()}

    def restricted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The action, kept from rows of workspaces where the role does not allow it."""
        verbs = self.action_verbs(function)

        def inner(model_admin: Any, request: HttpRequest, rows: models.QuerySet[M]) -> HttpResponse | None:
            allowed = workspaces_of(request)
            for verb in verbs:
                allowed = access.permitted(user_of(request), verb, allowed)
            if len(allowed) < len(workspaces_of(request)):
                kept = self.of(rows, allowed)
                left_out = rows.count() - kept.count()
                if left_out:
                    text = ngettext(
                        "%d row left alone: your role does not allow it.",
                        "%d rows left alone: your role does not allow it.",
                        left_out,
                    )
                    messages.warning(request, text % left_out)
                rows = kept
            answer: HttpResponse | None = function(model_admin, request, rows)
            return answer

        return update_wrapper(inner, function)

    # Forms

    def addable(self, request: HttpRequest) -> list[Workspace]:
        """The workspaces in which the user may add a row."""
        return access.permitted(user_of(request), self.permission("add"), shown_of(request))

    def asks_workspace(self, request: HttpRequest, obj: M | None) -> bool:
        """Whether the add form has to ask for the workspace."""
        return obj is None and self.path() == "workspace" and len(self.addable(request)) > 1

    def get_fieldsets(self, request: HttpRequest, obj: M | None = None) -> Any:
        """The admin's own, with the workspace first where it is asked or worth showing, else without it."""
        sets: list[tuple[Any, dict[str, Any]]] = [
            (title, {**options, "fields": list(options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]
        if self.path() != "workspace":
            return sets
        for _title, options in sets:
            options["fields"] = [name for name in options["fields"] if name != "workspace"]
        if sets and (self.asks_workspace(request, obj) or (obj is not None and len(workspaces_of(request)) > 1)):
            sets[0][1]["fields"].insert(0, "workspace")
        return sets

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        """A row never moves to another workspace."""
        names = [name for name in super().get_readonly_fields(request, obj) if name != "workspace"]
        return [*names, "workspace"] if obj is not None and self.path() == "workspace" else names

    def get_form(self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The admin's form, which sets the workspace before it validates and refuses rows of two workspaces in one."""
        form = super().get_form(request, obj, change=change, **kwargs)
        wrapper = getattr(form.base_fields.get("workspace"), "widget", None)
        if isinstance(wrapper, RelatedFieldWidgetWrapper):
            wrapper.can_add_related = wrapper.can_change_related = wrapper.can_view_related = False
        addable = self.addable(request) if obj is None and self.path() == "workspace" else []
        return scoped_form(form, addable[0] if len(addable) == 1 else None)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only rows of the user's workspaces."""
        return super().formfield_for_foreignkey(db_field, request, **self.choices_of(db_field, request, kwargs))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only rows of the user's workspaces."""
        return super().formfield_for_manytomany(db_field, request, **self.choices_of(db_field, request, kwargs))

    def choices_of(self, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The field's arguments with its queryset scoped."""
        target = db_field.related_model
        rows = kwargs.get("queryset")
        if rows is None:
            rows = target._default_manager.all()
        if target is Workspace and db_field.model is self.model:
            return {**kwargs, "queryset": access.scoped(rows, self.addable(request))}
        return {**kwargs, "queryset": access.scoped(rows, shown_of(request))}

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Filters by a related row list only rows of the user's workspaces."""
        return [self.scoped_filter(each) for each in super().get_list_filter(request)]

    def scoped_filter(self, given: Any) -> Any:
        """A filter of the list, limited where it lists related rows."""
        if isinstance(given, tuple) and isinstance(given[1], type) and issubclass(given[1], RelatedFieldListFilter):
            return (given[0], scoped_related_filter(given[1]))
        if isinstance(given, str) and "__" not in given:
            field = self.opts.get_field(given)
            if field.is_relation:
                return (given, scoped_related_filter(RelatedFieldListFilter))
        return given

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the words for when it is empty."""
        changelist = super().get_changelist_instance(request)
        changelist.empty_text = self.empty_text  # type: ignore[attr-defined]
        changelist.may_add = self.has_add_permission(request)  # type: ignore[attr-defined]
        return changelist

    # Audit

    def log_addition(self, request: HttpRequest, obj: M, message: Any) -> Any:
        """Also write an audit entry."""
        self.audit(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: M, message: Any) -> Any:
        """Also write an audit entry."""
        self.audit(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Also write an audit entry for each row."""
        for obj in queryset:
            self.audit(request, obj, "deleted", "")
        return super().log_deletions(request, queryset)

    def audit(self, request: HttpRequest, obj: M, verb: str, message: Any) -> None:
        """Write what was done here, with the names of changed fields and never their values."""
        if not self.audit_saves:
            return
        owner = self.owner_id(obj)
        changed = [
            name for part in message if isinstance(part, dict) for name in part.get("changed", {}).get("fields", [])
        ]
        audit_record(
            verb=f"{self.opts.model_name}.{verb}",
            target=obj,
            actor=user_of(request),
            workspace=next((each for each in workspaces_of(request) if each.pk == owner), None),
            details={"fields": changed} if changed else {},
        )
