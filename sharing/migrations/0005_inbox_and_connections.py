"""Who has taken on what their unit was told, how people want to be told, and the connections of partner systems.

An administrator of an agency may register systems for it, give them tokens and webhooks, and switch them off. The rules
stand here, so that no bug of the web gives anybody a role, a token or an address it should not have.
"""

import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

RULES = """
-- Whether whoever acts is an administrator of the agency they act for.
CREATE FUNCTION access_administers() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1
      FROM agencies_membership m
      JOIN agencies_user u ON u.id = m.user_id AND u.is_active
      JOIN agencies_unit n ON n.group_id = m.group_id
     WHERE m.user_id = access_user() AND n.agency_id = access_agency() AND m.role = 'administrator'
       AND m.starts_at <= access_now() AND m.until > access_now())
$$;
-- Whether the account is a system of the agency for which an administrator acts, and of no other agency.
CREATE FUNCTION access_own_client(p_user bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT access_administers()
     AND EXISTS (SELECT 1 FROM agencies_user u WHERE u.id = p_user AND u.kind = 'client')
     AND EXISTS (SELECT 1 FROM agencies_membership m WHERE m.user_id = p_user)
     AND NOT EXISTS (SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
                      WHERE m.user_id = p_user AND n.agency_id <> access_agency())
$$;
"""

# The web role adds no accounts. These two do for it the little that an administrator may.
CLIENTS = """
CREATE FUNCTION client_register(p_email text, p_name text, p_groups bigint[], p_role text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_client bigint;
BEGIN
  IF NOT access_administers() OR p_role NOT IN ('system_reader', 'system_partner') OR cardinality(p_groups) = 0
     OR EXISTS (SELECT 1 FROM unnest(p_groups) AS g(id)
                 WHERE NOT EXISTS (SELECT 1 FROM agencies_unit n WHERE n.group_id = g.id AND n.agency_id = access_agency() AND n.closed_at IS NULL))
  THEN
    RAISE EXCEPTION 'only an administrator registers systems, in units of their own agency' USING ERRCODE = '42501';
  END IF;
  INSERT INTO agencies_user (kind, email, name, title, badge, phone, password, is_active, date_joined)
  VALUES ('client', p_email, p_name, '', '', '', '!', true, access_now()) RETURNING id INTO v_client;
  INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)
  SELECT v_client, g.id, p_role, access_now(), '9999-12-31 00:00+00' FROM (SELECT DISTINCT unnest(p_groups)) AS g(id);
  RETURN v_client;
END $$;
CREATE FUNCTION client_switch_off(p_client bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT access_own_client(p_client) THEN
    RAISE EXCEPTION 'only an administrator switches off a system of their own agency' USING ERRCODE = '42501';
  END IF;
  UPDATE agencies_user SET is_active = false WHERE id = p_client;
END $$;
REVOKE ALL ON FUNCTION client_register(text, text, bigint[], text), client_switch_off(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION client_register(text, text, bigint[], text), client_switch_off(bigint) TO concord_app;
"""

# A token is looked for before anybody knows who calls; hence every row may be read, by its digest.
TOKENS = """
ALTER TABLE agencies_apitoken ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_digest ON agencies_apitoken FOR SELECT TO concord_app USING (true);
CREATE POLICY issue ON agencies_apitoken FOR INSERT TO concord_app
  WITH CHECK (created_by_id = (SELECT access_user()) AND access_own_client(user_id));
CREATE POLICY close ON agencies_apitoken FOR UPDATE TO concord_app USING (access_own_client(user_id));
CREATE POLICY by_job ON agencies_apitoken TO concord_job USING (true) WITH CHECK (true);
GRANT INSERT, UPDATE (revoked_at, expires_at) ON agencies_apitoken TO concord_app;
"""

MINE = "agency_id = (SELECT access_agency()) AND (SELECT access_administers())"

