"""How a transaction says who is asking, and what the application's roles may do with this floor's tables."""

from django.db import migrations

# The actor's principals: own units of the acting agency, and the circles those units are in, each with the categories
# that the actor's roles allow there. Runs as the owner, so that the web role need not put the list together; every
# setting is local to the transaction. `closed` names agreements that are suspended, ended early or not begun.
OPEN = """
CREATE FUNCTION access_open(
  p_user bigint, p_wanted bigint, p_codes text[], p_masks int[], p_kinds text[], p_sides int[],
  OUT group_ids int[], OUT masks int[], OUT closed int[], OUT agency agencies_agency
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  -- Before anything is planned: what runs in this transaction runs often, and always by index.
  PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
  -- The agency asked for; else that of the membership which is oldest, found without looking at the other two hundred.
  SELECT a.* INTO agency
    FROM agencies_agency a
   WHERE a.id = p_wanted AND a.is_active AND EXISTS (
     SELECT 1 FROM agencies_membership m
       JOIN agencies_user u ON u.id = m.user_id AND u.is_active
       JOIN agencies_unit n ON n.group_id = m.group_id
      WHERE m.user_id = p_user AND n.agency_id = a.id AND m.starts_at <= access_now() AND m.until > access_now());
  IF NOT FOUND THEN
    SELECT a.* INTO agency
      FROM (SELECT h.id, h.user_id, h.group_id FROM agencies_membership h
             WHERE h.user_id = p_user AND h.starts_at <= access_now() AND h.until > access_now()
             ORDER BY h.id OFFSET 0) m
      JOIN agencies_user u ON u.id = m.user_id AND u.is_active
      JOIN agencies_unit n ON n.group_id = m.group_id
      JOIN agencies_agency a ON a.id = n.agency_id AND a.is_active
     ORDER BY m.id
     LIMIT 1;
  END IF;

  WITH own AS MATERIALIZED (
    SELECT m.group_id, bit_or(p_masks[array_position(p_codes, m.role::text)]) AS mask
      FROM agencies_membership m
      JOIN agencies_unit n ON n.group_id = m.group_id AND n.agency_id = (agency).id
     WHERE m.user_id = p_user AND m.starts_at <= access_now() AND m.until > access_now()
       AND m.role = ANY (p_codes)
     GROUP BY m.group_id
  ), held AS (
    SELECT own.group_id, own.mask FROM own
    UNION ALL
    SELECT c.circle_id, bit_or(own.mask)
      FROM own
      JOIN sharing_circleunit c ON c.unit_id = own.group_id AND c.joined_at <= access_now() AND c.until > access_now()
     GROUP BY c.circle_id
  )
  SELECT coalesce(array_agg(h.group_id ORDER BY h.group_id), '{}'), coalesce(array_agg(h.mask ORDER BY h.group_id), '{}')
    INTO group_ids, masks FROM held h;

  closed := ARRAY(SELECT g.id FROM sharing_agreement g
                   WHERE g.suspended_at <= access_now() OR g.ended_at <= access_now() OR g.ends_at <= access_now()
                      OR g.starts_at > access_now() OR g.signed_at IS NULL);

  PERFORM set_config('access.user', p_user::text, true),
          set_config('access.agency', coalesce((agency).id::text, ''), true),
          set_config('access.side', coalesce(p_sides[array_position(p_kinds, (agency).kind::text)], 0)::text, true),
          set_config('access.groups', group_ids::text, true),
          set_config('access.masks', masks::text, true),
          set_config('access.closed', closed::text, true);
END $$;
REVOKE ALL ON FUNCTION access_open(bigint, bigint, text[], int[], text[], int[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_open(bigint, bigint, text[], int[], text[], int[]) TO concord_app, concord_job;
"""

# Principals whose role allows the whole category; 0 asks for all. Without a context the setting is empty, not NULL,
# from the second transaction of a connection on: nullif() makes both mean "nobody".
HELPERS = """
CREATE FUNCTION access_groups(p_category int) RETURNS int[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN -- plpgsql, since every policy asks it and SQL would be planned anew with each statement
  RETURN (SELECT coalesce(array_agg(h.g), '{}')
            FROM unnest(nullif(current_setting('access.groups', true), '')::int[],
                        nullif(current_setting('access.masks', true), '')::int[]) AS h(g, m)
           WHERE h.m & p_category = p_category);
END $$;
-- What the actor's roles allow in each of those principals, in the same order.
CREATE FUNCTION access_masks(p_category int) RETURNS int[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (SELECT coalesce(array_agg(h.m), '{}')
            FROM unnest(nullif(current_setting('access.masks', true), '')::int[]) AS h(m)
           WHERE h.m & p_category = p_category);
END $$;
CREATE FUNCTION access_user() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT nullif(current_setting('access.user', true), '')::bigint
$$;
CREATE FUNCTION access_agency() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT nullif(current_setting('access.agency', true), '')::bigint
$$;
CREATE FUNCTION access_closed() RETURNS int[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(nullif(current_setting('access.closed', true), '')::int[], '{}')
$$;
CREATE FUNCTION access_side() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(nullif(current_setting('access.side', true), '')::int, 0)
$$;
CREATE FUNCTION access_is_job() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(current_setting('access.job', true), '') = 'on' AND session_user = 'concord_job'
$$;
"""

GRANTS = """
GRANT SELECT ON sharing_agreement, sharing_agreementparty, sharing_circle, sharing_circleunit
  TO concord_app, concord_job;
GRANT INSERT, UPDATE ON sharing_agreement, sharing_agreementparty, sharing_circle, sharing_circleunit TO concord_job;
GRANT SELECT, INSERT ON sharing_grant TO concord_app, concord_job;
GRANT UPDATE (revoked_at, revoked_by_id, revoke_reason, until, version) ON sharing_grant TO concord_app, concord_job;
GRANT SELECT, INSERT ON sharing_outboxevent TO concord_app, concord_job;
GRANT UPDATE ON sharing_outboxevent TO concord_job;
GRANT SELECT ON sharing_inboxitem, sharing_delivery TO concord_app, concord_job;
GRANT UPDATE (read_at, done_at) ON sharing_inboxitem TO concord_app;
GRANT INSERT, UPDATE ON sharing_inboxitem, sharing_delivery TO concord_job;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job;
"""

# An inbox is its owner's; only the relay may put something in or look across. The outbox follows in 0003.
INBOX_POLICIES = """
ALTER TABLE sharing_inboxitem ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_inbox ON sharing_inboxitem TO concord_app USING (user_id = (SELECT access_user()));
CREATE POLICY relay_inbox ON sharing_inboxitem TO concord_job USING (true) WITH CHECK (true);
ALTER TABLE sharing_delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_deliveries ON sharing_delivery FOR SELECT TO concord_app USING (user_id = (SELECT access_user()));
CREATE POLICY relay_deliveries ON sharing_delivery TO concord_job USING (true) WITH CHECK (true);
"""


class Migration(migrations.Migration):
    dependencies = [("sharing", "0001_initial"), ("agencies", "0002_clock_and_grants")]

    operations = [
        migrations.RunSQL(OPEN, "DROP FUNCTION access_open(bigint, bigint, text[], int[], text[], int[])"),
        migrations.RunSQL(
            HELPERS,
            "DROP FUNCTION access_masks(int); DROP FUNCTION access_groups(int); DROP FUNCTION access_user(); DROP FUNCTION access_closed();"
            "DROP FUNCTION access_agency(); DROP FUNCTION access_side(); DROP FUNCTION access_is_job()",
        ),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        migrations.RunSQL(INBOX_POLICIES, migrations.RunSQL.noop),
    ]
