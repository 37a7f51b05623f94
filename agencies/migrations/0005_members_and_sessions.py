"""Sessions that know whose they are, letters, covers, sign-ins on the trail; and what an administrator may write.

Who is an administrator is read from the transaction's own context (access.user, access.agency) by functions of the
tables' owner, so that a forgotten check in our code gives nobody a role. Columns that a policy could not tell apart (an
account's own password beside its suspension) are written by such functions alone.
"""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


ADMINISTRATORS = """
CREATE FUNCTION directory_administers(p_agency bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN p_agency = nullif(current_setting('access.agency', true), '')::bigint AND EXISTS (
    SELECT 1
      FROM agencies_membership m
      JOIN agencies_unit n ON n.group_id = m.group_id AND n.agency_id = p_agency
      JOIN agencies_user u ON u.id = m.user_id AND u.is_active
     WHERE m.user_id = nullif(current_setting('access.user', true), '')::bigint AND m.role = 'administrator'
       AND m.starts_at <= access_now() AND m.until > access_now());
END $$;

-- Whether the acting administrator's agency employs the account, or did.
CREATE FUNCTION directory_vouches(p_user bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_agency bigint := nullif(current_setting('access.agency', true), '')::bigint;
BEGIN
  RETURN directory_administers(v_agency) AND EXISTS (
    SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
     WHERE m.user_id = p_user AND n.agency_id = v_agency);
END $$;

-- Whether the acting administrator may place somebody in this unit: an open one of the own agency; never oneself.
CREATE FUNCTION directory_may_place(p_user bigint, p_group bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN p_user <> nullif(current_setting('access.user', true), '')::bigint AND EXISTS (
    SELECT 1 FROM agencies_unit n WHERE n.group_id = p_group AND directory_administers(n.agency_id));
END $$;

-- A new account of a person, in which nobody can sign in until its owner has chosen a password.
CREATE FUNCTION directory_add_account(p_email text, p_name text, p_title text, p_badge text, p_phone text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_id bigint;
BEGIN
  IF NOT directory_administers(nullif(current_setting('access.agency', true), '')::bigint) THEN
    RAISE insufficient_privilege USING MESSAGE = 'only an administrator adds accounts';
  END IF;
  INSERT INTO agencies_user (password, kind, email, name, title, badge, phone, is_active, date_joined)
  VALUES ('!' || gen_random_uuid(), 'person', lower(p_email), p_name, p_title, p_badge, p_phone, true, access_now())
  RETURNING id INTO v_id;
  RETURN v_id;
END $$;

-- Suspends or reinstates an account that works for the acting administrator's agency alone; never one's own.
CREATE FUNCTION directory_set_active(p_user bigint, p_active boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF p_user = nullif(current_setting('access.user', true), '')::bigint OR NOT directory_vouches(p_user) OR EXISTS (
    SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
     WHERE m.user_id = p_user AND m.until > access_now()
       AND n.agency_id <> nullif(current_setting('access.agency', true), '')::bigint)
  THEN
    RAISE insufficient_privilege USING MESSAGE = 'only the agency that alone employs somebody suspends them';
  END IF;
  UPDATE agencies_user SET is_active = p_active WHERE id = p_user AND kind = 'person' AND is_active <> p_active;
  RETURN FOUND;
END $$;

-- How whoever acts wants pages to look.
CREATE FUNCTION own_preference(p_name text, p_value jsonb) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE agencies_user SET preferences = preferences || jsonb_build_object(p_name, p_value)
   WHERE id = nullif(current_setting('access.user', true), '')::bigint
  RETURNING preferences
$$;

REVOKE ALL ON FUNCTION own_preference(text, jsonb), directory_administers(bigint), directory_vouches(bigint), directory_may_place(bigint, bigint),
  directory_add_account(text, text, text, text, text), directory_set_active(bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_preference(text, jsonb), directory_administers(bigint), directory_vouches(bigint), directory_may_place(bigint, bigint),
  directory_add_account(text, text, text, text, text), directory_set_active(bigint, boolean) TO concord_app;
"""

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON agencies_accountsession TO concord_app;
GRANT SELECT, DELETE ON agencies_accountsession TO concord_job;
GRANT INSERT, SELECT (id) ON agencies_signin TO concord_app;

