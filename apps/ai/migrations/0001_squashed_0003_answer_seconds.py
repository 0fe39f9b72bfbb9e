import apps.core.clock
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('ai', '0001_initial'), ('ai', '0002_story_desk'), ('ai', '0003_answer_seconds')]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0003_second_look'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='PromptVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='prompt')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('text', models.TextField(verbose_name='text')),
                ('note', models.CharField(blank=True, default='', max_length=200, verbose_name='what changed')),
                ('is_current', models.BooleanField(default=False, verbose_name='in use')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False, verbose_name='created')),
                ('editor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='editor')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'version of a prompt',
                'verbose_name_plural': 'versions of prompts',
                'ordering': ('name', '-number'),
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name', 'number'), name='promptversion_number_once'), models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('workspace', 'name'), name='promptversion_current_once')],
            },
        ),
        migrations.CreateModel(
            name='Spend',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=apps.core.clock.now, verbose_name='when')),
                ('purpose', models.CharField(max_length=40, verbose_name='purpose')),
                ('writer', models.CharField(blank=True, max_length=100, verbose_name='writer')),
                ('model', models.CharField(blank=True, max_length=100, verbose_name='model')),
                ('input_tokens', models.PositiveIntegerField(default=0, verbose_name='tokens in')),
                ('output_tokens', models.PositiveIntegerField(default=0, verbose_name='tokens out')),
                ('cost_usd', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='cost, $')),
                ('seconds', models.FloatField(blank=True, null=True, verbose_name='seconds')),
                ('target', models.CharField(blank=True, max_length=200, verbose_name='for what')),
                ('reserved_until', models.DateTimeField(blank=True, null=True, verbose_name='reserved until')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='spends', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'spending on AI',
                'verbose_name_plural': 'spending on AI',
                'ordering': ('-at', '-id'),
                'indexes': [models.Index(fields=['workspace', 'at'], name='spend_by_workspace_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(('cost_usd__gte', 0)), name='spend_not_negative'), models.UniqueConstraint(condition=models.Q(('reserved_until__isnull', False)), fields=('workspace', 'target'), name='spend_reserved_once')],
            },
        ),
    ]
