"""Have the words of recent posts read again: terms bear marks now, and their rarity is counted in."""

from __future__ import annotations

from datetime import timedelta

from django.db import migrations
from django.db.models import Max
from django.utils import timezone

AT_ONCE = 2000
AGAIN = timedelta(days=14)


def terms_renewed(apps, schema_editor):  # noqa: ARG001 - Django hands it over
    """Forget all terms and counts; the posts of each workspace's last two weeks are read again in the background."""
    models = {name: apps.get_model("stories", name) for name in ("PostTerms", "TermCounts", "DayCounts", "Grouping")}
    post_model, membership = apps.get_model("sources", "Post"), apps.get_model("stories", "StoryPost")
    grouped = models["PostTerms"].objects.order_by().values_list("workspace", flat=True).distinct()
    workspaces = list(grouped)
    for name in ("PostTerms", "TermCounts", "DayCounts"):
        models[name].objects.all().delete()
    moment = timezone.now()
    for workspace in workspaces:
        newest = post_model.objects.filter(workspace=workspace).aggregate(newest=Max("published_at"))["newest"]
        told = membership.objects.filter(post__workspace=workspace, post__published_at__gte=newest - AGAIN)
        posts = list(told.order_by("post__published_at", "post_id").values_list("post_id", flat=True))
        for begin in range(0, len(posts), AT_ONCE):
            some = posts[begin : begin + AT_ONCE]
            models["Grouping"].objects.filter(post__in=some, state="done").delete()
            rows = [models["Grouping"](workspace_id=workspace, post_id=post, not_before=moment) for post in some]
            models["Grouping"].objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("stories", "0013_pages_for_stories_by_hand"), ("sources", "0019_posts_added_by_hand")]

    operations = [migrations.RunPython(terms_renewed, migrations.RunPython.noop)]
