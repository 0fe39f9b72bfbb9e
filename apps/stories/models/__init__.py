"""Stories, the posts in them, what groups them, and the texts and pictures made from them."""

from apps.stories.models.approval import ApprovalAsk
from apps.stories.models.by_hand import PageFetch
from apps.stories.models.facts import FactAccepted
from apps.stories.models.grouping import (
    DayCounts,
    Grouping,
    Judgement,
    PostTerms,
    QualityCheck,
    QualityReading,
    Recount,
    TermCounts,
    Window,
)
from apps.stories.models.house import HouseStyle, HouseWord, LegalEntry, LegalList
from apps.stories.models.illustration import Illustrating, Illustration
from apps.stories.models.preset import Preset, PresetVersion
from apps.stories.models.ranking import Ranking, StoryTopic
from apps.stories.models.story import TITLE_LENGTH, Story, StoryPost, StoryQuerySet
from apps.stories.models.text import EditLock, Rewrite, StoryVersion, UnsavedText
from apps.stories.models.vectors import CloseCall, PostVector, SecondLook

__all__ = [
    "TITLE_LENGTH",
    "ApprovalAsk",
    "CloseCall",
    "DayCounts",
    "EditLock",
    "FactAccepted",
    "Grouping",
    "HouseStyle",
    "HouseWord",
    "Illustrating",
    "Illustration",
    "Judgement",
    "LegalEntry",
    "LegalList",
    "PageFetch",
    "PostTerms",
    "PostVector",
    "Preset",
    "PresetVersion",
    "QualityCheck",
    "QualityReading",
    "Ranking",
    "Recount",
    "Rewrite",
    "SecondLook",
    "Story",
    "StoryPost",
    "StoryQuerySet",
    "StoryTopic",
    "StoryVersion",
    "TermCounts",
    "UnsavedText",
    "Window",
]
