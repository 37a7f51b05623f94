"""Moving cases to another unit or officer of the agency that owns them, by whoever manages them there.

The application's role may write neither the unit of a case nor its keys. This function does both, and asks for each
case whether its caller holds MANAGE on it, which no bundle that is given away contains.
"""

from django.db import migrations

MANAGE = 131072
OWN_CASE = 262143  # every category: what an owner's paper says

REASSIGN = f"""
-- What became of each case: changed, same (it was so already), or why not: not_yours, unit (not one of the agency's),
-- officer (no member of that unit or of the agency's root), excluded (a conflict of interest), restricted (the unit is
-- not named on it). A unit or officer that is NULL: the unit stays, nobody is officer of record.
CREATE FUNCTION case_reassign(p_ids bigint[], p_unit int, p_officer bigint) RETURNS TABLE (case_id bigint, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_excluded bigint[] := case_excluded();
  v_groups int[] := access_groups({MANAGE});
  v_closed int[] := access_closed();
BEGIN
  PERFORM case_lock(p_ids);
  RETURN QUERY
  WITH asked AS (
    SELECT c.id, w.unit,
           CASE
             WHEN NOT case_opens(c.id, v_excluded, v_groups, v_closed, {MANAGE}) THEN 'not_yours'
             WHEN NOT EXISTS (SELECT 1 FROM agencies_unit u
                               WHERE u.group_id = w.unit AND u.agency_id = c.agency_id
                                 AND (u.closed_at IS NULL OR w.unit = c.unit_id))
               THEN 'unit'
             WHEN p_officer IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM agencies_membership m
                 JOIN agencies_user a ON a.id = m.user_id AND a.is_active AND a.kind = 'person'
                 JOIN agencies_unit u ON u.group_id = m.group_id AND u.agency_id = c.agency_id
                WHERE m.user_id = p_officer AND (u.group_id = w.unit OR u.is_root)
                  AND m.starts_at <= access_now() AND m.until > access_now()) THEN 'officer'
             WHEN EXISTS (SELECT 1 FROM cases_caseexclusion e WHERE e.record_id = c.id AND e.user_id = p_officer)
               THEN 'excluded'
             WHEN c.restricted AND w.unit <> c.unit_id AND NOT EXISTS (
               SELECT 1 FROM cases_casenamedprincipal n WHERE n.record_id = c.id AND n.group_id = w.unit)
               THEN 'restricted'
             WHEN w.unit = c.unit_id AND c.officer_id IS NOT DISTINCT FROM p_officer THEN 'same'
             ELSE 'changed'
           END AS outcome
      FROM cases_case c CROSS JOIN LATERAL (SELECT coalesce(p_unit, c.unit_id)) AS w(unit)
     WHERE c.id = ANY (p_ids)
  ), moved AS (
    UPDATE cases_case c
       SET unit_id = a.unit, officer_id = p_officer, updated_at = access_now(), version = c.version + 1
      FROM asked a WHERE a.id = c.id AND a.outcome = 'changed'
  )
  SELECT a.id, a.outcome FROM asked a;
  IF p_unit IS NOT NULL THEN -- keys follow the unit that the case now says; where it said so before they stay
    PERFORM case_own(p_ids, {OWN_CASE});
  END IF;
END $$;
REVOKE ALL ON FUNCTION case_reassign(bigint[], int, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_reassign(bigint[], int, bigint) TO concord_app, concord_job;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0008_trail_speaks_for_the_actor")]

    operations = [migrations.RunSQL(REASSIGN, "DROP FUNCTION case_reassign(bigint[], int, bigint)")]
