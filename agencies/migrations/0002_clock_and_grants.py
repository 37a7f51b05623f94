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
GRANTS = """
GRANT USAGE ON SCHEMA public TO concord_app, concord_job;
GRANT SELECT ON auth_group, auth_permission, django_content_type TO concord_app, concord_job;
GRANT SELECT, INSERT, UPDATE, DELETE ON django_session, account_emailaddress, account_emailconfirmation TO concord_app;
GRANT SELECT ON agencies_agency, agencies_unit, agencies_user, agencies_membership, agencies_apitoken
  TO concord_app, concord_job;
GRANT INSERT, UPDATE ON agencies_user, agencies_membership, agencies_apitoken TO concord_app;
GRANT INSERT, UPDATE ON auth_group, agencies_agency, agencies_unit, agencies_user, agencies_membership,
  agencies_apitoken TO concord_job;
GRANT SELECT, INSERT ON account_emailaddress TO concord_job;
GRANT INSERT, SELECT (id) ON agencies_change, agencies_read, agencies_denial TO concord_app, concord_job;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job;
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
    ]
