"""Paid posts: who paid, and what the text has to say of it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import PermanentError
from apps.stories.models import Story
from apps.stories.services.legal import draft_of, paid_lacking
from apps.stories.services.states import story_return

ERID_LENGTH, ADVERTISER_LENGTH = 100, 200


@transaction.atomic
def paid_set(*, story: Story, is_paid: bool, erid: str, advertiser: str, editor: User) -> None:
    """Note whether somebody paid for a story, and what its text has to say then.

    An approved story whose text does not say it goes back into work: the approval was given without knowing.

    Raises:
        PermanentError: the erid or the advertiser cannot be one.
    """
    erid, advertiser = erid.strip(), " ".join(advertiser.replace("\x00", "").split())
    if len(erid) > ERID_LENGTH or not all(sign.isalnum() or sign in "-_" for sign in erid):
        raise PermanentError(_("An erid has letters, digits, “-” and “_” only, at most 100 of them."))
    if len(advertiser) > ADVERTISER_LENGTH:
        raise PermanentError(_("The advertiser may have at most 200 characters."))
    wanted = {"is_paid": is_paid, "erid": erid, "advertiser": advertiser}
    locked = (
        Story.objects.select_for_update(of=("self",)).select_related("current_version", "workspace").get(pk=story.pk)
    )
    changed = [name for name, value in wanted.items() if getattr(locked, name) != value]
    for name, value in wanted.items():
        setattr(locked, name, value)
        setattr(story, name, value)
    if not changed:
        return
    locked.save(update_fields=list(wanted))
    audit_record(actor=editor, verb="story.paid_changed", target=locked, details={"fields": changed})
    version = locked.current_version
    if locked.status == Story.Status.APPROVED and version is not None and paid_lacking(locked, draft_of(version)):
        story_return(story=story, editor=editor)