GRANT INSERT (name) ON auth_group TO concord_app;
GRANT INSERT (group_id, agency_id, name, phone, is_root, closed_at), UPDATE (name, phone, closed_at) ON agencies_unit
  TO concord_app;
GRANT INSERT (user_id, group_id, role, starts_at, until), UPDATE (starts_at, until) ON agencies_membership TO concord_app;
GRANT SELECT, INSERT ON agencies_accountletter TO concord_app;
GRANT SELECT, INSERT, UPDATE (sent_at, attempts, next_attempt_at) ON agencies_accountletter TO concord_job;
GRANT SELECT, INSERT, UPDATE (until) ON agencies_cover TO concord_app;
GRANT SELECT, INSERT, UPDATE ON agencies_cover TO concord_job;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job;
"""

# The directory is read by everybody and written by administrators. `by_job`: the importer and the demo's world.
POLICIES = """
ALTER TABLE auth_group ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON auth_group FOR SELECT TO concord_app USING (true);
CREATE POLICY add ON auth_group FOR INSERT TO concord_app
  WITH CHECK (directory_administers(nullif(current_setting('access.agency', true), '')::bigint));
CREATE POLICY by_job ON auth_group TO concord_job USING (true) WITH CHECK (true);

ALTER TABLE agencies_unit ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON agencies_unit FOR SELECT TO concord_app USING (true);
-- A unit's group is its own: whoever declared a circle's group a unit would hand the circle's keys to its members.
CREATE POLICY add ON agencies_unit FOR INSERT TO concord_app
  WITH CHECK (NOT is_root AND directory_administers(agency_id)
              AND NOT EXISTS (SELECT 1 FROM sharing_circle c WHERE c.group_id = agencies_unit.group_id));
CREATE POLICY change ON agencies_unit FOR UPDATE TO concord_app USING (directory_administers(agency_id))
  WITH CHECK (directory_administers(agency_id) AND (closed_at IS NULL OR NOT is_root));
CREATE POLICY by_job ON agencies_unit TO concord_job USING (true) WITH CHECK (true);

ALTER TABLE agencies_membership ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON agencies_membership FOR SELECT TO concord_app USING (true);
CREATE POLICY give ON agencies_membership FOR INSERT TO concord_app
  WITH CHECK (directory_may_place(user_id, group_id)
              AND EXISTS (SELECT 1 FROM agencies_unit n
                           WHERE n.group_id = agencies_membership.group_id AND n.closed_at IS NULL));
CREATE POLICY change ON agencies_membership FOR UPDATE TO concord_app
  USING (directory_may_place(user_id, group_id)) WITH CHECK (directory_may_place(user_id, group_id));
CREATE POLICY by_job ON agencies_membership TO concord_job USING (true) WITH CHECK (true);

ALTER TABLE agencies_accountletter ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON agencies_accountletter FOR SELECT TO concord_app USING (directory_vouches(user_id));
-- A letter is written by an agency that employs its receiver now; for a new password, by the only one that does.
CREATE POLICY write ON agencies_accountletter FOR INSERT TO concord_app
  WITH CHECK (directory_vouches(user_id) AND created_by_id = nullif(current_setting('access.user', true), '')::bigint
              AND EXISTS (SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
                           WHERE m.user_id = agencies_accountletter.user_id
                             AND n.agency_id = nullif(current_setting('access.agency', true), '')::bigint
                             AND m.starts_at <= access_now() AND m.until > access_now())
              AND (kind = 'invitation' OR kind = 'cover' OR NOT EXISTS (
                SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
                 WHERE m.user_id = agencies_accountletter.user_id AND m.starts_at <= access_now()
                   AND m.until > access_now()
                   AND n.agency_id <> nullif(current_setting('access.agency', true), '')::bigint)));
CREATE POLICY by_job ON agencies_accountletter TO concord_job USING (true) WITH CHECK (true);

ALTER TABLE agencies_cover ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON agencies_cover FOR SELECT TO concord_app
  USING (agency_id = nullif(current_setting('access.agency', true), '')::bigint);
