"""Priority between lanes, and rows that wait for another one."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('delivery', '0001_deliveries'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='delivery',
            name='delivery_delivery_lane',
        ),
        migrations.RemoveIndex(
            model_name='lane',
            name='delivery_lane_fair',
        ),
        migrations.AddField(
            model_name='delivery',
            name='after',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='followers', to='delivery.delivery', verbose_name='waits for'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='is_held',
            field=models.BooleanField(default=False, editable=False, verbose_name='waits for another'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='is_joined',
            field=models.BooleanField(default=False, editable=False, verbose_name='leaves together with another'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='is_late',
            field=models.BooleanField(default=False, editable=False, verbose_name='late'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='kind',
            field=models.CharField(blank=True, default='', max_length=40, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='priority',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Somebody waits for it'), (1, 'Usual'), (2, 'Can wait')], default=1, editable=False, verbose_name='priority'),
        ),
        migrations.AddField(
            model_name='lane',
            name='priority',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Somebody waits for it'), (1, 'Usual'), (2, 'Can wait')], default=1, editable=False, verbose_name='priority'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('is_held', False), ('state__in', ['ready', 'leased'])), fields=['lane', 'order_at', 'id'], name='delivery_delivery_lane'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('after__isnull', False)), fields=['after'], name='delivery_after'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'done')), fields=['finished_at', 'id'], name='delivery_ended'),
        ),
        migrations.AddIndex(
            model_name='lane',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['workspace', 'priority', 'next_at', 'id'], name='delivery_lane_fair'),
        ),
        migrations.AddIndex(
            model_name='lane',
            index=models.Index(condition=models.Q(('paused_reason', ''), _negated=True), fields=['id'], name='lane_paused'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('priority__range', (0, 2))), name='delivery_delivery_priority_known'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('is_held', False), models.Q(('state', 'leased'), _negated=True), _connector='OR'), name='delivery_delivery_held_not_leased'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_held', False), ('is_joined', False)), ('after__isnull', False), _connector='OR'), name='delivery_held_by_another'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('after', models.F('id')), _negated=True), name='delivery_not_after_itself'),
        ),
        migrations.AddConstraint(
            model_name='lane',
            constraint=models.CheckConstraint(condition=models.Q(('priority__range', (0, 2))), name='delivery_lane_priority_known'),
        ),
    ]
