"""Answers of POSTs, kept for a day under their callers' Idempotency-Keys."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Each caller's own, and only to add, to read and, once its day is over, to put away. The job deletes what is over and
# reads no body.
POLICIES = """
ALTER TABLE sharing_keptanswer ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sharing_keptanswer FOR SELECT TO concord_app USING (user_id = (SELECT access_user()));
CREATE POLICY keep ON sharing_keptanswer FOR INSERT TO concord_app WITH CHECK (user_id = (SELECT access_user()));
CREATE POLICY over ON sharing_keptanswer FOR DELETE TO concord_app
  USING (user_id = (SELECT access_user()) AND until <= access_now());
CREATE POLICY swept_seen ON sharing_keptanswer FOR SELECT TO concord_job USING (until <= access_now());
CREATE POLICY swept ON sharing_keptanswer FOR DELETE TO concord_job USING (until <= access_now());
GRANT SELECT, INSERT, DELETE ON sharing_keptanswer TO concord_app;
GRANT SELECT (id, until), DELETE ON sharing_keptanswer TO concord_job;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('agencies', '0002_clock_and_grants'),
        ('sharing', '0003_outbox_turns'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('fingerprint', models.CharField(help_text='SHA-256 of address and body', max_length=64)),
                ('status', models.PositiveSmallIntegerField()),
                ('headers', models.JSONField(default=dict)),
                ('body', models.TextField(blank=True)),
                ('about', models.JSONField(default=list)),
                ('until', models.DateTimeField(db_index=True)),
                ('agency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agencies.agency')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'agency', 'key'), name='kept_answer_once')],
            },
        ),
        migrations.RunSQL(POLICIES, migrations.RunSQL.noop),
    ]