# A system reads its own webhooks and what became of their messages; administrators manage those of their agency. A
# secret is added by the web and read by the worker alone.
WEBHOOKS = f"""
GRANT SELECT, INSERT ON sharing_webhook TO concord_app;
GRANT UPDATE (url, kinds, version, off_at, off_reason, failing_since, resume_at) ON sharing_webhook TO concord_app;
GRANT INSERT, SELECT (id, webhook_id, hint, created_at, until), UPDATE (until) ON sharing_webhooksecret TO concord_app;
GRANT INSERT, UPDATE (state, attempts, next_attempt_at) ON sharing_delivery TO concord_app;
GRANT SELECT, INSERT, UPDATE ON sharing_webhook, sharing_webhooksecret TO concord_job;

ALTER TABLE sharing_webhook ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_webhook FOR SELECT TO concord_app USING (client_id = (SELECT access_user()) OR {MINE});
CREATE POLICY make ON sharing_webhook FOR INSERT TO concord_app
  WITH CHECK ({MINE} AND created_by_id = (SELECT access_user()) AND access_own_client(client_id));
CREATE POLICY change ON sharing_webhook FOR UPDATE TO concord_app USING ({MINE});
CREATE POLICY by_job ON sharing_webhook TO concord_job USING (true) WITH CHECK (true);

ALTER TABLE sharing_webhooksecret ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_webhooksecret FOR SELECT TO concord_app
  USING (EXISTS (SELECT 1 FROM sharing_webhook w WHERE w.id = webhook_id));
CREATE POLICY make ON sharing_webhooksecret FOR INSERT TO concord_app
  WITH CHECK (EXISTS (SELECT 1 FROM sharing_webhook w WHERE w.id = webhook_id AND w.{MINE}));
CREATE POLICY close ON sharing_webhooksecret FOR UPDATE TO concord_app
  USING (EXISTS (SELECT 1 FROM sharing_webhook w WHERE w.id = webhook_id AND w.{MINE}));
CREATE POLICY by_job ON sharing_webhooksecret TO concord_job USING (true) WITH CHECK (true);

CREATE POLICY administered ON sharing_delivery FOR SELECT TO concord_app USING (channel = 'webhook' AND {MINE});
CREATE POLICY test ON sharing_delivery FOR INSERT TO concord_app
  WITH CHECK (channel = 'webhook' AND event_id IS NULL AND state = 'pending'
              AND EXISTS (SELECT 1 FROM sharing_webhook w
                           WHERE w.id = webhook_id AND w.client_id = user_id AND w.agency_id = sharing_delivery.agency_id));
CREATE POLICY again ON sharing_delivery FOR UPDATE TO concord_app
  USING (channel = 'webhook' AND EXISTS (SELECT 1 FROM sharing_webhook w WHERE w.id = webhook_id))
  WITH CHECK (state = 'pending');
"""

