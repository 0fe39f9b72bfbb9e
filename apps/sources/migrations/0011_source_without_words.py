from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0010_words_become_rules'),
    ]

    operations = [
        migrations.AlterField(
            model_name='filterrule',
            name='effect',
            field=models.CharField(choices=[('drop', 'Drop'), ('require', 'Keep only'), ('keep', 'Always keep')], default='drop', max_length=10, verbose_name='effect'),
        ),
        migrations.RemoveField(
            model_name='source',
            name='exclude_words',
        ),
        migrations.RemoveField(
            model_name='source',
            name='include_words',
        ),
        migrations.RemoveField(
            model_name='source',
            name='min_length',
        ),
    ]
