import apps.core.clock
import apps.core.crypto
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('telegram', '0001_bots'), ('telegram', '0002_sessions'), ('telegram', '0003_updates_and_known_chats'), ('telegram', '0004_session_login_steps'), ('telegram', '0005_session_lease_whole'), ('telegram', '0006_invitations_and_own_channels'), ('telegram', '0007_webhooks_and_proxies')]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0003_second_look'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='How it is called in Pult.', max_length=100, verbose_name='name')),
                ('token', apps.core.crypto.EncryptedTextField(validators=[django.core.validators.RegexValidator('^\\d{1,19}:[A-Za-z0-9_-]{20,100}$', 'A token looks like 123456789:AAE…: digits, a colon and a long key. Copy all of it.')], verbose_name='token')),
                ('bot_id', models.BigIntegerField(editable=False, verbose_name="bot's id")),
                ('username', models.CharField(blank=True, editable=False, max_length=64, verbose_name='username')),
                ('receives', models.CharField(choices=[('polling', 'Pult asks Telegram'), ('webhook', 'Telegram calls Pult')], default='polling', editable=False, max_length=8, verbose_name='hears by')),
                ('hook_secret', apps.core.crypto.EncryptedTextField(blank=True, default='', editable=False)),
                ('proxy', apps.core.crypto.EncryptedTextField(blank=True, default='', editable=False, verbose_name='proxy')),
                ('is_active', models.BooleanField(default=True, editable=False, verbose_name='active')),
                ('problem', models.TextField(blank=True, editable=False, verbose_name='problem')),
                ('checked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last checked')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False, verbose_name='created')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bots', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'bot',
                'verbose_name_plural': 'bots',
                'ordering': ('name', 'id'),
                'constraints': [models.UniqueConstraint(fields=('workspace', 'bot_id'), name='telegram_bot_once_a_workspace'), models.UniqueConstraint(fields=('workspace', 'name'), name='telegram_bot_name_once'), models.CheckConstraint(condition=models.Q(('receives__in', ['polling', 'webhook'])), name='telegram_bot_receives'), models.CheckConstraint(condition=models.Q(('bot_id__gt', 0)), name='telegram_bot_id_positive'), models.CheckConstraint(condition=models.Q(('is_active', False), ('problem', ''), _connector='OR'), name='telegram_active_bot_has_no_problem')],
            },
        ),
        migrations.CreateModel(
            name='Inbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lease_owner', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='held until')),
                ('heard_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last heard')),
                ('hook_url', models.CharField(blank=True, default='', editable=False, max_length=300)),
                ('problem', models.TextField(blank=True, default='', editable=False, verbose_name='problem')),
                ('problem_code', models.CharField(blank=True, default='', editable=False, max_length=60)),
                ('bot', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='inbox', to='telegram.bot', verbose_name='bot')),
            ],
            options={
                'verbose_name': 'inbox',
                'verbose_name_plural': 'inboxes',
            },
        ),
        migrations.CreateModel(
            name='KnownChat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chat_id', models.BigIntegerField(verbose_name='number')),
                ('kind', models.CharField(choices=[('channel', 'Channel'), ('group', 'Group'), ('supergroup', 'Supergroup')], max_length=12, verbose_name='kind')),
                ('title', models.CharField(blank=True, default='', max_length=255, verbose_name='title')),
                ('username', models.CharField(blank=True, default='', max_length=64, verbose_name='username')),
                ('status', models.CharField(blank=True, choices=[('', 'Not known'), ('creator', 'Owner'), ('administrator', 'Administrator'), ('member', 'Member'), ('restricted', 'Restricted'), ('left', 'Not in the chat'), ('kicked', 'Removed')], default='', max_length=14, verbose_name='status')),
                ('can_post', models.BooleanField(null=True, verbose_name='may post')),
                ('status_at', models.DateTimeField(blank=True, null=True, verbose_name='status since')),
                ('status_update_id', models.BigIntegerField(default=0)),
                ('last_seen_at', models.DateTimeField(default=apps.core.clock.now, verbose_name='last seen')),
                ('bot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='known_chats', to='telegram.bot', verbose_name='bot')),
            ],
            options={
                'verbose_name': 'known chat',
                'verbose_name_plural': 'known chats',
                'ordering': ('title', 'id'),
                'constraints': [models.UniqueConstraint(fields=('bot', 'chat_id'), name='telegram_known_chat_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['channel', 'group', 'supergroup'])), name='telegram_known_chat_kind'), models.CheckConstraint(condition=models.Q(('status__in', ['', 'creator', 'administrator', 'member', 'restricted', 'left', 'kicked'])), name='telegram_known_chat_status')],
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='How it is called in Pult.', max_length=100, verbose_name='name')),
                ('phone', apps.core.crypto.EncryptedTextField(blank=True, default='', verbose_name='phone')),
                ('api_id', models.PositiveIntegerField(blank=True, help_text='From my.telegram.org. Empty: the one of the installation.', null=True, verbose_name='api_id')),
                ('api_hash', apps.core.crypto.EncryptedTextField(blank=True, default='', verbose_name='api_hash')),
                ('proxy', apps.core.crypto.EncryptedTextField(blank=True, default='', help_text='socks5://, http:// or mtproto:// with host and port.', verbose_name='proxy')),
                ('string', apps.core.crypto.EncryptedTextField(blank=True, default='', editable=False, verbose_name='session')),
                ('code_hash', apps.core.crypto.EncryptedTextField(blank=True, default='', editable=False)),
                ('code_way', models.CharField(blank=True, default='', editable=False, max_length=20)),
                ('code_next', models.CharField(blank=True, default='', editable=False, max_length=20)),
                ('resend_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('password_hint', apps.core.crypto.EncryptedTextField(blank=True, default='', editable=False)),
                ('state', models.CharField(choices=[('new', 'Not logged in'), ('code', 'Waits for the code'), ('password', 'Waits for the password'), ('active', 'Logged in'), ('lost', 'Login lost'), ('leaving', 'Logging out'), ('out', 'Logged out')], default='new', editable=False, max_length=10, verbose_name='state')),
                ('is_paused', models.BooleanField(default=False, editable=False, verbose_name='paused')),
                ('problem', models.TextField(blank=True, editable=False, verbose_name='problem')),
                ('user_id', models.BigIntegerField(blank=True, editable=False, null=True, verbose_name='Telegram id')),
                ('username', models.CharField(blank=True, editable=False, max_length=64, verbose_name='username')),
                ('lease_owner', models.CharField(blank=True, editable=False, max_length=64)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='held until')),
                ('checked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last checked')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False, verbose_name='created')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='telegram_sessions', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'Telegram account',
                'verbose_name_plural': 'Telegram accounts',
                'ordering': ('name', 'id'),
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='telegram_session_name_once'), models.UniqueConstraint(condition=models.Q(('state', 'active'), ('user_id__isnull', False)), fields=('workspace', 'user_id'), name='telegram_session_user_once'), models.CheckConstraint(condition=models.Q(models.Q(('lease_owner', ''), ('lease_until__isnull', True)), models.Q(models.Q(('lease_owner', ''), _negated=True), ('lease_until__isnull', False)), _connector='OR'), name='telegram_session_lease_whole'), models.CheckConstraint(condition=models.Q(('state__in', ['new', 'code', 'password', 'active', 'lost', 'leaving', 'out'])), name='telegram_session_state_known')],
            },
        ),
        migrations.CreateModel(
            name='Peer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chat_id', models.BigIntegerField(verbose_name="channel's id")),
                ('access_hash', models.BigIntegerField(editable=False)),
                ('username', models.CharField(blank=True, max_length=64, verbose_name='username')),
                ('title', models.CharField(blank=True, max_length=255, verbose_name='title')),
                ('kind', models.CharField(default='channel', editable=False, max_length=10, verbose_name='kind')),
                ('is_member', models.BooleanField(default=False, editable=False, verbose_name='the account is in it')),
                ('seen_at', models.DateTimeField(default=apps.core.clock.now, verbose_name='last seen')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='peers', to='telegram.session', verbose_name='account')),
            ],
            options={
                'verbose_name': 'known channel',
                'verbose_name_plural': 'known channels',
                'ordering': ('title', 'id'),
                'indexes': [models.Index(fields=['session', 'username'], name='telegram_peer_by_name')],
                'constraints': [models.UniqueConstraint(fields=('session', 'chat_id'), name='telegram_peer_once')],
            },
        ),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('operation', models.CharField(choices=[('history', 'Reading posts'), ('resolve', 'Finding channels'), ('media', 'Fetching media'), ('invite', 'Looking at invitations'), ('join', 'Joining channels'), ('dialogs', 'Listing own channels')], max_length=10, verbose_name='operation')),
                ('arrives_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('spent', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='requests made')),
                ('waits_until', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='waits until')),
                ('floods', models.PositiveIntegerField(default=0, editable=False, verbose_name='flood waits')),
                ('last_flood_s', models.PositiveIntegerField(default=0, editable=False, verbose_name='last flood wait, seconds')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='budgets', to='telegram.session', verbose_name='account')),
            ],
            options={
                'verbose_name': 'budget',
                'verbose_name_plural': 'budgets',
                'ordering': ('session', 'operation'),
                'constraints': [models.UniqueConstraint(fields=('session', 'operation'), name='telegram_budget_once'), models.CheckConstraint(condition=models.Q(('operation__in', ['history', 'resolve', 'media', 'invite', 'join', 'dialogs'])), name='telegram_budget_operation_known')],
            },
        ),
        migrations.CreateModel(
            name='Update',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('ready', 'Waiting'), ('leased', 'In work'), ('done', 'Done'), ('dead', 'Failed'), ('unknown', 'Outcome unknown')], default='ready', editable=False, max_length=7, verbose_name='state')),
                ('not_before', models.DateTimeField(default=apps.core.clock.now, verbose_name='due')),
                ('token', models.UUIDField(editable=False, null=True)),
                ('begun_at', models.DateTimeField(editable=False, null=True, verbose_name='request begun')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('faults', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='faults')),
                ('error', models.TextField(blank=True, default='', editable=False, verbose_name='error')),
                ('error_code', models.CharField(blank=True, default='', editable=False, max_length=60, verbose_name='error code')),
                ('history', models.JSONField(blank=True, default=list, editable=False, verbose_name='history')),
                ('request_id', models.CharField(blank=True, default='', editable=False, max_length=64, verbose_name='request')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False, verbose_name='created')),
                ('finished_at', models.DateTimeField(editable=False, null=True, verbose_name='finished')),
                ('update_id', models.BigIntegerField(verbose_name='number')),
                ('kind', models.CharField(blank=True, default='', max_length=40, verbose_name='kind')),
                ('payload', models.JSONField(default=dict, verbose_name='content')),
                ('bot', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='telegram.bot', verbose_name='bot')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'update',
                'verbose_name_plural': 'updates',
                'ordering': ('-id',),
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('state__in', ['ready', 'leased'])), fields=['not_before', 'id'], name='telegram_update_due'), models.Index(condition=models.Q(('state__in', ['ready', 'leased'])), fields=['workspace', 'not_before', 'id'], name='telegram_update_fair'), models.Index(condition=models.Q(('state__in', ['leased', 'dead', 'unknown'])), fields=['state', 'not_before'], name='telegram_update_held'), models.Index(fields=['bot', '-id'], name='telegram_update_last'), models.Index(condition=models.Q(('state__in', ['done', 'dead'])), fields=['finished_at'], name='telegram_update_finished')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['ready', 'leased', 'done', 'dead', 'unknown'])), name='telegram_update_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'leased'), ('token__isnull', False)), ('state', 'unknown'), models.Q(('state__in', ['ready', 'done', 'dead']), ('token__isnull', True)), _connector='OR'), name='telegram_update_token_of_claim'), models.CheckConstraint(condition=models.Q(('state__in', ['leased', 'unknown', 'done', 'dead']), ('begun_at__isnull', True), _connector='OR'), name='telegram_update_ready_not_begun'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ['done', 'dead'])), models.Q(('finished_at__isnull', True), ('state__in', ['ready', 'leased', 'unknown'])), _connector='OR'), name='telegram_update_finished_ended'), models.UniqueConstraint(fields=('bot', 'update_id'), name='telegram_update_once')],
            },
        ),
    ]
