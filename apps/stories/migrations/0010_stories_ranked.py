"""Stories that are here already are ranked in the background; until then they stand behind those of today."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def rankings_ask(apps: Any, _editor: Any) -> None:
    """One row for every workspace that has stories."""
    workspaces = apps.get_model("stories", "Story").objects.order_by().values_list("workspace", flat=True).distinct()
    ranking = apps.get_model("stories", "Ranking")
    ranking.objects.bulk_create([ranking(workspace_id=pk) for pk in list(workspaces)])


class Migration(migrations.Migration):
    dependencies = [("stories", "0009_ranking")]

    operations = [migrations.RunPython(rankings_ask, migrations.RunPython.noop)]
