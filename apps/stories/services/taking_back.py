"""Taking a correction back: from what its audit entry kept, as far as nobody has changed it again since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import AuditEntry, User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.stories.models import Story, StoryPost
from apps.stories.services.correcting import stories_brought_up
from apps.stories.services.counting import stories_hold
from apps.stories.services.judging import judgements_take_back
from apps.stories.services.keeping import worked
from apps.stories.services.states import OPEN

VERBS = (
    "story.post_moved",
    "story.split",
    "story.kept_apart",
    "story.merged",
    "story.post_pinned",
    "story.post_unpinned",
    "story.locked",
    "story.unlocked",
)
TAKEN_BACK = "story.correction_taken_back"


@transaction.atomic
def correction_take_back(*, entry: AuditEntry, editor: User) -> None:
    """Undo a correction; posts that were moved again since stay where they are.

    Args:
        entry: of the correction, on any story that it touched.

    Raises:
        TransitionError: it was taken back already, or what it did has been changed since.
    """
    main = _main(entry)
    told, key = main.details, main.details["correction"]
    touched = _touched(main)
    held = stories_hold(main.workspace_id or 0, touched)
    if taken_back(held, [key]):
        raise TransitionError(_("This has been taken back already."))
    if not set(touched) <= held.keys():
        raise TransitionError(_("One of the stories is gone, so this can't be taken back."))
    _move_back(told, held)
    _bring_back(told)
    _pins_back(told)
    if "was_locked" in told:
        _lock_back(held[int(main.target_id)], was=told["was_locked"])
    for said in told.get("judged", ()):
        judgements_take_back(said)
    left = _unmake(told.get("made", ()))
    _put_aside_empty(told.get("moves", ()))
    for story in stories_brought_up([pk for pk in touched if pk not in left]):
        audit_record(actor=editor, verb=TAKEN_BACK, target=story, details={"correction": key, "verb": main.verb})


def taken_back(stories: Collection[int], keys: Collection[str]) -> set[str]:
    """Those of these corrections of some stories that were taken back."""
    entries = AuditEntry.objects.filter(
        target_type=Story._meta.label_lower, target_id__in=[str(pk) for pk in stories], verb=TAKEN_BACK
    )
    return {details.get("correction", "") for details in entries.values_list("details", flat=True)} & set(keys)


def _main(entry: AuditEntry) -> AuditEntry:
    """The entry that kept what is needed.

    Raises:
        TransitionError: it is no correction, or its entry is gone.
    """
    if entry.verb in VERBS and "correction" in entry.details:
        if "of" not in entry.details:
            return entry
        rows = AuditEntry.objects.filter(target_type=entry.target_type, target_id=str(entry.details["of"]))
        for found in rows.filter(verb=entry.verb, workspace=entry.workspace_id).order_by("-pk"):
            if found.details.get("correction") == entry.details["correction"]:
                return found
    raise TransitionError(_("This can't be taken back."))


def _touched(main: AuditEntry) -> list[int]:
    told = main.details
    moved = {pk for move in told.get("moves", ()) for pk in move[1:3]}
    return sorted({int(main.target_id), *moved, *(one[0] for one in told.get("aside", ()))})


def _move_back(told: dict[str, Any], held: dict[int, Story]) -> None:
    moves = told.get("moves", ())
    aside = {one[0] for one in told.get("aside", ())}
    for story in {move[1] for move in moves} - aside:
        if held[story].status == Story.Status.ASIDE:
            raise TransitionError(
                _("“%(story)s” has been put aside since. Bring it back first.") % {"story": held[story]}
            )
    back = 0
    for post, source, place, pinned, placed_by in moves:
        rows = StoryPost.objects.filter(post=post, story=place)
        back += rows.update(story=source, is_pinned=pinned, placed_by=placed_by)
    if moves and not back:
        raise TransitionError(_("The posts have been moved again since, so this can't be taken back."))
    for pk, before, after in told.get("titles", ()):
        Story.objects.filter(pk=pk, title=after, current_version=None).update(title=before)


def _bring_back(told: dict[str, Any]) -> None:
    """Return the stories that were put aside to where they were.

    Raises:
        TransitionError: one has been brought back or merged elsewhere since.
    """
    for pk, status, aside_from in told.get("aside", ()):
        place = next(move[2] for move in told["moves"] if move[1] == pk) if told.get("moves") else None
        rows = Story.objects.filter(pk=pk, status=Story.Status.ASIDE, merged_into=place)
        if rows.update(status=status, aside_from=aside_from, merged_into=None) != 1:
            raise TransitionError(
                _("A story has been brought back or merged elsewhere since, so this can't be taken back.")
            )


def _pins_back(told: dict[str, Any]) -> None:
    for post, story, pinned in told.get("pins", ()):
        rows = StoryPost.objects.filter(post=post, story=story, is_pinned=not pinned)
        if rows.update(is_pinned=pinned) != 1:
            raise TransitionError(_("The post has been moved, pinned or let go of since."))


def _lock_back(story: Story, *, was: bool) -> None:
    if Story.objects.filter(pk=story.pk, is_locked=not was).update(is_locked=was) != 1:
        raise TransitionError(_("The story has been locked or unlocked since."))


def _unmake(made: Collection[int]) -> set[int]:
    """Remove the stories that were begun for the correction, where nothing came into them since; which went."""
    empty = Story.objects.filter(pk__in=made, memberships=None).exclude(worked())
    gone = set(empty.values_list("pk", flat=True))
    Story.objects.filter(pk__in=gone).delete()
    return gone


def _put_aside_empty(moves: Collection[Sequence[Any]]) -> None:
    """Put aside what its last posts have just left, where nobody worked on it; it says where they are."""
    came_from = {place: source for _post, source, place, *_more in moves}
    for place, source in came_from.items():
        empty = Story.objects.filter(pk=place, memberships=None, status__in=OPEN).exclude(worked())
        empty.update(status=Story.Status.ASIDE, aside_from=F("status"), merged_into=source)
