"""What the application adds to the trail, it adds in the name of whoever acts, and of nobody else.

A denial is written on a connection of its own, which has no context, and so is left open.
"""

from django.db import migrations

POLICIES = """
ALTER TABLE agencies_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE agencies_read ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_name ON agencies_change FOR INSERT TO concord_app WITH CHECK (user_id = (SELECT access_user()));
CREATE POLICY own_name ON agencies_read FOR INSERT TO concord_app WITH CHECK (user_id = (SELECT access_user()));
CREATE POLICY by_job ON agencies_change FOR INSERT TO concord_job WITH CHECK (true);
CREATE POLICY by_job ON agencies_read FOR INSERT TO concord_job WITH CHECK (true);
-- The number of the row just added is all that either role may read back (see its column grants).
CREATE POLICY own_number ON agencies_change FOR SELECT TO concord_app, concord_job USING (true);
CREATE POLICY own_number ON agencies_read FOR SELECT TO concord_app, concord_job USING (true);
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0007_who_may_call"), ("sharing", "0002_context_and_grants")]

    operations = [migrations.RunSQL(POLICIES, migrations.RunSQL.noop)]
