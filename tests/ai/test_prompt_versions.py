"""A workspace's own prompts: checked before they are kept, used at once, left again for the file."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.models import AuditEntry, Workspace
from apps.ai.models import PromptVersion
from apps.ai.prompt_versions import (
    PromptConflictError,
    prompt_history,
    prompt_return,
    prompt_save,
    prompt_states,
)
from apps.ai.prompts import PromptError, prompt_file, prompt_in_use, prompt_names, render, variables_of
from apps.core.errors import TransitionError
from tests.accounts.factories import UserFactory, WorkspaceFactory, logged_in, member

pytestmark = pytest.mark.django_db
NAME = "stories/calmer"
TEXT = "Спокойнее: {{ story }}. {{ comment }}\n{{ draft }}\n{{ sources }}"
VALUES = {"story": "Порт", "comment": "нет", "draft": "<draft>", "sources": "<source>"}


def saved(workspace: Workspace, text: str = TEXT, **options: object) -> PromptVersion:
    """A version that is in use."""
    return prompt_save(workspace=workspace, name=NAME, text=text, editor=UserFactory.create(), **options)  # type: ignore[arg-type]


def test_a_version_is_used_by_its_workspace_and_by_no_other() -> None:
    workspace, other = WorkspaceFactory.create(), WorkspaceFactory.create()
    version = saved(workspace, note="короче")
    assert (version.number, version.is_current, version.note) == (1, True, "короче")
    assert render(NAME, workspace=workspace, **VALUES) == "Спокойнее: Порт. нет\n<draft>\n<source>"
    assert prompt_in_use(NAME, workspace).number == 1
    assert prompt_in_use(NAME, other) == prompt_file(NAME)
    assert AuditEntry.objects.get(verb="prompt.saved").details == {"name": NAME, "number": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("<!-- только замечание -->", "empty"),
        (TEXT + "{{ tone }}", "no variable “tone”"),
        (TEXT.replace("{{ sources }}", ""), "“sources” is missing"),
        (TEXT + "{{ two words }}", "is not a variable"),
        (TEXT + "{{", "is not a variable"),
        (TEXT + "x" * 20_000, "longer than 20000"),
    ],
)
def test_what_can_not_be_a_prompt_is_refused(text: str, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        saved(WorkspaceFactory.create(), text)
    assert not PromptVersion.objects.exists()


def test_a_prompt_without_a_file_is_refused() -> None:
    with pytest.raises(PromptError):
        prompt_save(workspace=WorkspaceFactory.create(), name="stories/none", text="x", editor=UserFactory.create())
    with pytest.raises(PromptError):
        prompt_return(workspace=WorkspaceFactory.create(), name="../x", number=None, editor=UserFactory.create())


def test_versions_are_numbered_one_is_in_use_and_the_same_text_is_none() -> None:
    workspace = WorkspaceFactory.create()
    saved(workspace)
    assert saved(workspace, TEXT + "\n").number == 1
    saved(workspace, TEXT + " Ровно.", based_on=1)
    assert [(one.number, one.is_current) for one in prompt_history(workspace, NAME)] == [(2, True), (1, False)]


def test_a_version_saved_meanwhile_is_not_passed_over() -> None:
    workspace = WorkspaceFactory.create()
    saved(workspace)
    with pytest.raises(PromptConflictError):
        saved(workspace, TEXT + " Моё.")
    assert prompt_in_use(NAME, workspace).text == TEXT


def test_a_version_and_the_file_can_be_returned_to() -> None:
    workspace, editor = WorkspaceFactory.create(), UserFactory.create()
    saved(workspace)
    saved(workspace, TEXT + " Ровно.", based_on=1)
    prompt_return(workspace=workspace, name=NAME, number=1, editor=editor)
    assert prompt_in_use(NAME, workspace).text == TEXT
    prompt_return(workspace=workspace, name=NAME, number=None, editor=editor)
    assert prompt_in_use(NAME, workspace) == prompt_file(NAME)
    assert PromptVersion.objects.count() == 2
    with pytest.raises(TransitionError, match="no version 7"):
        prompt_return(workspace=workspace, name=NAME, number=7, editor=editor)
    # After the file, a new version has a number of its own.
    assert saved(workspace, TEXT + " Ещё.").number == 3


def test_every_prompt_is_listed_with_what_is_in_use() -> None:
    workspace = WorkspaceFactory.create()
    saved(workspace)
    states = {state.name: state for state in prompt_states(workspace)}
    assert set(states) == set(prompt_names())
    assert (states[NAME].number, states[NAME].versions) == (1, 1)
    assert states["stories/rewrite"].number is None


def address(workspace: Workspace, name: str = NAME) -> str:
    return reverse("admin:ai_prompt", args=[workspace.pk, name])


def test_a_manager_edits_and_returns_on_the_page() -> None:
    workspace = WorkspaceFactory.create()
    client = logged_in(member(workspace, "manager"))
    text = client.get(address(workspace)).content.decode()
    assert all(f"{{{{ {name} }}}}" in text for name in variables_of(NAME))
    assert client.post(address(workspace), {"text": TEXT.replace("\n", "\r\n"), "note": "короче"}).status_code == 302
    assert prompt_in_use(NAME, workspace).text == TEXT
    text = client.get(address(workspace) + "?before=file&after=1").content.decode()
    assert "<ins>" in text
    assert "<del>" in text
    assert "короче" in text
    assert client.post(address(workspace), {"return": "file"}).status_code == 302
    assert prompt_in_use(NAME, workspace).number is None


def test_what_is_refused_stays_typed() -> None:
    workspace = WorkspaceFactory.create()
    client = logged_in(member(workspace, "manager"))
    answer = client.post(address(workspace), {"text": "Мой текст {{ nonsense }}", "note": "проба"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Мой текст {{ nonsense }}" in text
    assert "проба" in text
    assert "There is no variable “nonsense”" in text
    saved(workspace)
    answer = client.post(address(workspace), {"text": TEXT + " Моё.", "based_on": ""})
    assert answer.status_code == 409
    assert "Another version of this prompt" in answer.content.decode()
    assert 'name="based_on" value="1"' in answer.content.decode()


def test_roles_and_workspaces() -> None:
    workspace = WorkspaceFactory.create()
    editor, viewer = logged_in(member(workspace, "editor")), logged_in(member(workspace, "viewer"))
    assert editor.get(address(workspace)).status_code == 200
    assert editor.post(address(workspace), {"text": TEXT}).status_code == 403
    assert viewer.get(address(workspace)).status_code == 403
    stranger = logged_in(member(WorkspaceFactory.create(), "owner"))
    assert stranger.get(address(workspace)).status_code == 404
    assert stranger.post(address(workspace), {"text": TEXT}).status_code == 404
    assert editor.get(address(workspace, "stories/none")).status_code == 404
    assert not PromptVersion.objects.exists()


def test_the_list_leads_to_each_prompt() -> None:
    workspace = WorkspaceFactory.create()
    version = saved(workspace)
    client = logged_in(member(workspace, "editor"))
    text = client.get(reverse("admin:ai_promptversion_changelist")).content.decode()
    assert all(address(workspace, name) in text for name in prompt_names())
    answer = client.get(reverse("admin:ai_promptversion_change", args=[version.pk]))
    assert (answer.status_code, answer["Location"]) == (302, f"{address(workspace)}?after=1")
