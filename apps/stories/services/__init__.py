"""The verbs of stories: every change of state is one function here."""

from apps.stories.services.rewrites import (
    preset_default,
    rewrite_cancel,
    rewrite_preview,
    rewrite_request,
    rewrite_retry,
)
from apps.stories.services.states import (
    story_approve,
    story_bring_back,
    story_published,
    story_put_aside,
    story_return,
    story_submit,
)
from apps.stories.services.versions import VersionConflictError, version_save

__all__ = [
    "VersionConflictError",
    "preset_default",
    "rewrite_cancel",
    "rewrite_preview",
    "rewrite_request",
    "rewrite_retry",
    "story_approve",
    "story_bring_back",
    "story_published",
    "story_put_aside",
    "story_return",
    "story_submit",
    "version_save",
]
