"""Who may do what: one table from roles to verbs, and the questions that screens and services ask of it.

A role is more than the one below it, so every right is the least role that has it. A permission is either one of
Django's (`stories.change_story`) or a named verb (`story.approve`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import models
from django.http import Http404

from apps.accounts.models import Membership, User, Workspace

M = TypeVar("M", bound=models.Model)
Role = Membership.Role
RANK: dict[str, int] = {Role.CLIENT: 0, Role.VIEWER: 1, Role.EDITOR: 2, Role.MANAGER: 3, Role.OWNER: 4}
BACK_OFFICE = frozenset({Role.VIEWER, Role.EDITOR, Role.MANAGER, Role.OWNER})
NOBODY = "superuser"
ACTIONS = ("view", "add", "change", "delete")

# Named verbs: the least role that may.
VERBS: dict[str, str] = {
    "story.rewrite": Role.EDITOR,
    "story.submit": Role.EDITOR,
    "story.approve": Role.EDITOR,
    "story.put_aside": Role.EDITOR,
    "story.correct": Role.EDITOR,
    "prompt.edit": Role.MANAGER,
    "post.remove": Role.EDITOR,
    "source.poll": Role.EDITOR,
    "source.manage": Role.MANAGER,
    "publication.schedule": Role.EDITOR,
    "publication.cancel": Role.EDITOR,
    "publication.change": Role.EDITOR,
    "publication.delete": Role.MANAGER,
    "publication.anyway": Role.EDITOR,
    "queue.pause": Role.EDITOR,
    "channel.manage": Role.MANAGER,
    "delivery.retry": Role.EDITOR,
    "delivery.settle": Role.EDITOR,
    "bot.manage": Role.MANAGER,
    "session.manage": Role.MANAGER,
    "alert.close": Role.EDITOR,
    "work.retry": Role.EDITOR,
    "work.give_up": Role.MANAGER,
    "member.manage": Role.MANAGER,
    "workspace.manage": Role.MANAGER,
    "audit.read": Role.MANAGER,
}

# Rows in the admin, by model label or by app label: least role to view, add, change, delete.
ROWS: dict[str, tuple[str, str, str, str]] = {
    "accounts.workspace": (Role.VIEWER, NOBODY, Role.MANAGER, NOBODY),
    "accounts.membership": (Role.MANAGER, Role.MANAGER, Role.MANAGER, Role.MANAGER),
    "accounts.user": (Role.MANAGER, NOBODY, NOBODY, NOBODY),
    "accounts.auditentry": (Role.MANAGER, NOBODY, NOBODY, NOBODY),
    "accounts.alert": (Role.VIEWER, NOBODY, Role.EDITOR, NOBODY),
    "ai.promptversion": (Role.EDITOR, NOBODY, NOBODY, NOBODY),
    "ai": (Role.MANAGER, NOBODY, NOBODY, NOBODY),
    "telegram.bot": (Role.VIEWER, Role.MANAGER, Role.MANAGER, Role.MANAGER),
    "telegram.update": (Role.MANAGER, NOBODY, Role.MANAGER, NOBODY),
    "telegram.session": (Role.MANAGER, Role.MANAGER, Role.MANAGER, Role.MANAGER),
    "telegram": (Role.MANAGER, NOBODY, NOBODY, NOBODY),
    "notifications.personchat": (Role.VIEWER, NOBODY, Role.VIEWER, NOBODY),
    "notifications": (Role.MANAGER, Role.MANAGER, Role.MANAGER, Role.MANAGER),
    "delivery": (Role.VIEWER, NOBODY, Role.EDITOR, NOBODY),
    "sources.source": (Role.VIEWER, Role.EDITOR, Role.EDITOR, Role.MANAGER),
    "sources.filterset": (Role.VIEWER, Role.EDITOR, Role.EDITOR, Role.MANAGER),
    "sources.topic": (Role.VIEWER, Role.EDITOR, Role.EDITOR, Role.EDITOR),
    "sources.family": (Role.VIEWER, Role.EDITOR, Role.EDITOR, Role.EDITOR),
    "sources": (Role.VIEWER, NOBODY, Role.EDITOR, NOBODY),
    "stories.preset": (Role.VIEWER, Role.EDITOR, Role.EDITOR, Role.MANAGER),
    "stories": (Role.VIEWER, Role.EDITOR, Role.EDITOR, Role.MANAGER),
    "publishing.channel": (Role.VIEWER, Role.MANAGER, Role.MANAGER, Role.MANAGER),
    "publishing.digest": (Role.VIEWER, Role.EDITOR, Role.EDITOR, Role.EDITOR),
    "publishing.channelcheck": (Role.VIEWER, NOBODY, Role.EDITOR, NOBODY),
    "publishing": (Role.VIEWER, Role.EDITOR, Role.EDITOR, NOBODY),
}


def roles_of(user: User | AnonymousUser) -> dict[int, str]:
    """Role by workspace id, read once for each user object, that is once a request."""
    if not isinstance(user, User) or not user.is_active:
        return {}
    known: dict[int, str] | None = user.__dict__.get("_roles")
    if known is None:
        known = dict(user.memberships.values_list("workspace_id", "role"))
        user.__dict__["_roles"] = known
    return known


def roles_forget(user: User) -> None:
    """Read this user object's roles again at the next question."""
    user.__dict__.pop("_roles", None)


