import apps.core.clock
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('delivery', '0001_deliveries'), ('delivery', '0002_lanes_priority_and_dependence'), ('delivery', '0004_looks_into_channels')]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0003_second_look'),
        ('telegram', '0001_squashed_0007_webhooks_and_proxies'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lane',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, verbose_name='order key')),
                ('head', models.BigIntegerField(editable=False, null=True)),
                ('priority', models.PositiveSmallIntegerField(choices=[(0, 'Somebody waits for it'), (1, 'Usual'), (2, 'Can wait')], default=1, editable=False, verbose_name='priority')),
                ('next_at', models.DateTimeField(editable=False, null=True, verbose_name='next')),
                ('unknown_until', models.DateTimeField(editable=False, null=True)),
                ('tail_at', models.DateTimeField(editable=False, null=True)),
                ('paused_reason', models.CharField(blank=True, default='', editable=False, max_length=300, verbose_name='paused because')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'lane',
                'verbose_name_plural': 'lanes',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at', 'id'], name='delivery_lane_due'), models.Index(condition=models.Q(('next_at__isnull', False)), fields=['workspace', 'priority', 'next_at', 'id'], name='delivery_lane_fair'), models.Index(condition=models.Q(('paused_reason', ''), _negated=True), fields=['id'], name='lane_paused')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'key'), name='delivery_lane_key_once'), models.CheckConstraint(condition=models.Q(('priority__range', (0, 2))), name='delivery_lane_priority_known')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
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
                ('order_at', models.DateTimeField(default=apps.core.clock.now, editable=False)),
                ('priority', models.PositiveSmallIntegerField(choices=[(0, 'Somebody waits for it'), (1, 'Usual'), (2, 'Can wait')], default=1, editable=False, verbose_name='priority')),
                ('is_held', models.BooleanField(default=False, editable=False, verbose_name='waits for another')),
                ('sender', models.CharField(max_length=60, verbose_name='way')),
                ('kind', models.CharField(blank=True, default='', max_length=40, verbose_name='kind')),
                ('is_joined', models.BooleanField(default=False, editable=False, verbose_name='leaves together with another')),
                ('is_late', models.BooleanField(default=False, editable=False, verbose_name='late')),
                ('destination', models.CharField(max_length=200, verbose_name='to')),
                ('payload', models.JSONField(default=dict, verbose_name='content')),
                ('dedupe_key', models.CharField(max_length=200, verbose_name='key')),
                ('went_to', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('outcome', models.CharField(blank=True, choices=[('', 'Waiting'), ('sent', 'Sent'), ('failed', 'Not sent'), ('unknown', 'Unknown'), ('cancelled', 'Cancelled')], default='', max_length=10, verbose_name='outcome')),
                ('vendor_id', models.CharField(blank=True, default='', max_length=200, verbose_name='id there')),
                ('url', models.CharField(blank=True, default='', max_length=500, verbose_name='link')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('after', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='followers', to='delivery.delivery', verbose_name='waits for')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace', verbose_name='workspace')),
                ('lane', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='delivery.lane', verbose_name='lane')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ('-id',),
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('state__in', ['ready', 'leased'])), fields=['not_before', 'id'], name='delivery_delivery_due'), models.Index(condition=models.Q(('state__in', ['ready', 'leased'])), fields=['workspace', 'not_before', 'id'], name='delivery_delivery_fair'), models.Index(condition=models.Q(('state__in', ['leased', 'dead', 'unknown'])), fields=['state', 'not_before'], name='delivery_delivery_held'), models.Index(condition=models.Q(('is_held', False), ('state__in', ['ready', 'leased'])), fields=['lane', 'order_at', 'id'], name='delivery_delivery_lane'), models.Index(condition=models.Q(('after__isnull', False)), fields=['after'], name='delivery_after'), models.Index(condition=models.Q(('state', 'done')), fields=['finished_at', 'id'], name='delivery_ended')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['ready', 'leased', 'done', 'dead', 'unknown'])), name='delivery_delivery_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'leased'), ('token__isnull', False)), ('state', 'unknown'), models.Q(('state__in', ['ready', 'done', 'dead']), ('token__isnull', True)), _connector='OR'), name='delivery_delivery_token_of_claim'), models.CheckConstraint(condition=models.Q(('state__in', ['leased', 'unknown', 'done', 'dead']), ('begun_at__isnull', True), _connector='OR'), name='delivery_delivery_ready_not_begun'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ['done', 'dead'])), models.Q(('finished_at__isnull', True), ('state__in', ['ready', 'leased', 'unknown'])), _connector='OR'), name='delivery_delivery_finished_ended'), models.CheckConstraint(condition=models.Q(('priority__range', (0, 2))), name='delivery_delivery_priority_known'), models.CheckConstraint(condition=models.Q(('is_held', False), models.Q(('state', 'leased'), _negated=True), _connector='OR'), name='delivery_delivery_held_not_leased'), models.CheckConstraint(condition=models.Q(models.Q(('is_held', False), ('is_joined', False)), ('after__isnull', False), _connector='OR'), name='delivery_held_by_another'), models.CheckConstraint(condition=models.Q(('after', models.F('id')), _negated=True), name='delivery_not_after_itself'), models.UniqueConstraint(fields=('workspace', 'dedupe_key'), name='delivery_asked_once'), models.CheckConstraint(condition=models.Q(('outcome__in', ['', 'sent', 'failed', 'unknown', 'cancelled'])), name='delivery_outcome_known'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'sent'), ('sent_at__isnull', False)), models.Q(models.Q(('outcome', 'sent'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='delivery_sent_has_time')],
            },
        ),
        migrations.CreateModel(
            name='LookUp',
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
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='look_ups', to='delivery.delivery', verbose_name='delivery')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace', verbose_name='workspace')),
            ],
            options={
                'verbose_name': 'look-up',
                'verbose_name_plural': 'look-ups',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('state__in', ['ready', 'leased'])), fields=['not_before', 'id'], name='delivery_lookup_due'), models.Index(condition=models.Q(('state__in', ['ready', 'leased'])), fields=['workspace', 'not_before', 'id'], name='delivery_lookup_fair'), models.Index(condition=models.Q(('state__in', ['leased', 'dead', 'unknown'])), fields=['state', 'not_before'], name='delivery_lookup_held')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['ready', 'leased', 'done', 'dead', 'unknown'])), name='delivery_lookup_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'leased'), ('token__isnull', False)), ('state', 'unknown'), models.Q(('state__in', ['ready', 'done', 'dead']), ('token__isnull', True)), _connector='OR'), name='delivery_lookup_token_of_claim'), models.CheckConstraint(condition=models.Q(('state__in', ['leased', 'unknown', 'done', 'dead']), ('begun_at__isnull', True), _connector='OR'), name='delivery_lookup_ready_not_begun'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ['done', 'dead'])), models.Q(('finished_at__isnull', True), ('state__in', ['ready', 'leased', 'unknown'])), _connector='OR'), name='delivery_lookup_finished_ended'), models.UniqueConstraint(condition=models.Q(('state__in', ['ready', 'leased'])), fields=('delivery',), name='look_up_live_once')],
            },
        ),
        migrations.CreateModel(
            name='ChannelLook',
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
                ('refusal', models.TextField(blank=True, default='', editable=False, verbose_name='problem')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='telegram.session', verbose_name='Telegram account')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace', verbose_name='workspace')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='channel_looks', to='delivery.delivery', verbose_name='delivery')),
            ],
            options={
                'verbose_name': 'look into a channel',
                'verbose_name_plural': 'looks into channels',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('state__in', ['ready', 'leased'])), fields=['not_before', 'id'], name='delivery_channellook_due'), models.Index(condition=models.Q(('state__in', ['ready', 'leased'])), fields=['workspace', 'not_before', 'id'], name='delivery_channellook_fair'), models.Index(condition=models.Q(('state__in', ['leased', 'dead', 'unknown'])), fields=['state', 'not_before'], name='delivery_channellook_held')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['ready', 'leased', 'done', 'dead', 'unknown'])), name='delivery_channellook_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'leased'), ('token__isnull', False)), ('state', 'unknown'), models.Q(('state__in', ['ready', 'done', 'dead']), ('token__isnull', True)), _connector='OR'), name='delivery_channellook_token_of_claim'), models.CheckConstraint(condition=models.Q(('state__in', ['leased', 'unknown', 'done', 'dead']), ('begun_at__isnull', True), _connector='OR'), name='delivery_channellook_ready_not_begun'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ['done', 'dead'])), models.Q(('finished_at__isnull', True), ('state__in', ['ready', 'leased', 'unknown'])), _connector='OR'), name='delivery_channellook_finished_ended'), models.UniqueConstraint(condition=models.Q(('state__in', ['ready', 'leased'])), fields=('delivery',), name='channel_look_live_once')],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('send', 'Sending'), ('look_up', 'Looking up'), ('person', 'A person')], default='send', max_length=10, verbose_name='what')),
                ('at', models.DateTimeField(default=apps.core.clock.now, verbose_name='when')),
                ('outcome', models.CharField(choices=[('sent', 'Sent'), ('retry', 'Later again'), ('failed', 'Refused'), ('unknown', 'Unknown'), ('absent', 'Not there')], max_length=10, verbose_name='outcome')),
                ('detail', models.TextField(blank=True, default='', verbose_name='detail')),
                ('duration_ms', models.PositiveIntegerField(blank=True, null=True, verbose_name='took, ms')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempt_log', to='delivery.delivery', verbose_name='delivery')),
            ],
            options={
                'verbose_name': 'attempt',
                'verbose_name_plural': 'attempts',
                'ordering': ('-id',),
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['send', 'look_up', 'person'])), name='attempt_kind_known'), models.CheckConstraint(condition=models.Q(('outcome__in', ['sent', 'retry', 'failed', 'unknown', 'absent'])), name='attempt_outcome_known')],
            },
        ),
    ]
