"""The workbench's part `facts`: what is known of a story, and corrections of the whole story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import path
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _

from apps.accounts.access import can
from apps.accounts.models import User
from apps.desk import correction_pages, correction_steps
from apps.desk.story_page import StoryPage
from apps.desk.templatetags.desk import local_time
from apps.stories.corrections_told import corrections_told
from apps.stories.models import Story
from apps.stories.story_facts import Spread, story_facts

CHART_WIDTH, CHART_HEIGHT, GAP = 240, 32, 2
MERGED_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart, in the chart's units."""

    x: float
    y: float
    width: float
    height: float


def context(page: StoryPage, user: User) -> dict[str, Any]:
    """What the part's template shows, as `part`."""
    story = page.story
    facts = story_facts(story, page.posts, page.version)
    zone = story.workspace.zone
    return {
        "facts": facts,
        "languages": [(language_name(code), posts) for code, posts in facts.languages],
        "bars": bars_of(facts.spread) if facts.spread else [],
        "chart_words": chart_words(facts.spread, zone) if facts.spread else "",
        "chart": {"width": CHART_WIDTH, "height": CHART_HEIGHT},
        "changed_words": changed_words(len(facts.changes), len(page.posts)) if facts.changes else "",
        "is_warning": story.sources_changed_at is not None,
        "seen_until": story.sources_changed_at.isoformat() if story.sources_changed_at else "",
        "corrections": corrections_told(story),
        "merged_here": merged_here(story),
        "may": can(user, "story.correct", story.workspace),
    }


def merged_here(story: Story) -> list[Story]:
    """The stories that were merged into this one, the latest first."""
    return list(Story.objects.filter(merged_into=story).order_by("-last_at", "-pk")[:MERGED_SHOWN])


def bars_of(spread: Spread) -> list[Bar]:
    """The bars of a spread, as high as their posts; a step without posts has none."""
    wide = CHART_WIDTH / len(spread.bars)
    return [
        Bar(
            x=round(number * wide, 1),
            y=round(CHART_HEIGHT * (1 - posts / spread.most), 1),
            width=round(max(wide - GAP, 1.0), 1),
            height=round(CHART_HEIGHT * posts / spread.most, 1),
        )
        for number, posts in enumerate(spread.bars)
        if posts
    ]


def chart_words(spread: Spread, zone: Any) -> str:
    """The chart for those who do not see it."""
    posts = sum(spread.bars)
    counted = ngettext("%d post", "%d posts", posts) % posts
    return _("%(posts)s, most of them (%(most)d) from %(time)s") % {
        "posts": counted,
        "most": spread.most,
        "time": local_time(spread.busiest, zone),
    }


def changed_words(changed: int, posts: int) -> str:
    """How many of a story's sources are not what they were when its text was written."""
    text = ngettext(
        "%(changed)d of %(posts)d sources was edited or deleted after your text was written.",
        "%(changed)d of %(posts)d sources were edited or deleted after your text was written.",
        changed,
    )
    return text % {"changed": changed, "posts": posts}


def language_name(code: str) -> str:
    """A language's name in the reader's language, else its code."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


urlpatterns = [
    path("stories/merge/", correction_pages.stories_merge_page, name="stories_merge"),
    path("stories/<int:pk>/correct/", correction_steps.story_correct, name="story_correct"),
    path("stories/<int:pk>/split/", correction_pages.story_split_page, name="story_split"),
]
