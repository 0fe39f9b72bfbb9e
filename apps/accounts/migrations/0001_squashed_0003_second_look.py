import apps.accounts.models
import apps.core.clock
import apps.core.crypto
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('accounts', '0001_initial'), ('accounts', '0002_posts_kept_for_ever'), ('accounts', '0003_second_look')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Workspace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('slug', models.SlugField(unique=True, verbose_name='address')),
                ('time_zone', models.CharField(default='Europe/Moscow', max_length=50, validators=[apps.accounts.models.validate_zone], verbose_name='time zone')),
                ('language', models.CharField(choices=[('ru', 'Russian'), ('en', 'English')], default='ru', max_length=5, verbose_name='language')),
                ('ai_api_url', models.URLField(blank=True, help_text='Empty: the one of the installation.', verbose_name='AI endpoint')),
                ('ai_api_key', apps.core.crypto.EncryptedTextField(blank=True, default='', verbose_name='AI key')),
                ('ai_model', models.CharField(blank=True, max_length=100, verbose_name='AI model')),
                ('ai_embedding_model', models.CharField(blank=True, default='', help_text='Empty: the one of the installation.', max_length=100, verbose_name='model of vectors')),
                ('ai_second_look', models.BooleanField(default=False, help_text='Posts whose place in a story was a close call are compared by their meaning too: their beginnings go to the AI endpoint, and each costs a little. Off: posts are grouped here, by their words alone.', verbose_name='look twice at close calls')),
                ('ai_daily_budget_usd', models.DecimalField(blank=True, decimal_places=2, help_text='Empty: the one of the installation.', max_digits=9, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='AI budget a day, $')),
                ('retention_days', models.PositiveIntegerField(default=0, help_text='0: for ever. What a worked story uses is always kept. A source can have a time of its own.', verbose_name='keep posts, days')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'workspace',
                'verbose_name_plural': 'workspaces',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(blank=True, max_length=254, null=True, unique=True, verbose_name='e-mail')),
                ('telegram_id', models.BigIntegerField(blank=True, null=True, unique=True, verbose_name='Telegram id')),
                ('name', models.CharField(blank=True, max_length=150, verbose_name='name')),
                ('language', models.CharField(choices=[('ru', 'Russian'), ('en', 'English')], default='ru', max_length=5, verbose_name='language')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('is_staff', models.BooleanField(default=False, verbose_name='may open the back office')),
                ('date_joined', models.DateTimeField(default=apps.core.clock.now, verbose_name='joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'constraints': [models.CheckConstraint(condition=models.Q(('email__isnull', False), ('telegram_id__isnull', False), _connector='OR'), name='user_has_an_identity')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('manager', 'Manager'), ('editor', 'Editor'), ('viewer', 'Viewer'), ('client', 'Client')], max_length=10, verbose_name='role')),
                ('created_at', models.DateTimeField(default=apps.core.clock.now, editable=False, verbose_name='since')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'member',
                'verbose_name_plural': 'members',
                'constraints': [models.UniqueConstraint(fields=('user', 'workspace'), name='membership_once'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'manager', 'editor', 'viewer', 'client'])), name='membership_role_known')],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(max_length=60, verbose_name='what')),
                ('target_type', models.CharField(blank=True, max_length=60, verbose_name='kind')),
                ('target_id', models.CharField(blank=True, max_length=40, verbose_name='id')),
                ('target_label', models.CharField(blank=True, max_length=200, verbose_name='target')),
                ('details', models.JSONField(blank=True, default=dict, verbose_name='details')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request')),
                ('at', models.DateTimeField(default=apps.core.clock.now, verbose_name='when')),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                ('workspace', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='audit_entries', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['workspace', '-id'], name='audit_by_workspace'), models.Index(fields=['target_type', 'target_id'], name='audit_by_target')],
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, verbose_name='key')),
                ('level', models.CharField(choices=[('warning', 'Needs attention'), ('error', 'Broken')], default='warning', max_length=10, verbose_name='level')),
                ('message', models.TextField(verbose_name='message')),
                ('url', models.CharField(blank=True, max_length=300, verbose_name='where to act')),
                ('times', models.PositiveIntegerField(default=1, verbose_name='times')),
                ('opened_at', models.DateTimeField(default=apps.core.clock.now, verbose_name='since')),
                ('last_at', models.DateTimeField(default=apps.core.clock.now, verbose_name='last')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'alert',
                'verbose_name_plural': 'alerts',
                'ordering': ('-last_at',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('workspace', 'key'), name='alert_open_once')],
            },
        ),
    ]
