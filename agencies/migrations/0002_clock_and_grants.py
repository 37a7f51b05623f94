"""The clock every predicate uses, and what the application's roles may do with this floor's tables."""

from django.db import migrations

CLOCK = """
CREATE FUNCTION access_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT statement_timestamp() $$;
"""

# A membership is in a unit, never in a circle.
MEMBERS_JOIN_UNITS = """
ALTER TABLE agencies_membership ADD CONSTRAINT membership_group_is_a_unit
  FOREIGN KEY (group_id) REFERENCES agencies_unit (group_id) DEFERRABLE INITIALLY DEFERRED;
"""

# The trail: rows are added and never changed, deleted or read at large. Reading the number back is what INSERT needs.
# Accounts: the web role signs people in and lets them choose a password; no bug of ours can give anybody a role, a token
# or another address.
GRANTS = """
GRANT USAGE ON SCHEMA public TO concord_app, concord_job;
GRANT SELECT ON auth_group, auth_permission, django_content_type TO concord_app, concord_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO concord_app;
GRANT SELECT, INSERT ON account_emailaddress TO concord_app;
GRANT SELECT ON agencies_agency, agencies_unit, agencies_user, agencies_membership, agencies_apitoken
  TO concord_app, concord_job;
GRANT UPDATE (password, last_login) ON agencies_user TO concord_app;
GRANT UPDATE (revoked_at) ON agencies_apitoken TO concord_app;
GRANT INSERT, UPDATE ON auth_group, agencies_agency, agencies_unit, agencies_user, agencies_membership,
  agencies_apitoken TO concord_job;
GRANT SELECT, INSERT ON account_emailaddress TO concord_job;
GRANT INSERT, SELECT (id) ON agencies_change, agencies_read, agencies_denial TO concord_app, concord_job;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job;
"""

# allauth notes an account's address when it first needs it. It sends the link for a new password to any address noted,
# so that the web role may note the account's own and no other.
ADDRESSES = """
ALTER TABLE account_emailaddress ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON account_emailaddress FOR SELECT TO concord_app USING (true);
CREATE POLICY own_address ON account_emailaddress FOR INSERT TO concord_app
  WITH CHECK (EXISTS (SELECT 1 FROM agencies_user u WHERE u.id = user_id AND u.email = account_emailaddress.email));
CREATE POLICY by_job ON account_emailaddress TO concord_job USING (true) WITH CHECK (true);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("sessions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(CLOCK, "DROP FUNCTION access_now()"),
        migrations.RunSQL(
            MEMBERS_JOIN_UNITS, "ALTER TABLE agencies_membership DROP CONSTRAINT membership_group_is_a_unit"
        ),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        migrations.RunSQL(ADDRESSES, migrations.RunSQL.noop),
    ]
