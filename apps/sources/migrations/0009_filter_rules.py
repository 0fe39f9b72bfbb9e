import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0008_page_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='dropped_rule',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='dropped', to='sources.filterrule', verbose_name='dropped by the rule'),
        ),
    ]
