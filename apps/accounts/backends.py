"""Log-in by e-mail, and permissions from memberships."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.db import models

from apps.accounts.access import ACTIONS, BACK_OFFICE, ROWS, can, roles_of, workspace_id_of
from apps.accounts.models import User


class MembershipBackend(ModelBackend):
    """Grants what a user's roles give: with a row, in that row's workspace; without one, in any."""

    def has_perm(self, user_obj: User | AnonymousUser, perm: str, obj: models.Model | None = None) -> bool:
        """Answer a permission (`stories.change_story`) or a named verb (`story.approve`)."""
        if obj is None:
            return can(user_obj, perm)
        owner = workspace_id_of(obj)
        if owner is None:
            return isinstance(user_obj, User) and user_obj.is_active and user_obj.is_superuser
        return can(user_obj, perm, owner)

    def has_module_perms(self, user_obj: User | AnonymousUser, app_label: str) -> bool:
        """Whether any role of the user sees anything of the app."""
        if any(role in BACK_OFFICE for role in roles_of(user_obj).values()):
            return any(key.partition(".")[0] == app_label for key in ROWS)
        return isinstance(user_obj, User) and user_obj.is_active and user_obj.is_superuser

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Every permission on rows that the table gives the user."""
        known = [model._meta for model in apps.get_models()]
        every = (f"{each.app_label}.{action}_{each.model_name}" for each in known for action in ACTIONS)
        return {name for name in every if self.has_perm(user_obj, name, obj)}
