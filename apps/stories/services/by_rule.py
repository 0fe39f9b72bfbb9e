"""Stories that a rule makes out of what others tell, such as a digest: a text without posts of its own."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import Workspace
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.stories.models import TITLE_LENGTH, Story, StoryVersion
from apps.stories.services.legal import draft_of, marks_lacking

Status = Story.Status


@transaction.atomic
def story_by_rule(*, workspace: Workspace, title: str, lead: str, body: str, rule: str, approved: bool) -> Story:
    """Make a story with its text, approved by the rule or for a person to approve.

    A text that lacks marks which the law wants waits for a person, whatever the rule says.

    Args:
        rule: the name of what made it, for the audit.
    """
    at = now()
    story = Story.objects.create(
        workspace=workspace,
        title=title[:TITLE_LENGTH],
        first_at=at,
        last_at=at,
        origin=Story.Origin.NOTHING,
        is_locked=True,
    )
    version = StoryVersion.objects.create(
        story=story, number=1, title=title[:TITLE_LENGTH], lead=lead, body=body, writer=rule[:100]
    )
    story.current_version, story.status = version, Status.REVIEW
    audit_record(verb="story.made_by_rule", target=story, details={"rule": rule})
    if approved and not marks_lacking(story, draft_of(version)):
        story.status, story.approved_at = Status.APPROVED, at
        audit_record(verb="story.approved", target=story, details={"rule": rule})
    story.save(update_fields=["current_version", "status", "approved_at"])
    return story
