"""Keys of cases: written by the database from the grants, kept in step with the case, asked by one rule.

Every function runs as the owner of the tables. Writers lock the case rows in the order of their numbers first, so that
a copy cannot drift and two writers cannot deadlock.
"""

from django.db import migrations

# The rule, for one case: see sharing/access/querysets.py, which says the same in Python as the first wall. Everything
# about the actor is an argument, so that a policy looks it up once a statement rather than once a row. `+ 0` keeps the
# probe on the case: an index search for each of two hundred principals would cost ten times as much.
#
# Policies ask the first two for every row they let through, twice twenty-five times a page. Hence two questions rather
# than one: first whether an ordinary record is open, which is almost always so, then whether a restricted one is.
# Whatever is called for single rows, here and below, has no SET clauses either, which cost as much as the work: names
# are written in full, and the transaction's context has plans kept (access_open(), job_context()).
KEY_OPENS = """k.group_id + 0 = ANY (p_groups) AND k.until > public.access_now() AND k.mask & p_must = p_must
     AND NOT k.agreement_id = ANY (p_closed)"""
NAMED = """EXISTS (SELECT 1 FROM public.cases_casenamedprincipal n WHERE n.record_id = c.id AND n.group_id = k.group_id)"""
KEYS = "public.cases_case c JOIN public.cases_casekey k ON k.content_object_id = c.id"

PERMITS = f"""
-- Records from which the transaction's actor is excluded, whatever their keys say.
CREATE FUNCTION case_excluded() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  RETURN ARRAY(SELECT e.record_id FROM public.cases_caseexclusion e WHERE e.user_id = public.access_user());
END $$;

CREATE FUNCTION case_opens(p_id bigint, p_excluded bigint[], p_groups int[], p_closed int[], p_must int) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  IF p_id = ANY (p_excluded) THEN
    RETURN false;
  ELSIF EXISTS (SELECT 1 FROM {KEYS} WHERE c.id = p_id AND NOT c.restricted AND {KEY_OPENS}) THEN
    RETURN true;
  END IF;
  RETURN EXISTS (SELECT 1 FROM {KEYS} WHERE c.id = p_id AND c.restricted AND {KEY_OPENS} AND {NAMED});
END $$;

-- The same of a row that is at hand.
CREATE FUNCTION case_row_opens(
  p_id bigint, p_restricted boolean, p_excluded bigint[], p_groups int[], p_closed int[], p_must int
) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  IF p_restricted OR p_id = ANY (p_excluded) THEN
    RETURN public.case_opens(p_id, p_excluded, p_groups, p_closed, p_must);
  END IF;
  RETURN EXISTS (SELECT 1 FROM public.cases_casekey k WHERE k.content_object_id = p_id AND {KEY_OPENS});
END $$;

-- A person is opened by any of their cases.
CREATE FUNCTION person_opens(p_id bigint, p_excluded bigint[], p_groups int[], p_closed int[], p_must int)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM {KEYS}
              WHERE c.person_id = p_id AND NOT c.restricted AND {KEY_OPENS} AND NOT c.id = ANY (p_excluded)) THEN
    RETURN true;
  END IF;
  RETURN EXISTS (SELECT 1 FROM {KEYS}
                  WHERE c.person_id = p_id AND c.restricted AND {KEY_OPENS} AND {NAMED}
                    AND NOT c.id = ANY (p_excluded));
END $$;

-- Everything that the actor may use of a case, over all keys; NULL where they may not know of it. p_masks are what the
-- actor's roles allow in each of the principals.
CREATE FUNCTION case_mask(p_id bigint, p_excluded bigint[], p_groups int[], p_masks int[], p_closed int[], p_must int)
RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  IF p_id = ANY (p_excluded) THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT bit_or(k.mask & p_masks[array_position(p_groups, k.group_id)])
      FROM {KEYS} WHERE c.id = p_id AND {KEY_OPENS} AND (NOT c.restricted OR {NAMED}));
END $$;

-- case_opens() for the transaction's own actor.
CREATE FUNCTION case_permits(p_id bigint, p_category int, p_groups int[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  RETURN public.case_opens(p_id, public.case_excluded(), p_groups, public.access_closed(), p_category);
END $$;
"""