CREATE POLICY arrange ON agencies_cover FOR INSERT TO concord_app
  WITH CHECK (agency_id = nullif(current_setting('access.agency', true), '')::bigint
              AND (officer_id = nullif(current_setting('access.user', true), '')::bigint
                   OR directory_administers(agency_id) AND EXISTS (
                     SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
                      WHERE m.user_id = officer_id AND n.agency_id = agencies_cover.agency_id
                        AND m.until > access_now()))
              AND EXISTS (SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
                           WHERE m.user_id = colleague_id AND n.agency_id = agencies_cover.agency_id
                             AND m.until > access_now()));
CREATE POLICY change ON agencies_cover FOR UPDATE TO concord_app
  USING (officer_id = nullif(current_setting('access.user', true), '')::bigint OR directory_administers(agency_id));
CREATE POLICY by_job ON agencies_cover TO concord_job USING (true) WITH CHECK (true);
"""

UNDO = """
DROP POLICY seen ON auth_group; DROP POLICY add ON auth_group; DROP POLICY by_job ON auth_group;
ALTER TABLE auth_group DISABLE ROW LEVEL SECURITY;
DROP POLICY seen ON agencies_unit; DROP POLICY add ON agencies_unit; DROP POLICY change ON agencies_unit;
DROP POLICY by_job ON agencies_unit; ALTER TABLE agencies_unit DISABLE ROW LEVEL SECURITY;
DROP POLICY seen ON agencies_membership; DROP POLICY give ON agencies_membership;
DROP POLICY change ON agencies_membership; DROP POLICY by_job ON agencies_membership;
ALTER TABLE agencies_membership DISABLE ROW LEVEL SECURITY;
"""

FUNCTIONS_AWAY = """
DROP FUNCTION own_preference(text, jsonb), directory_add_account(text, text, text, text, text), directory_set_active(bigint, boolean),
  directory_may_place(bigint, bigint), directory_vouches(bigint), directory_administers(bigint);
"""



class Migration(migrations.Migration):

    dependencies = [
        ('agencies', '0004_read_by_person'),
        # It shuts every function of the owner that it does not name; ours are given after it.
        ('cases', '0008_trail_speaks_for_the_actor'),
    ]

    operations = [
        migrations.AddField(
            model_name='unit',
            name='closed_at',
            field=models.DateTimeField(blank=True, help_text='Takes no members and no shares from then on', null=True),
        ),
        migrations.CreateModel(
            name='AccountSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('device', models.CharField(blank=True, max_length=60)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('used_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user_id', models.BigIntegerField(null=True)),
                ('user_name', models.CharField(max_length=170)),
                ('agency_id', models.BigIntegerField(null=True)),
                ('agency_name', models.CharField(blank=True, max_length=120)),
                ('channel', models.CharField(help_text='html, api, task or command', max_length=10)),
                ('request_id', models.CharField(blank=True, max_length=36)),
                ('outcome', models.CharField(choices=[('in', 'Signed in'), ('failed', 'Refused'), ('out', 'Signed out')], max_length=10)),
                ('device', models.CharField(blank=True, max_length=60)),
                ('address', models.GenericIPAddressField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['user_id', '-at'], name='sign_in_of_account')],
            },
        ),
        migrations.CreateModel(
            name='AccountLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('invitation', 'Invitation'), ('password', 'New password')], max_length=10)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['next_attempt_at'], name='letter_waiting'), models.Index(fields=['user', '-created_at'], name='letter_of_account')],
            },
        ),
        migrations.CreateModel(
            name='Cover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('starts_at', models.DateTimeField()),
                ('until', models.DateTimeField(help_text='Ending a cover early moves this')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.agency')),
                ('colleague', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='covering', to=settings.AUTH_USER_MODEL)),
                ('officer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='covers', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['colleague', 'until'], name='cover_by_colleague')],
                'constraints': [models.CheckConstraint(condition=models.Q(('officer', models.F('colleague')), _negated=True), name='cover_by_another'), models.CheckConstraint(condition=models.Q(('until__gte', models.F('starts_at'))), name='cover_ends_after_start')],
            },
        ),
        migrations.RunSQL(ADMINISTRATORS, FUNCTIONS_AWAY),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        migrations.RunSQL(POLICIES, UNDO),
    ]
