"""What a person keeps of the case list: saved filters, which are theirs alone, and what they opened last."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

WALL = """
ALTER TABLE cases_savedfilter ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cases_savedfilter TO concord_app
  USING (user_id = (SELECT access_user())) WITH CHECK (user_id = (SELECT access_user()));
CREATE POLICY by_job ON cases_savedfilter TO concord_job
  USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()));
GRANT SELECT, INSERT, DELETE ON cases_savedfilter TO concord_app;
GRANT INSERT, SELECT (id) ON cases_savedfilter TO concord_job;
GRANT USAGE ON SEQUENCE cases_savedfilter_id_seq TO concord_app, concord_job;
"""

# The trail is closed to the application, so that a function of the owner tells each person their own reads and no
# others: the records of the newest 300 openings, each once, last opened first. Whether they are still open to the
# reader is asked by whoever shows them.
RECENT = """
CREATE FUNCTION case_recent(p_limit int) RETURNS TABLE (uuid uuid, place bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY
    SELECT o.record, row_number() OVER (ORDER BY max(o.id) DESC)
      FROM (SELECT r.record_ids[1] AS record, r.id
              FROM agencies_read r
             WHERE r.user_id = access_user() AND r.action = 'detail' AND r.record_type = 'cases.case'
             ORDER BY r.id DESC LIMIT 300) o
     GROUP BY o.record ORDER BY max(o.id) DESC LIMIT p_limit;
END $$;
REVOKE ALL ON FUNCTION case_recent(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_recent(int) TO concord_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("agencies", "0004_read_by_person"),
        ("cases", "0009_reassigning"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("query", models.JSONField(help_text="Parameters of the list, as pairs: tab, status, risk, sort")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"),
                        django.db.models.functions.text.Lower("name"),
                        name="saved_filter_name_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
        migrations.RunSQL(RECENT, "DROP FUNCTION case_recent(int)"),
    ]