# Copies of the case's sort and filter columns. One statement however many cases change; a case whose columns stay as they
# were costs a look. It goes by the numbers of what changed to case and key, never by a join with the changed rows, whose
# plan, once kept, would be wrong for one case or for ten thousand.
COPIES = """
CREATE FUNCTION case_copy_to_keys() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE public.cases_casekey k
     SET updated_at = c.updated_at, next_review = coalesce(c.next_review, '9999-12-31'), status = c.status,
         risk_level = c.risk_level, restricted = c.restricted
    FROM public.cases_case c
   WHERE c.id = ANY (ARRAY(SELECT n.id FROM changed_cases n)) AND k.content_object_id = c.id
     AND (k.updated_at, k.next_review, k.status, k.risk_level, k.restricted) IS DISTINCT FROM
         (c.updated_at, coalesce(c.next_review, '9999-12-31'), c.status, c.risk_level, c.restricted);
  RETURN NULL;
END $$;
CREATE TRIGGER case_copies AFTER UPDATE ON cases_case REFERENCING NEW TABLE AS changed_cases
FOR EACH STATEMENT EXECUTE FUNCTION case_copy_to_keys();
"""

# One statement makes keys of a grant for cases that the caller has locked, so that nobody else makes one meanwhile.
ISSUE = """
CREATE FUNCTION case_make_keys(p_grant bigint, p_ids bigint[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  v_made int;
BEGIN
  INSERT INTO public.cases_casekey (content_object_id, group_id, permission_id, grant_id, agreement_id, until, mask,
                             updated_at, next_review, status, risk_level, restricted)
  SELECT c.id, g.group_id, p.id, g.id, coalesce(g.agreement_id, 0), least(g.until, coalesce(a.ends_at, g.until)), g.mask,
         c.updated_at, coalesce(c.next_review, '9999-12-31'), c.status, c.risk_level, c.restricted
    FROM public.sharing_grant g
    LEFT JOIN public.sharing_agreement a ON a.id = g.agreement_id
    JOIN public.django_content_type t ON t.app_label = 'cases' AND t.model = 'case'
    JOIN public.auth_permission p ON p.content_type_id = t.id AND p.codename = g.bundle
    JOIN public.cases_case c ON c.id = ANY (p_ids)
   WHERE g.id = p_grant AND g.record_type = 'cases.case' AND g.revoked_at IS NULL
     AND NOT EXISTS (
       SELECT 1 FROM public.cases_casekey k WHERE k.content_object_id = c.id AND k.grant_id = g.id OFFSET 0);
  GET DIAGNOSTICS v_made = ROW_COUNT;
  RETURN v_made;
END $$;
REVOKE ALL ON FUNCTION case_make_keys(bigint, bigint[]) FROM PUBLIC;

CREATE FUNCTION case_lock(p_ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM 1 FROM public.cases_case WHERE id = ANY (p_ids) ORDER BY id FOR NO KEY UPDATE;
END $$;
REVOKE ALL ON FUNCTION case_lock(bigint[]) FROM PUBLIC;

-- Keys of one grant that names its record, by somebody who may share that record.
CREATE FUNCTION case_issue(p_grant bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  v_case bigint;
BEGIN
  SELECT c.id INTO v_case FROM public.sharing_grant g JOIN public.cases_case c ON c.uuid = g.record_id
   WHERE g.id = p_grant AND g.kind = 'share' AND (public.access_is_job() OR g.issued_by_id = public.access_user());
  IF v_case IS NULL THEN
    RAISE EXCEPTION 'grant % cannot issue a key', p_grant USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM public.case_lock(ARRAY[v_case]);
  IF NOT public.access_is_job() AND NOT public.case_permits(v_case, 65536, public.access_groups(65536)) THEN
    RAISE EXCEPTION 'case % is not this actor''s to share', v_case USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN public.case_make_keys(p_grant, ARRAY[v_case]);
END $$;

-- Keys of a standing or owner grant for many cases at once. The job role only.
CREATE FUNCTION case_issue_many(p_grant bigint, p_ids bigint[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  PERFORM case_lock(p_ids);
  RETURN case_make_keys(p_grant, p_ids);
END $$;
REVOKE ALL ON FUNCTION case_issue_many(bigint, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_issue_many(bigint, bigint[]) TO concord_job;

-- The keys of grants: of one that names its record by that record, of a standing or owner one by its principal.
CREATE FUNCTION case_keys_of(p_grants bigint[]) RETURNS TABLE (case_id bigint, grant_id bigint)
LANGUAGE plpgsql STABLE ROWS 10 AS $$
BEGIN
  RETURN QUERY
  SELECT k.content_object_id, k.grant_id
    FROM public.sharing_grant g JOIN public.cases_case c ON c.uuid = g.record_id
    JOIN public.cases_casekey k ON k.content_object_id = c.id AND k.grant_id = g.id
   WHERE g.id = ANY (p_grants);
  RETURN QUERY
  SELECT k.content_object_id, k.grant_id
    FROM public.sharing_grant g JOIN public.cases_casekey k ON k.group_id = g.group_id AND k.grant_id = g.id
   WHERE g.id = ANY (p_grants) AND g.record_id IS NULL;
END $$;

-- Takes back the keys of grants that are already marked revoked. Harmless to anyone: such a key must not exist. What is
-- deleted is looked for after the cases are locked, so that a key made meanwhile is found too.
CREATE FUNCTION case_withdraw(p_grants bigint[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  v_wide bigint[] := ARRAY(SELECT g.id FROM public.sharing_grant g
                            WHERE g.id = ANY (p_grants) AND g.revoked_at IS NOT NULL AND g.record_id IS NULL);
  v_gone int;
  v_more int := 0;
BEGIN
  PERFORM 1 FROM public.sharing_grant g JOIN public.cases_case c ON c.uuid = g.record_id
    WHERE g.id = ANY (p_grants) AND g.revoked_at IS NOT NULL ORDER BY c.id FOR NO KEY UPDATE OF c;
  DELETE FROM public.cases_casekey k USING public.sharing_grant g, public.cases_case c
   WHERE g.id = ANY (p_grants) AND g.revoked_at IS NOT NULL AND c.uuid = g.record_id
     AND k.content_object_id = c.id AND k.grant_id = g.id;
  GET DIAGNOSTICS v_gone = ROW_COUNT;
  IF cardinality(v_wide) > 0 THEN
    PERFORM public.case_lock(ARRAY(SELECT o.case_id FROM public.case_keys_of(v_wide) o));
    DELETE FROM public.cases_casekey k USING public.case_keys_of(v_wide) o
     WHERE k.content_object_id = o.case_id AND k.grant_id = o.grant_id;
    GET DIAGNOSTICS v_more = ROW_COUNT;
  END IF;
  RETURN v_gone + v_more;
END $$;

-- Moves the end of a grant's keys to what grant and agreement now say.
CREATE FUNCTION case_reset_end(p_grant bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_moved int;
BEGIN
  PERFORM case_lock(ARRAY(SELECT o.case_id FROM case_keys_of(ARRAY[p_grant]) o));
  UPDATE cases_casekey k SET until = least(g.until, coalesce(a.ends_at, g.until))
    FROM case_keys_of(ARRAY[p_grant]) o, sharing_grant g LEFT JOIN sharing_agreement a ON a.id = g.agreement_id
   WHERE g.id = p_grant AND k.content_object_id = o.case_id AND k.grant_id = o.grant_id
     AND k.until <> least(g.until, coalesce(a.ends_at, g.until));
  GET DIAGNOSTICS v_moved = ROW_COUNT;
  RETURN v_moved;
END $$;

-- Owner keys: the case's unit and its agency's root unit hold one each, under one paper a unit, and nobody else does.
CREATE FUNCTION case_own(p_ids bigint[], p_mask int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_changed int;
  v_made int := 0;
BEGIN
  PERFORM case_lock(p_ids);
  INSERT INTO sharing_grant (uuid, kind, record_type, group_id, bundle, mask, purpose, legal_basis, issued_at, until,
                             revoke_reason, version)
  SELECT gen_random_uuid(), 'owner', 'cases.case', w.group_id, 'own_case', p_mask, 'supervision', '', access_now(),
         '9999-12-31T00:00:00Z', '', 1
    FROM (SELECT DISTINCT u.group_id FROM cases_case c
            JOIN agencies_unit u ON u.group_id = c.unit_id OR (u.agency_id = c.agency_id AND u.is_root)
           WHERE c.id = ANY (p_ids)) w
  ON CONFLICT (record_type, group_id) WHERE kind = 'owner' DO NOTHING;

  DELETE FROM cases_casekey k USING sharing_grant g, cases_case c, agencies_unit u
   WHERE k.content_object_id = ANY (p_ids) AND g.id = k.grant_id AND g.kind = 'owner' AND c.id = k.content_object_id
     AND u.group_id = k.group_id AND u.group_id <> c.unit_id AND NOT (u.agency_id = c.agency_id AND u.is_root);
  GET DIAGNOSTICS v_changed = ROW_COUNT;

  INSERT INTO cases_casekey (content_object_id, group_id, permission_id, grant_id, agreement_id, until, mask,
                             updated_at, next_review, status, risk_level, restricted)
  SELECT c.id, u.group_id, p.id, g.id, 0, g.until, g.mask,
         c.updated_at, coalesce(c.next_review, '9999-12-31'), c.status, c.risk_level, c.restricted
    FROM cases_case c
    JOIN agencies_unit u ON u.group_id = c.unit_id OR (u.agency_id = c.agency_id AND u.is_root)
    JOIN sharing_grant g ON g.kind = 'owner' AND g.record_type = 'cases.case' AND g.group_id = u.group_id
    JOIN django_content_type t ON t.app_label = 'cases' AND t.model = 'case'
    JOIN auth_permission p ON p.content_type_id = t.id AND p.codename = g.bundle
   WHERE c.id = ANY (p_ids)
  ON CONFLICT (content_object_id, grant_id) DO NOTHING;
  GET DIAGNOSTICS v_made = ROW_COUNT;
  RETURN v_changed + v_made;
END $$;
REVOKE ALL ON FUNCTION case_own(bigint[], int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_own(bigint[], int) TO concord_job;
"""

