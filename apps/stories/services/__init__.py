"""The verbs of stories: every change of state is one function here."""

from apps.stories.services.facts import Checked, fact_accept, fact_doubt, facts_check, version_check
from apps.stories.services.house_words import WordsImport, house_of, house_word_add, house_words_import
from apps.stories.services.legal import UnmarkedError, legal_entries, marks_lacking, paid_lacking, today_of
from apps.stories.services.legal_lists import ListPlan, legal_list_import, legal_list_plan
from apps.stories.services.locks import LockState, lock_leave, lock_of, lock_take_over, lock_touch
from apps.stories.services.paid import paid_set
from apps.stories.services.rewrites import (
    preset_default,
    rewrite_cancel,
    rewrite_preview,
    rewrite_request,
    rewrite_retry,
    variant_choose,
)
from apps.stories.services.states import (
    story_approve,
    story_bring_back,
    story_published,
    story_put_aside,
    story_return,
    story_submit,
)
from apps.stories.services.unsaved import (
    UnsavedConflictError,
    unsaved_discard,
    unsaved_keep,
    unsaved_mark,
    unsaved_of,
)
from apps.stories.services.versions import VersionConflictError, version_restore, version_save
from apps.stories.services.warnings import forbidden_in, preset_of_text, warnings_of, warnings_of_rewrite

__all__ = [
    "Checked",
    "ListPlan",
    "LockState",
    "UnmarkedError",
    "UnsavedConflictError",
    "VersionConflictError",
    "WordsImport",
    "fact_accept",
    "fact_doubt",
    "facts_check",
    "forbidden_in",
    "house_of",
    "house_word_add",
    "house_words_import",
    "legal_entries",
    "legal_list_import",
    "legal_list_plan",
    "lock_leave",
    "lock_of",
    "lock_take_over",
    "lock_touch",
    "marks_lacking",
    "paid_lacking",
    "paid_set",
    "preset_default",
    "preset_of_text",
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
    "today_of",
    "unsaved_discard",
    "unsaved_keep",
    "unsaved_mark",
    "unsaved_of",
    "variant_choose",
    "version_check",
    "version_restore",
    "version_save",
    "warnings_of",
    "warnings_of_rewrite",
]