def can(user: User | AnonymousUser, verb: str, workspace: Workspace | int | None = None) -> bool:
    """Whether the user may do this verb or permission in the workspace; without one, in any of theirs.

    An unknown verb is refused to all but superusers.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.is_superuser:
        return True
    least = least_role(verb)
    if least is None:
        return False
    roles = roles_of(user)
    if workspace is None:
        return any(RANK[role] >= RANK[least] for role in roles.values())
    role = roles.get(workspace if isinstance(workspace, int) else workspace.pk)
    return role is not None and RANK[role] >= RANK[least]


def least_role(verb: str) -> str | None:
    """The least role that has a verb or a permission; None where no role has it."""
    if verb in VERBS:
        return VERBS[verb]
    app_label, _, codename = verb.partition(".")
    action, _, model_name = codename.partition("_")
    if action not in ACTIONS or not model_name:
        return None
    row = ROWS.get(f"{app_label}.{model_name}") or ROWS.get(app_label)
    least = row[ACTIONS.index(action)] if row else NOBODY
    return None if least == NOBODY else least


def has_back_office(user: User | AnonymousUser) -> bool:
    """Whether the user works in the admin of at least one workspace."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_superuser or any(role in BACK_OFFICE for role in roles_of(user).values())


def permitted(user: User | AnonymousUser, verb: str, workspaces: Iterable[Workspace]) -> list[Workspace]:
    """Those of the workspaces where the user may do the verb."""
    return [workspace for workspace in workspaces if can(user, verb, workspace)]


@lru_cache(maxsize=256)
def workspace_path(model: type[models.Model]) -> str | None:
    """The shortest lookup from a model over its foreign keys to its workspace; None where there is none.

    The empty text stands for the workspace itself. A user reaches workspaces by memberships, so it has none here.
    """
    seen: set[type[models.Model]] = set()
    waiting: list[tuple[type[models.Model], str]] = [(model, "")]
    while waiting:
        current, path = waiting.pop(0)
        if current is Workspace:
            return path
        if current is User or current in seen:
            continue
        seen.add(current)
        for field in current._meta.get_fields():
            if isinstance(field, models.ForeignKey):
                waiting.append((field.related_model, f"{path}__{field.name}" if path else field.name))
    return None


def workspace_id_of(row: models.Model) -> int | None:
    """The id of the workspace that a row belongs to; None where it has none."""
    path = workspace_path(type(row))
    if path is None:
        return None
    current: models.Model | None = row
    steps = path.split("__") if path else []
    for step in steps[:-1]:
        current = getattr(current, step, None)
    if current is None:
        return None
    found = getattr(current, f"{steps[-1]}_id") if steps else current.pk
    return int(found) if found is not None else None


def scoped(rows: models.QuerySet[M], workspaces: Iterable[Workspace]) -> models.QuerySet[M]:
    """Only the rows of these workspaces; a model that reaches no workspace is returned whole."""
    if rows.model is User:
        return rows.filter(memberships__workspace__in=list(workspaces)).distinct()
    path = workspace_path(rows.model)
    if path is None:
        return rows
    if path == "":
        return rows.filter(pk__in=[workspace.pk for workspace in workspaces])
    return rows.filter(**{f"{path}__in": list(workspaces)})


def require_workspace_object(user: User | AnonymousUser, rows: models.QuerySet[M], pk: object, *, verb: str) -> M:
    """The row with this key, if the user sees its workspace and may do the verb there.

    Raises:
        Http404: there is none, or it is another workspace's.
        PermissionDenied: the user sees it, but the role does not have the verb.
    """
    try:
        row = rows.get(pk=pk)
    except (ObjectDoesNotExist, ValueError, TypeError) as exc:
        raise Http404 from exc
    owner = workspace_id_of(row)
    if not (isinstance(user, User) and user.is_superuser) and roles_of(user).get(owner or 0) not in BACK_OFFICE:
        raise Http404
    if not can(user, verb, owner):
        raise PermissionDenied
    return row