# Members of a unit see which of them took on what they were all told. Only who works there now takes it on; whoever took
# it on gives it back, or a supervisor of the unit (256, who may sign): the taker may have left. Preferences are one's own.
INBOX = """
GRANT SELECT, INSERT, DELETE ON sharing_claim TO concord_app;
GRANT SELECT, INSERT, UPDATE ON sharing_noticepreference, sharing_noticetimes TO concord_app;
GRANT SELECT ON sharing_claim, sharing_noticepreference, sharing_noticetimes TO concord_job;

ALTER TABLE sharing_claim ENABLE ROW LEVEL SECURITY;
CREATE POLICY told ON sharing_claim FOR SELECT TO concord_app
  USING (EXISTS (SELECT 1 FROM sharing_inboxitem i WHERE i.event_id = sharing_claim.event_id
                    AND i.unit_id = sharing_claim.unit_id AND i.user_id = (SELECT access_user())));
CREATE POLICY take ON sharing_claim FOR INSERT TO concord_app
  WITH CHECK (user_id = (SELECT access_user()) AND unit_id = ANY (access_groups(0))
              AND EXISTS (SELECT 1 FROM sharing_inboxitem i WHERE i.event_id = sharing_claim.event_id
                             AND i.unit_id = sharing_claim.unit_id AND i.user_id = (SELECT access_user())));
CREATE POLICY give_back ON sharing_claim FOR DELETE TO concord_app
  USING (user_id = (SELECT access_user()) OR unit_id = ANY (access_groups(256)));
CREATE POLICY by_job ON sharing_claim TO concord_job USING (true) WITH CHECK (true);

ALTER TABLE sharing_noticepreference ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sharing_noticepreference TO concord_app
  USING (user_id = (SELECT access_user())) WITH CHECK (user_id = (SELECT access_user()));
CREATE POLICY by_job ON sharing_noticepreference TO concord_job USING (true) WITH CHECK (true);
ALTER TABLE sharing_noticetimes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sharing_noticetimes TO concord_app
  USING (user_id = (SELECT access_user())) WITH CHECK (user_id = (SELECT access_user()));
CREATE POLICY by_job ON sharing_noticetimes TO concord_job USING (true) WITH CHECK (true);
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('agencies', '0002_clock_and_grants'),
        ('sharing', '0004_kept_answers'),
        ('cases', '0007_who_may_call'),  # closes every function that works as the owner; ours come after it
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='NoticePreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60)),
                ('inbox', models.BooleanField(default=True)),
                ('mail', models.CharField(choices=[('at_once', 'At once'), ('digest', 'In the daily summary'), ('never', 'Never')], default='at_once', max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name='NoticeTimes',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='notice_times', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('quiet_from', models.TimeField(blank=True, null=True)),
                ('quiet_until', models.TimeField(blank=True, null=True)),
                ('digest_at', models.TimeField(default=datetime.time(7, 0))),
            ],
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('url', models.CharField(max_length=500)),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, help_text='Kinds of event; none means every kind', size=None)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('off_at', models.DateTimeField(blank=True, null=True)),
                ('off_reason', models.CharField(blank=True, choices=[('by_hand', 'Switched off by an administrator'), ('failing', 'Switched off because it took no message for three days'), ('gone', 'Switched off because it answered that it is gone')], max_length=10)),
                ('failing_since', models.DateTimeField(blank=True, help_text='Nothing was taken since', null=True)),
                ('resume_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='WebhookSecret',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret', models.CharField(max_length=80)),
                ('hint', models.CharField(help_text='First characters of the secret, to tell two apart', max_length=12)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('until', models.DateTimeField(default=datetime.datetime(9999, 12, 31, 0, 0, tzinfo=datetime.timezone.utc))),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='delivery',
            name='delivery_once',
        ),
        migrations.AddField(
            model_name='delivery',
            name='answer',
            field=models.PositiveSmallIntegerField(blank=True, help_text='HTTP status', null=True),
        ),
        migrations.AddField(
            model_name='delivery',
            name='attempted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='delivery',
            name='failure',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='delivery',
            name='milliseconds',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='inboxitem',
            name='unit',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.unit'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='channel',
            field=models.CharField(choices=[('inbox', 'Inbox'), ('email', 'E-mail'), ('digest', 'Daily summary'), ('webhook', 'Webhook')], max_length=10),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='event',
            field=models.ForeignKey(help_text='None for a test', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='sharing.outboxevent'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('pending', 'Waiting'), ('sent', 'Sent'), ('withdrawn', 'No longer entitled'), ('read', 'Read before it was sent'), ('failed', 'Given up')], default='pending', max_length=10),
        ),
        migrations.AddField(
            model_name='claim',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='sharing.outboxevent'),
        ),
        migrations.AddField(
            model_name='claim',
            name='unit',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.unit'),
        ),
        migrations.AddField(
            model_name='claim',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='noticepreference',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='noticetimes',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False)), _connector='OR'), name='quiet_hours_begin_and_end'),
        ),
        migrations.AddField(
            model_name='webhook',
            name='agency',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.agency'),
        ),
        migrations.AddField(
            model_name='webhook',
            name='client',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhooks', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='webhook',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='delivery',
            name='webhook',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='sharing.webhook'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('webhook__isnull', False)), fields=['webhook', '-id'], name='delivery_of_webhook'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('webhook__isnull', True)), fields=('event', 'user', 'channel'), name='delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('event', 'webhook'), name='delivery_once_a_webhook'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel', 'webhook'), ('webhook__isnull', False)), models.Q(models.Q(('channel', 'webhook'), _negated=True), ('event__isnull', False), ('webhook__isnull', True)), _connector='OR'), name='delivery_knows_its_webhook'),
        ),
        migrations.AddField(
            model_name='webhooksecret',
            name='webhook',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='secrets', to='sharing.webhook'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(fields=('event', 'unit'), name='claim_once'),
        ),
        migrations.AddConstraint(
            model_name='noticepreference',
            constraint=models.UniqueConstraint(fields=('user', 'kind'), name='preference_once'),
        ),
        migrations.AddConstraint(
            model_name='noticepreference',
            constraint=models.CheckConstraint(condition=models.Q(('inbox', True), ('mail', 'never'), _connector='OR'), name='preference_mail_leads_to_the_inbox'),
        ),
        migrations.AddIndex(
            model_name='webhook',
            index=models.Index(fields=['agency', 'id'], name='webhook_of_agency'),
        ),
        migrations.RunSQL(
            RULES,
            "DROP FUNCTION access_own_client(bigint); DROP FUNCTION access_administers()",
        ),
        migrations.RunSQL(
            CLIENTS, "DROP FUNCTION client_register(text, text, bigint[], text); DROP FUNCTION client_switch_off(bigint)"
        ),
        migrations.RunSQL(TOKENS, migrations.RunSQL.noop),
        migrations.RunSQL(WEBHOOKS, migrations.RunSQL.noop),
        migrations.RunSQL(INBOX, migrations.RunSQL.noop),
    ]
