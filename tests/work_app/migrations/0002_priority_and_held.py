"""Priority between lanes, and rows that wait for another one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("work_app", "0001_chores"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="chorelane",
            name="work_app_chorelane_fair",
        ),
        migrations.RemoveIndex(
            model_name="lanedchore",
            name="work_app_lanedchore_lane",
        ),
        migrations.AddField(
            model_name="chorelane",
            name="priority",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "Somebody waits for it"), (1, "Usual"), (2, "Can wait")],
                default=1,
                editable=False,
                verbose_name="priority",
            ),
        ),
        migrations.AddField(
            model_name="lanedchore",
            name="is_held",
            field=models.BooleanField(default=False, editable=False, verbose_name="waits for another"),
        ),
        migrations.AddField(
            model_name="lanedchore",
            name="priority",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "Somebody waits for it"), (1, "Usual"), (2, "Can wait")],
                default=1,
                editable=False,
                verbose_name="priority",
            ),
        ),
        migrations.AddIndex(
            model_name="chorelane",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)),
                fields=["workspace", "priority", "next_at", "id"],
                name="work_app_chorelane_fair",
            ),
        ),
        migrations.AddIndex(
            model_name="lanedchore",
            index=models.Index(
                condition=models.Q(("is_held", False), ("state__in", ["ready", "leased"])),
                fields=["lane", "order_at", "id"],
                name="work_app_lanedchore_lane",
            ),
        ),
        migrations.AddConstraint(
            model_name="chorelane",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__range", (0, 2))), name="work_app_chorelane_priority_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="lanedchore",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__range", (0, 2))), name="work_app_lanedchore_priority_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="lanedchore",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_held", False), models.Q(("state", "leased"), _negated=True), _connector="OR"),
                name="work_app_lanedchore_held_not_leased",
            ),
        ),
    ]
