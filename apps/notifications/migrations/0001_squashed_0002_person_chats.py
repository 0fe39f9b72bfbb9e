import apps.core.clock
import apps.notifications.models
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('notifications', '0001_alert_chats'), ('notifications', '0002_person_chats')]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0003_second_look'),
        ('accounts', '__first__'),
        ('telegram', '0001_squashed_0007_webhooks_and_proxies'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertChat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Whose chat it is: “Duty”, “Nadia”.', max_length=100, verbose_name='name')),
                ('level', models.CharField(choices=[('all', 'Everything that needs attention'), ('error', 'Only what is broken')], default='all', max_length=10, verbose_name='what is told')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('code', models.CharField(default=apps.notifications.models.code_new, editable=False, max_length=64, unique=True)),
                ('chat_id', models.BigIntegerField(blank=True, editable=False, null=True, verbose_name='chat')),
                ('chat_title', models.CharField(blank=True, editable=False, max_length=255, verbose_name='chat')),
                ('problem', models.TextField(blank=True, editable=False, verbose_name='problem')),
                ('connected_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='connected')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False, verbose_name='created')),
                ('bot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alert_chats', to='telegram.bot', verbose_name='bot')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alert_chats', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'alerts chat',
                'verbose_name_plural': 'alerts in Telegram',
                'ordering': ('name', 'id'),
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='alert_chat_name_once'), models.UniqueConstraint(condition=models.Q(('chat_id__isnull', False)), fields=('workspace', 'chat_id'), name='alert_chat_once'), models.CheckConstraint(condition=models.Q(('level__in', ['all', 'error'])), name='alert_chat_level_known')],
            },
        ),
        migrations.CreateModel(
            name='PersonChat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=apps.notifications.models.person_code_new, editable=False, max_length=64, unique=True)),
                ('chat_id', models.BigIntegerField(blank=True, editable=False, null=True, verbose_name='chat')),
                ('name', models.CharField(blank=True, editable=False, max_length=255, verbose_name='name in Telegram')),
                ('problem', models.TextField(blank=True, editable=False, verbose_name='problem')),
                ('connected_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='connected')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False, verbose_name='created')),
                ('bot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='person_chats', to='telegram.bot', verbose_name='bot')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='person_chats', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='person_chats', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'person in Telegram',
                'verbose_name_plural': 'people in Telegram',
                'ordering': ('user', 'id'),
                'constraints': [models.UniqueConstraint(fields=('workspace', 'user'), name='person_chat_once'), models.UniqueConstraint(condition=models.Q(('chat_id__isnull', False)), fields=('bot', 'chat_id'), name='person_chat_talk_once')],
            },
        ),
    ]
