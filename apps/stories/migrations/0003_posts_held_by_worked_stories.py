"""Posts of stories that were worked on are marked as used, and no post is deleted from under a story."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q

AT_ONCE = 500


def posts_mark_used(apps: Any, _editor: Any) -> None:
    """Mark the posts of stories past “new”, and of those with a text written or asked for."""
    of_story = {"story": OuterRef("pk")}
    worked = (
        ~Q(status__in=["new", "aside"])
        | Exists(apps.get_model("stories", "StoryVersion").objects.filter(**of_story))
        | Exists(apps.get_model("stories", "Rewrite").objects.filter(**of_story))
    )
    stories = list(apps.get_model("stories", "Story").objects.filter(worked).values_list("pk", flat=True))
    for begin in range(0, len(stories), AT_ONCE):
        batch = stories[begin : begin + AT_ONCE]
        posts = apps.get_model("sources", "Post").objects.filter(membership__story__in=batch, is_used=False)
        posts.update(is_used=True)


class Migration(migrations.Migration):
    dependencies = [
        ("sources", "0007_upkeep_and_retention"),
        ("stories", "0002_story_sources_changed"),
    ]

    operations = [
        migrations.RunPython(posts_mark_used, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="storypost",
            name="post",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="membership",
                to="sources.post",
                verbose_name="post",
            ),
        ),
    ]
