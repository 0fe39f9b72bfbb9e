"""Proofreading of texts, offline and pure: what to change, why, and the changed text."""

from apps.stories.proofreading.changes import Change, apply
from apps.stories.proofreading.house import House
from apps.stories.proofreading.rules import proofread

__all__ = ["Change", "House", "apply", "proofread"]
