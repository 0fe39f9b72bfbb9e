"""A user of one workspace sees and changes nothing of another: every admin, every address, found by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.forms import ModelChoiceField
from django.test import Client
from django.urls import NoReverseMatch, reverse

from apps.accounts.models import AuditEntry, User, Workspace
from tests.accounts.addresses import ADDRESSES, ADMIN_PAGES, ADMIN_WALKED, names
from tests.accounts.factories import WorkspaceFactory, logged_in, member
from tests.accounts.rows import Rows

pytestmark = pytest.mark.django_db
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
SUPERUSERS_ONLY = "django_celery_beat"
OURS = [model for model in REGISTERED if model._meta.app_label != SUPERUSERS_ONLY]


@pytest.fixture
def mine() -> Rows:
    return Rows(WorkspaceFactory.create(name="Workspace quokka"), "quokka")


@pytest.fixture
def theirs() -> Rows:
    return Rows(WorkspaceFactory.create(name="Workspace narwhal"), "narwhal")


@pytest.fixture
def owner(mine: Rows) -> Client:
    return logged_in(member(mine.workspace, "owner", email="owner@example.org", name="Owner quokka"))


def label(model: type[models.Model]) -> str:
    return model._meta.label_lower


def at(model: type[models.Model], view: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def kept(model: type[models.Model], row: models.Model) -> dict[str, Any]:
    """The row as it is in the database."""
    return model._default_manager.filter(pk=row.pk).values().get()


def body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode())


# rows that an editor sees of nobody but themselves: tests/notifications/test_people.py
ONES_OWN = {"notifications.PersonChat"}


@pytest.mark.parametrize("model", OURS, ids=label)
def test_list_shows_own_rows_and_none_of_another_workspace(
    model: type[models.Model], owner: Client, mine: Rows, theirs: Rows
) -> None:
    own, other = mine.one(model), theirs.one(model)
    answer = owner.get(at(model, "changelist"))
    assert answer.status_code == 200
    shown = {row.pk for row in answer.context["cl"].result_list}
    assert own.pk in shown
    assert other.pk not in shown
    assert "narwhal" not in body(answer)


@pytest.mark.parametrize("model", OURS, ids=label)
def test_every_address_of_another_workspaces_row_is_a_404(
    model: type[models.Model], owner: Client, theirs: Rows
) -> None:
    other = theirs.one(model)
    before = kept(model, other)
    patterns = [found for found in admin.site._registry[model].get_urls() if "object_id" in found.pattern.converters]
    assert len(patterns) >= 3, "history, delete, change"
    for found in patterns:
        if found.name is None:
            continue  # Django's redirect from an old form of the address, to one of these
        address = reverse(f"admin:{found.name}", kwargs={"object_id": other.pk})
        assert owner.get(address).status_code == 404, address
        assert owner.post(address, {"post": "yes"}).status_code == 404, address
    assert kept(model, other) == before


@pytest.mark.parametrize("model", OURS, ids=label)
def test_own_row_opens(model: type[models.Model], owner: Client, mine: Rows, theirs: Rows) -> None:
    theirs.one(model)
    answer = owner.get(at(model, "change", mine.one(model).pk), follow=True)
    assert answer.status_code == 200
    assert "narwhal" not in body(answer)


@pytest.mark.parametrize("model", OURS, ids=label)
def test_actions_leave_another_workspaces_rows_alone(
    model: type[models.Model], owner: Client, mine: Rows, theirs: Rows
) -> None:
    mine.one(model)
    other = theirs.one(model)
    before, notes = kept(model, other), AuditEntry.objects.filter(workspace=theirs.workspace).count()
    page = owner.get(at(model, "changelist"))
    action_form = page.context["action_form"]
    actions = [name for name, _words in action_form.fields["action"].choices if name] if action_form else []
    for name in actions:
        for across in ("0", "1"):
            chosen = {"action": name, ACTION_CHECKBOX_NAME: [other.pk], "select_across": across, "post": "yes"}
            answer = owner.post(at(model, "changelist"), {**chosen, "index": "0"})
            assert answer.status_code in {200, 302, 403}, name
            assert "narwhal" not in body(answer), name
            assert kept(model, other) == before, name
    if model not in {AuditEntry, Workspace}:
        assert AuditEntry.objects.filter(workspace=theirs.workspace).count() == notes


@pytest.mark.parametrize("model", OURS, ids=label)
def test_forms_offer_no_row_of_another_workspace(
    model: type[models.Model], owner: Client, mine: Rows, theirs: Rows
) -> None:
    own = mine.one(model)
    for each in OURS:
        theirs.one(each)
    for address in (at(model, "add"), at(model, "change", own.pk)):
        answer = owner.get(address, follow=True)
        assert answer.status_code in {200, 403}, address
        assert "narwhal" not in body(answer), address
        if answer.status_code == 200 and answer.context and "adminform" in answer.context:
            assert_choices_are_own(answer.context["adminform"].form, theirs)


def assert_choices_are_own(form: Any, theirs: Rows) -> None:
    for name, chosen in form.fields.items():
        if isinstance(chosen, ModelChoiceField) and chosen.queryset is not None:
            foreign = theirs.kept.get(chosen.queryset.model)
            assert foreign is None or not chosen.queryset.filter(pk=foreign.pk).exists(), name


@pytest.mark.parametrize("model", OURS, ids=label)
def test_autocomplete_finds_no_row_of_another_workspace(model: type[models.Model], owner: Client, theirs: Rows) -> None:
    theirs.one(model)
    for found in model._meta.get_fields():
        related = found.related_model if isinstance(found, models.ForeignKey | models.ManyToManyField) else None
        if not isinstance(related, type) or related not in OURS:
            continue
        theirs.one(related)
        query = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": found.name}
        answer = owner.get(reverse("admin:autocomplete"), {**query, "term": "narwhal"})
        assert answer.status_code in {200, 403, 404}
        assert "narwhal" not in body(answer)


@pytest.mark.parametrize("model", OURS, ids=label)
def test_view_on_site_tells_nothing_of_another_workspaces_row(
    model: type[models.Model], owner: Client, theirs: Rows
) -> None:
    kind = ContentType.objects.get_for_model(model)
    answer = owner.get(reverse("admin:view_on_site", args=[kind.pk, theirs.one(model).pk]))
    assert answer.status_code == 404


def test_owner_sets_nobodys_password(owner: Client, mine: Rows, theirs: Rows) -> None:
    for rows in (mine, theirs):
        user = rows.one(User)
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        assert owner.get(address).status_code in {403, 404}
        assert owner.post(address, {"password1": "x" * 12, "password2": "x" * 12}).status_code in {403, 404}
        assert kept(User, user)["password"] == user.password


@pytest.mark.parametrize("model", [each for each in REGISTERED if each not in OURS], ids=label)
def test_the_schedule_is_for_superusers(model: type[models.Model], owner: Client) -> None:
    assert owner.get(at(model, "changelist")).status_code == 403
    assert owner.get(at(model, "add")).status_code == 403


def test_every_address_is_known_to_the_walk() -> None:
    models_known = {f"admin:{model._meta.app_label}_{model._meta.model_name}_" for model in REGISTERED}
    unknown = []
    for name, found in names():
        space, _colon, rest = name.rpartition(":")
        if space == "admin":
            is_known = rest in ADMIN_PAGES | ADMIN_WALKED or any(name.startswith(start) for start in models_known)
            is_known = is_known or found.name is None
        else:
            is_known = name in ADDRESSES
        if not is_known:
            unknown.append(f"{name} ({found.pattern})")
    assert unknown == [], "say in tests/accounts/addresses.py how these are walked"


def test_the_walk_knows_no_address_that_is_gone() -> None:
    present = {name for name, _found in names()}
    assert set(ADDRESSES) - present == set()


@pytest.mark.parametrize("name", sorted(key for key, each in ADDRESSES.items() if each.kind != "open"))
def test_addresses_tell_nothing_of_another_workspace(name: str, owner: Client, theirs: Rows) -> None:
    for model in OURS:
        theirs.one(model)
    theirs.kept_private()
    known = ADDRESSES[name]
    try:
        address = reverse(name, kwargs=known.kwargs(theirs))
    except NoReverseMatch:
        address = "/api/v1/nothing/"
    for answer in (owner.get(address), owner.post(address, {"workspace": theirs.workspace.pk})):
        assert answer.status_code < 500, address
        assert "narwhal" not in body(answer), address
        if known.kind == "row":
            assert answer.status_code in {404, 405}, address


@pytest.mark.parametrize("name", sorted(ADMIN_PAGES - {"logout", "app_list"}))
def test_pages_of_the_admin_tell_nothing_of_another_workspace(name: str, owner: Client, theirs: Rows) -> None:
    for model in OURS:
        theirs.one(model)
    answer = owner.get(reverse(f"admin:{name}"), {"s": "narwhal"})
    assert answer.status_code in {200, 302}
    assert name == "search" or "narwhal" not in body(answer).replace("?s=narwhal", "")


def test_switcher_refuses_another_workspace(owner: Client, mine: Rows, theirs: Rows) -> None:
    answer = owner.post(reverse("accounts:workspace"), {"workspace": theirs.workspace.pk})
    assert answer.status_code == 302
    assert owner.session.get("workspace") is None
    page = owner.get(at(Workspace, "changelist"))
    assert [row.pk for row in page.context["cl"].result_list] == [mine.workspace.pk]


def test_client_role_opens_nothing_of_the_back_office(mine: Rows) -> None:
    client = logged_in(member(mine.workspace, "client"))
    for model in OURS:
        answer = client.get(at(model, "changelist"))
        assert answer.status_code == 302, model
        assert answer.headers["Location"].startswith(reverse("admin:login")), model


def test_nobody_unknown_gets_anything(client: Client, theirs: Rows) -> None:
    theirs.kept_private()
    for name, known in ADDRESSES.items():
        if known.kind == "row":
            answer = client.get(reverse(name, kwargs=known.kwargs(theirs)))
            assert answer.status_code in {302, 401, 403, 404, 405}, name
            assert "narwhal" not in body(answer).replace("Location", ""), name


def test_user_of_two_workspaces_sees_the_chosen_one_only(mine: Rows, theirs: Rows) -> None:
    user = member(mine.workspace, "editor")
    User.objects.get(pk=user.pk).memberships.create(workspace=theirs.workspace, role="editor")
    both = logged_in(user)
    for model in OURS:
        if model._meta.label in ONES_OWN:
            continue
        own, other = mine.one(model), theirs.one(model)
        if not user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
            continue
        both.post(reverse("accounts:workspace"), {"workspace": ""})
        shown = {row.pk for row in both.get(at(model, "changelist")).context["cl"].result_list}
        assert {own.pk, other.pk} <= shown
        both.post(reverse("accounts:workspace"), {"workspace": mine.workspace.pk})
        shown = {row.pk for row in both.get(at(model, "changelist")).context["cl"].result_list}
        assert own.pk in shown
        assert other.pk not in shown
