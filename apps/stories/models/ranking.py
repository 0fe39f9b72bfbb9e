"""What ranks stories: the topics that they are about, and the rows that rank many anew."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.work.models import WorkRow
from apps.sources.models import Topic
from apps.stories.models.story import Story


class StoryTopic(models.Model):
    """A story is about a topic, because enough of its posts are."""

    story = models.ForeignKey(
        Story, on_delete=models.CASCADE, related_name="topics", verbose_name=_("story"), db_index=False
    )
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="stories", verbose_name=_("topic"))

    class Meta:
        verbose_name = _("topic of a story")
        verbose_name_plural = _("topics of stories")
        constraints = [models.UniqueConstraint(fields=["story", "topic"], name="story_topic_once")]

    def __str__(self) -> str:
        return f"{self.story_id}: {self.topic_id}"


class Ranking(WorkRow):
    """Stories of a workspace to be ranked anew.

    Attributes:
        topic_id: only those that have posts about it, or had; None is every story.
        since: only those whose last post came out then or later.
        upto_id: the last one that was ranked; a row that is put off goes on behind it.
    """

    # No foreign key: the row outlives its topic.
    topic_id = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    since = models.DateTimeField(null=True, blank=True, editable=False)
    upto_id = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("ranking of stories")
        verbose_name_plural = _("rankings of stories")
        ordering = ("-id",)