# Questions about one case that its own agency may ask, and the relay.
ANSWERS = f"""
-- That somebody is with a treatment provider is told to nobody without that category but who gave it.
CREATE FUNCTION is_provider(p_group int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT 1 FROM public.agencies_unit u JOIN public.agencies_agency a ON a.id = u.agency_id
                  WHERE u.group_id = p_group AND a.kind = 'treatment_provider');
END $$;

-- Who holds keys, for somebody who may share the case. Of the owner's own units only those whose key opens it: their
-- paper names no case, so that nobody could tell from it that a restricted case is shut to them.
CREATE FUNCTION case_holders(p_id bigint)
RETURNS TABLE (grant_id bigint, group_id int, mask int, until timestamptz, agreement_id int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_all boolean := access_is_job() OR case_permits(p_id, 8192, access_groups(8192));
BEGIN
  IF access_is_job() OR case_permits(p_id, 65536, access_groups(65536)) THEN
    RETURN QUERY SELECT k.grant_id, k.group_id, k.mask, k.until, k.agreement_id
      FROM cases_case c JOIN cases_casekey k ON k.content_object_id = c.id JOIN sharing_grant g ON g.id = k.grant_id
     WHERE c.id = p_id
       AND (g.kind <> 'owner' OR NOT c.restricted OR {NAMED})
       AND (v_all OR g.issued_by_id = access_user() OR NOT is_provider(k.group_id));
  END IF;
END $$;

-- Who has looked, for somebody who may share the case: one row a reader and action, latest first.
CREATE FUNCTION case_readers(p_id bigint, p_since timestamptz, p_limit int)
RETURNS TABLE (user_name varchar, agency_id bigint, agency_name varchar, action varchar, purpose varchar, channel varchar,
               times bigint, last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_all boolean := case_permits(p_id, 8192, access_groups(8192));
BEGIN
  IF case_permits(p_id, 65536, access_groups(65536)) THEN
    -- So many people, each with all that they read: a limit on the rows would cut somebody's own short.
    RETURN QUERY
    SELECT w.user_name, w.agency_id, w.agency_name, w.action, w.purpose, w.channel, w.times, w.last_at FROM (
      SELECT g.*, dense_rank() OVER (ORDER BY g.seen DESC, g.user_name, g.agency_id) AS place FROM (
        SELECT r.user_name, r.agency_id, r.agency_name, r.action, r.purpose, r.channel, count(*) AS times,
               max(r.at) AS last_at, max(max(r.at)) OVER (PARTITION BY r.user_name, r.agency_id) AS seen
          FROM agencies_read r
         WHERE r.record_ids @> ARRAY[(SELECT c.uuid FROM cases_case c WHERE c.id = p_id)] AND r.at >= p_since
           AND (v_all OR NOT EXISTS (SELECT 1 FROM agencies_agency a
                                      WHERE a.id = r.agency_id AND a.kind = 'treatment_provider'))
         GROUP BY 1, 2, 3, 4, 5, 6) g) w
     WHERE w.place <= p_limit ORDER BY w.last_at DESC;
  END IF;
END $$;

-- Whom an event may concern. Without p_groups: officers of the units that hold a key opening the category, as their
-- roles allow; of the owner the officer of record and those who sign. With p_groups: members of the units that the event
-- names, and the officer of record. A proposal only: the door is asked again for each of them before anything is sent.
-- Circles and, unless named, root units are left out, for they would tell whole agencies. `named` says that somebody is
-- told as a member of such a unit; a member who could never see the case is not.
CREATE FUNCTION case_audience(p_record uuid, p_category int, p_codes text[], p_masks int[], p_groups int[])
RETURNS TABLE (user_id bigint, agency_id bigint, named boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY
  WITH members AS (
    SELECT m.user_id, m.group_id, n.agency_id, n.is_root, bit_or(r.mask) AS mask
      FROM agencies_unit n
      JOIN agencies_membership m ON m.group_id = n.group_id AND m.starts_at <= access_now() AND m.until > access_now()
      JOIN unnest(p_codes, p_masks) AS r(code, mask) ON r.code = m.role
      JOIN agencies_user u ON u.id = m.user_id AND u.is_active
     WHERE n.group_id = ANY (p_groups)
        OR n.group_id IN (SELECT k.group_id FROM cases_casekey k JOIN cases_case c ON c.id = k.content_object_id
                           WHERE c.uuid = p_record AND k.until > access_now() AND k.mask & p_category = p_category)
     GROUP BY m.user_id, m.group_id, n.agency_id, n.is_root
    HAVING bit_or(r.mask) & p_category = p_category
  )
  SELECT s.user_id, s.agency_id, bool_or(s.told)
    FROM (
      SELECT m.user_id, m.agency_id, coalesce(m.group_id = ANY (p_groups), false) AS told
        FROM members m
        JOIN cases_case c ON c.uuid = p_record
       WHERE CASE
               WHEN m.user_id = c.officer_id THEN true
               WHEN p_groups IS NOT NULL THEN m.group_id = ANY (p_groups)
                 AND (NOT c.restricted OR EXISTS (SELECT 1 FROM cases_casenamedprincipal p
                                                   WHERE p.record_id = c.id AND p.group_id = m.group_id))
                 AND NOT EXISTS (SELECT 1 FROM cases_caseexclusion e
                                  WHERE e.record_id = c.id AND e.user_id = m.user_id)
               ELSE NOT m.is_root AND (m.agency_id <> c.agency_id OR m.mask & 256 = 256)
             END
    ) s
   GROUP BY s.user_id, s.agency_id
   ORDER BY s.user_id, s.agency_id;
END $$;
REVOKE ALL ON FUNCTION case_audience(uuid, int, text[], int[], int[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_audience(uuid, int, text[], int[], int[]) TO concord_job;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_relations"), ("sharing", "0002_context_and_grants")]

    operations = [
        migrations.RunSQL(
            PERMITS,
            "DROP FUNCTION case_permits(bigint, int, int[]);"
            "DROP FUNCTION case_mask(bigint, bigint[], int[], int[], int[], int);"
            "DROP FUNCTION person_opens(bigint, bigint[], int[], int[], int);"
            "DROP FUNCTION case_row_opens(bigint, boolean, bigint[], int[], int[], int);"
            "DROP FUNCTION case_opens(bigint, bigint[], int[], int[], int); DROP FUNCTION case_excluded()",
        ),
        migrations.RunSQL(COPIES, "DROP TRIGGER case_copies ON cases_case; DROP FUNCTION case_copy_to_keys()"),
        migrations.RunSQL(
            ISSUE,
            "DROP FUNCTION case_own(bigint[], int); DROP FUNCTION case_reset_end(bigint);"
            "DROP FUNCTION case_withdraw(bigint[]); DROP FUNCTION case_keys_of(bigint[]);"
            "DROP FUNCTION case_issue_many(bigint, bigint[]);"
            "DROP FUNCTION case_issue(bigint); DROP FUNCTION case_lock(bigint[]);"
            "DROP FUNCTION case_make_keys(bigint, bigint[])",
        ),
        migrations.RunSQL(
            ANSWERS,
            "DROP FUNCTION case_audience(uuid, int, text[], int[], int[]);"
            "DROP FUNCTION case_readers(bigint, timestamptz, int);"
            "DROP FUNCTION case_holders(bigint); DROP FUNCTION is_provider(int)",
        ),
    ]
