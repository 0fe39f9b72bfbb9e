"""Posts are kept for ever unless somebody says otherwise."""

from typing import Any

from django.db import migrations, models

NEVER_SHOWN = 365  # the former default: no screen has offered the field while nothing deleted by age


def keep_for_ever(apps: Any, _editor: Any) -> None:
    """Delete nothing that nobody asked to delete."""
    apps.get_model("accounts", "Workspace").objects.filter(retention_days=NEVER_SHOWN).update(retention_days=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="workspace",
            name="retention_days",
            field=models.PositiveIntegerField(
                default=0,
                help_text=(
                    "0: for ever. What a worked story uses is always kept. A source can have a time of its own."
                ),
                verbose_name="keep posts, days",
            ),
        ),
        migrations.RunPython(keep_for_ever, migrations.RunPython.noop),
    ]
