"""The writer without a model: it only reuses sentences of the posts, and says so."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.ai.extract.compose import compose
from apps.ai.ports import OFFLINE_DRAFT, Draft, Prompt
from apps.core.errors import PermanentError


class OfflineWriter:
    """Puts a note together from the sentences that most posts share; the same posts give the same note."""

    @property
    def label(self) -> str:
        """How it is named to a person."""
        return _("offline draft")

    async def write(self, prompt: Prompt) -> Draft:
        """Write one draft; the instructions of the prompt are not read, only its posts and the limit.

        Raises:
            PermanentError: the posts hold no text, code no_sources.
        """
        note = compose([(source.title, source.text) for source in prompt.sources], max_chars=prompt.max_chars)
        if note is None:
            raise PermanentError(_("The posts hold no text to write from."), code="no_sources")
        return Draft(title=note.title, lead=note.lead, body=note.body, tags=note.tags, writer=OFFLINE_DRAFT)
