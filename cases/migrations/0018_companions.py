"""Who comes along to an appointment: the officers, and the wall around them, which asks that of the appointment.

Two questions besides, that no row of one's own sight answers: who may read what stands on a case, and when colleagues
of one's agency are busy.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CONTACT_VIEW, CONTACT_ADD, SHARE = 16, 32, 65536
EDIT = CONTACT_VIEW | CONTACT_ADD

# Whose name stands on a case says which agency works it: the owner's people and one's own are known to whoever sees
# the appointment, everybody to those who are to be there themselves.
KNOWN = """
CREATE FUNCTION companion_known(p_appointment bigint, p_user bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM cases_appointment a JOIN cases_case c ON c.id = a.case_id
     WHERE a.id = p_appointment
       AND (a.officer_id = access_user()
            OR EXISTS (SELECT 1 FROM cases_companion m WHERE m.appointment_id = a.id AND m.user_id = access_user())
            OR EXISTS (SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
                        WHERE m.user_id = p_user AND n.agency_id IN (c.agency_id, access_agency()))));
END $$;
REVOKE ALL ON FUNCTION companion_known(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION companion_known(bigint, bigint) TO concord_app, concord_job;
"""

# The appointment's own policy stands behind each of these: who may not see it finds none.
SEEN = f"""EXISTS (SELECT 1 FROM cases_appointment a
  WHERE a.id = appointment_id
    AND (companion_known(a.id, user_id)
         OR case_opens(a.case_id, (SELECT case_excluded()), (SELECT access_groups({SHARE})), (SELECT access_closed()),
                       {SHARE})))"""
OURS = f"""EXISTS (SELECT 1 FROM cases_appointment a
  WHERE a.id = appointment_id AND a.agency_id = (SELECT access_agency())
    AND case_opens(a.case_id, (SELECT case_excluded()), (SELECT access_groups({EDIT})), (SELECT access_closed()), {EDIT}))"""
WALL = f"""
ALTER TABLE cases_companion ENABLE ROW LEVEL SECURITY;
CREATE POLICY door ON cases_companion FOR SELECT TO concord_app USING ({SEEN});
CREATE POLICY door_for_job ON cases_companion FOR SELECT TO concord_job USING ((SELECT access_is_job()) OR {SEEN});
CREATE POLICY by_job ON cases_companion TO concord_job
  USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()));
CREATE POLICY add ON cases_companion FOR INSERT TO concord_app WITH CHECK ({OURS});
CREATE POLICY remove ON cases_companion FOR DELETE TO concord_app USING ({OURS});
GRANT SELECT, INSERT, DELETE ON cases_companion TO concord_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON cases_companion TO concord_job;
GRANT USAGE ON SEQUENCE cases_companion_id_seq TO concord_app, concord_job;
"""

# Of everybody in the units that hold the case, for whoever may make appointments on it: who may read this category.
# Circles are left out, since a page of choices would be the roster of a county.
READERS = f"""
CREATE FUNCTION case_officers(p_case bigint, p_category int, p_codes text[], p_masks int[])
RETURNS TABLE (user_id bigint, agency_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT case_opens(p_case, case_excluded(), access_groups({EDIT}), access_closed(), {EDIT}) THEN
    RETURN;
  END IF;
  RETURN QUERY
  WITH keys AS MATERIALIZED (
    SELECT k.group_id
      FROM cases_casekey k JOIN cases_case c ON c.id = k.content_object_id
     WHERE c.id = p_case AND k.until > access_now() AND k.mask & p_category = p_category
       AND NOT k.agreement_id = ANY (access_closed())
       AND (NOT c.restricted OR EXISTS (SELECT 1 FROM cases_casenamedprincipal p
                                         WHERE p.record_id = c.id AND p.group_id = k.group_id))
  )
  SELECT m.user_id, n.agency_id
    FROM (SELECT DISTINCT group_id FROM keys) k
    JOIN agencies_unit n ON n.group_id = k.group_id
    JOIN agencies_agency a ON a.id = n.agency_id AND a.is_active
    JOIN agencies_membership m ON m.group_id = n.group_id AND m.starts_at <= access_now() AND m.until > access_now()
    JOIN agencies_user u ON u.id = m.user_id AND u.is_active AND u.kind = 'person'
    JOIN unnest(p_codes, p_masks) AS r(code, mask) ON r.code = m.role
   WHERE NOT EXISTS (SELECT 1 FROM cases_caseexclusion e WHERE e.record_id = p_case AND e.user_id = m.user_id)
   GROUP BY m.user_id, n.agency_id, k.group_id
  HAVING bit_or(r.mask) & p_category = p_category;
END $$;
REVOKE ALL ON FUNCTION case_officers(bigint, int, text[], int[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_officers(bigint, int, text[], int[]) TO concord_app, concord_job;
"""

# When, and not with whom nor where. Of one's own agency alone, both the visit and the officer; and of no case that is
# closed to the asker by a restriction or for a conflict of interest.
BUSY = f"""
CREATE FUNCTION colleagues_busy(p_users bigint[], p_begin timestamptz, p_end timestamptz)
RETURNS TABLE (appointment_id bigint, user_id bigint, starts_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY
  WITH asked AS MATERIALIZED (
    SELECT w.id FROM unnest(p_users) AS w(id)
     WHERE cardinality(access_groups({EDIT})) > 0 AND EXISTS (
       SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
        WHERE m.user_id = w.id AND n.agency_id = access_agency()
          AND m.starts_at <= access_now() AND m.until > access_now())
  )
  SELECT a.id, a.officer_id, a.starts_at
    FROM asked JOIN cases_appointment a ON a.officer_id = asked.id
    JOIN cases_case c ON c.id = a.case_id AND NOT c.restricted AND NOT c.id = ANY (case_excluded())
   WHERE a.agency_id = access_agency() AND a.outcome = ''
     AND a.starts_at > p_begin - interval '1 day' AND a.starts_at < p_end
     AND a.starts_at + a.minutes * interval '1 minute' > p_begin
  UNION
  SELECT a.id, w.user_id, a.starts_at
    FROM asked JOIN cases_companion w ON w.user_id = asked.id JOIN cases_appointment a ON a.id = w.appointment_id
    JOIN cases_case c ON c.id = a.case_id AND NOT c.restricted AND NOT c.id = ANY (case_excluded())
   WHERE a.agency_id = access_agency() AND a.outcome = ''
     AND a.starts_at > p_begin - interval '1 day' AND a.starts_at < p_end
     AND a.starts_at + a.minutes * interval '1 minute' > p_begin;
END $$;
REVOKE ALL ON FUNCTION colleagues_busy(bigint[], timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION colleagues_busy(bigint[], timestamptz, timestamptz) TO concord_app, concord_job;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0017_statistics"),
        ("sharing", "0005_inbox_and_connections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Companion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "appointment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.appointment",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("appointment", "user"), name="companion_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="appointment",
            name="companions",
            field=models.ManyToManyField(
                help_text="Officers who come along, and in whose calendar it stands as well",
                related_name="+",
                through="cases.Companion",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(KNOWN, "DROP FUNCTION companion_known(bigint, bigint)"),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
        migrations.RunSQL(READERS, "DROP FUNCTION case_officers(bigint, int, text[], int[])"),
        migrations.RunSQL(BUSY, "DROP FUNCTION colleagues_busy(bigint[], timestamptz, timestamptz)"),
    ]
