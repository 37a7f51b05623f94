"""The case list's page and count over the key table, with plans that are kept.

Top-N distinct records a principal by LATERAL over the key index, merged. The rule of the door stands inside, so that a
page is full of what may be seen. With many principals a probe of each one's newest sets a floor first: the 25th best
of a subset is never better than the true 25th. Planning would cost more than execution, hence the generic plan.
"""

from django.db import migrations

# The door's rule for the key x; OFFSET 0 keeps the planner from turning the probes into scans.
OPEN_KEY = """x.until > access_now() AND x.mask & p_must = p_must AND x.mask & p_must_not = 0
        AND NOT x.agreement_id = ANY (p_closed)
        AND (NOT x.restricted OR EXISTS (
              SELECT 1 FROM cases_casenamedprincipal n
               WHERE n.record_id = x.content_object_id AND n.group_id = x.group_id OFFSET 0))
        AND NOT EXISTS (
              SELECT 1 FROM cases_caseexclusion e
               WHERE e.user_id = p_user AND e.record_id = x.content_object_id OFFSET 0)"""

LATEST = "x.updated_at DESC, x.content_object_id DESC"
REVIEW = "x.next_review, x.content_object_id"
AFTER_LATEST = "(x.updated_at, x.content_object_id) < (p_after, p_after_id)"
AFTER_REVIEW = "(x.next_review, x.content_object_id) > (p_after_date, p_after_id)"
COLUMNS = "x.updated_at, x.next_review, x.content_object_id"


def best(*, per_group: str, narrowed: str, after: str, order: str, floor: str = "", limit: str = "p_limit") -> str:
    """The best `limit` records over all principals: the best few of each, merged."""
    plain = order.replace("x.", "v.")
    distinct = ", ".join(part.split()[0] for part in order.split(", "))
    return f"""
      SELECT DISTINCT ON ({distinct.replace("x.", "v.")}) v.*
        FROM {per_group} CROSS JOIN LATERAL (
          SELECT DISTINCT ON ({distinct}) {COLUMNS} FROM cases_casekey x
           WHERE x.group_id = w.g {narrowed} AND {after} {floor}
             AND {OPEN_KEY}
           ORDER BY {order} LIMIT {limit}) v
       ORDER BY {plain} LIMIT p_limit"""


def page(*, per_group: str, narrowed: str, after: str, order: str, floor: str) -> str:
    """The statement without and with a floor, chosen by the number of principals."""
    straight = best(per_group=per_group, narrowed=narrowed, after=after, order=order)
    probe = best(per_group=per_group, narrowed=narrowed, after=after, order=order, limit="v_probe")
    column = order.split()[0].rstrip(",").replace("x.", "")
    bound = best(
        per_group=per_group,
        narrowed=narrowed,
        after=after,
        order=order,
        floor=floor.format(column=column),
    )
    return f"""
    IF v_probe = 0 THEN
      RETURN QUERY SELECT b.content_object_id FROM ({straight}) b;
    ELSE
      RETURN QUERY WITH s AS MATERIALIZED ({probe}) SELECT b.content_object_id FROM ({bound}) b;
    END IF;"""


FLOOR_LATEST = (
    "AND x.{column} >= (SELECT CASE WHEN count(*) = p_limit THEN min(s.{column}) ELSE '-infinity' END FROM s)"
)
FLOOR_REVIEW = "AND x.{column} <= (SELECT CASE WHEN count(*) = p_limit THEN max(s.{column}) ELSE 'infinity' END FROM s)"

BY_GROUP = "unnest(p_groups) AS w(g)"
BY_GROUP_AND_CODES = (
    "unnest(p_groups) AS w(g) CROSS JOIN unnest(v_statuses) AS st(v) CROSS JOIN unnest(v_levels) AS lv(v)"
)
BY_CODES = "AND x.status = st.v AND x.risk_level = lv.v"
BY_WALK = "AND x.status = ANY (v_statuses) AND x.risk_level = ANY (v_levels)"


def caseload(*, after: str, order: str) -> str:
    """One officer's cases: few enough to be walked, each asked for its keys."""
    return f"""
      RETURN QUERY
      SELECT c.id FROM cases_case c
       WHERE c.officer_id = p_officer
         AND (NOT v_filtered OR (c.status = ANY (v_statuses) AND c.risk_level = ANY (v_levels)))
         AND {after} AND {HELD}
       ORDER BY {order} LIMIT p_limit;"""


OWN_REVIEW = "coalesce(c.next_review, '9999-12-31'), c.id"
AFTER_OWN_REVIEW = f"({OWN_REVIEW}) > (p_after_date, p_after_id)"
# `+ 0` keeps the probe on the case.
HELD = f"""EXISTS (
           SELECT 1 FROM cases_casekey x
            WHERE x.content_object_id = c.id AND x.group_id + 0 = ANY (p_groups) AND {OPEN_KEY} OFFSET 0)"""

# These functions read as the owner, past the wall. So they answer the transaction's own actor and nobody else: an
# argument that is not the context's, or no context, finds nothing. MANAGE stands in p_must for whose key it is, not for
# what the role allows.
ASKED_BY = """
CREATE FUNCTION access_is_asked_by(p_user bigint, p_groups int[], p_closed int[], p_must int) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT coalesce(p_user = access_user() AND p_closed = access_closed() AND p_groups = access_groups(p_must & ~131072),
                  false)
$$;
"""
ASKED = "access_is_asked_by(p_user, p_groups, p_closed, p_must)"

# MANAGE marks a key of the record's own agency. "Shared with us" must not walk through what one owns, nor a sensitive
# category through the many keys that do not open it: partial indexes, by bits that the model's indexes cannot name.
INDEXES = """
CREATE INDEX ck_shared ON cases_casekey (group_id, updated_at DESC, content_object_id DESC)
  INCLUDE (until, mask, agreement_id, restricted) WHERE mask & 131072 = 0;
CREATE INDEX ck_rare ON cases_casekey (group_id, updated_at DESC, content_object_id DESC)
  INCLUDE (until, mask, agreement_id, restricted) WHERE mask & 24576 <> 0 AND mask & 131072 = 0;
"""
SHARED = "AND x.mask & 131072 = 0"
SHARED_RARE = "AND x.mask & 24576 <> 0 AND x.mask & 131072 = 0"
OWNED = "AND x.mask & 131072 <> 0"
# Only principals with an owner's paper hold keys of their own.
OWNING = """ARRAY(SELECT w.g FROM unnest(p_groups) AS w(g) WHERE EXISTS (
    SELECT 1 FROM sharing_grant o
     WHERE o.kind = 'owner' AND o.record_type = 'cases.case' AND o.group_id = w.g OFFSET 0))"""


def rare_page() -> str:
    """A page of treatment or victim cases: the few shared ones by their own index, and one's own."""
    shared = best(per_group=BY_GROUP, narrowed=SHARED_RARE, after=AFTER_LATEST, order=LATEST)
    owned = best(per_group="unnest(v_owning) AS w(g)", narrowed=OWNED, after=AFTER_LATEST, order=LATEST)
    return f"""
      RETURN QUERY
      SELECT b.content_object_id FROM (
        SELECT DISTINCT ON (v.updated_at, v.content_object_id) v.* FROM (({shared}) UNION ALL ({owned})) v
         ORDER BY v.updated_at DESC, v.content_object_id DESC LIMIT p_limit) b;"""


def raw_rows(per_group: str, narrowed: str) -> str:
    """Numbers of the records of each principal's keys, as many as are counted at the most."""
    return f"""
      SELECT x.content_object_id AS id FROM {per_group} CROSS JOIN LATERAL (
        SELECT x.content_object_id FROM cases_casekey x WHERE x.group_id = w.g {narrowed} AND {OPEN_KEY} LIMIT v_raw) x"""


def counted(rows: str) -> str:
    """The count over raw rows, limited before it is made distinct."""
    return f"""
    SELECT count(*), count(DISTINCT r.id) INTO v_rows, number FROM ({rows} LIMIT v_raw) r;
    exact := v_rows < v_raw AND number <= p_cap;"""


PAGE = f"""
CREATE FUNCTION case_page(
  p_user bigint, p_groups int[], p_closed int[], p_must int, p_must_not int, p_officer bigint, p_statuses int[],
  p_levels int[], p_limit int, p_sort text, p_after timestamptz, p_after_date date, p_after_id bigint
) RETURNS TABLE (id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 26 SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_owning int[] := CASE WHEN p_must & (131072 | 24576) <> 0 THEN {OWNING} END;
  v_groups int := cardinality(CASE WHEN p_must & 131072 <> 0 THEN v_owning ELSE p_groups END);
  v_filtered boolean := cardinality(p_statuses) > 0 OR cardinality(p_levels) > 0;
  v_statuses int[] := CASE WHEN cardinality(p_statuses) > 0 THEN p_statuses ELSE '{{1,2,3,4,5,6,7,8,9}}' END;
  v_levels int[] := CASE WHEN cardinality(p_levels) > 0 THEN p_levels ELSE '{{0,1,2,3,4}}' END;
  -- How many lists are merged, and how many of each one's newest are probed for the floor: 3 up to 60, then 1.
  v_crossed boolean := v_filtered AND p_sort <> 'review'
                       AND v_groups * cardinality(v_statuses) * cardinality(v_levels) <= 400;
  v_lists int := CASE WHEN v_crossed THEN v_groups * cardinality(v_statuses) * cardinality(v_levels) ELSE v_groups END;
  v_probe int := CASE WHEN v_lists <= 6 THEN 0 WHEN v_lists <= 60 THEN 3 ELSE 1 END;
BEGIN
  IF NOT {ASKED} THEN
    RETURN;
  END IF;
  IF p_must & 131072 <> 0 THEN
    p_groups := v_owning;
  END IF;
  IF p_officer IS NOT NULL AND p_sort = 'review' THEN
    {caseload(after=AFTER_OWN_REVIEW, order=OWN_REVIEW)}
  ELSIF p_officer IS NOT NULL THEN
    {caseload(after="(c.updated_at, c.id) < (p_after, p_after_id)", order="c.updated_at DESC, c.id DESC")}
  ELSIF p_sort = 'review' THEN
    {page(per_group=BY_GROUP, narrowed=f"AND (NOT v_filtered OR ({BY_WALK[4:]}))", after=AFTER_REVIEW, order=REVIEW, floor=FLOOR_REVIEW)}
  ELSIF NOT v_filtered AND p_must_not & 131072 <> 0 THEN
    {page(per_group=BY_GROUP, narrowed=SHARED, after=AFTER_LATEST, order=LATEST, floor=FLOOR_LATEST)}
  ELSIF NOT v_filtered AND p_must & 24576 <> 0 THEN
    {rare_page()}
  ELSIF NOT v_filtered THEN
    {page(per_group=BY_GROUP, narrowed="", after=AFTER_LATEST, order=LATEST, floor=FLOOR_LATEST)}
  ELSIF v_crossed THEN
    {page(per_group=BY_GROUP_AND_CODES, narrowed=BY_CODES, after=AFTER_LATEST, order=LATEST, floor=FLOOR_LATEST)}
  ELSE
    {page(per_group=BY_GROUP, narrowed=BY_WALK, after=AFTER_LATEST, order=LATEST, floor=FLOOR_LATEST)}
  END IF;
END $$;
"""

# Raw rows are limited before they are made distinct: 2.5 keys a record are enough to count to the cap.
COUNT = f"""
CREATE FUNCTION case_count(
  p_user bigint, p_groups int[], p_closed int[], p_must int, p_must_not int, p_officer bigint, p_statuses int[],
  p_levels int[], p_cap int, OUT number int, OUT exact boolean
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_owning int[] := CASE WHEN p_must & (131072 | 24576) <> 0 THEN {OWNING} END;
  v_filtered boolean := cardinality(p_statuses) > 0 OR cardinality(p_levels) > 0;
  v_statuses int[] := CASE WHEN cardinality(p_statuses) > 0 THEN p_statuses ELSE '{{1,2,3,4,5,6,7,8,9}}' END;
  v_levels int[] := CASE WHEN cardinality(p_levels) > 0 THEN p_levels ELSE '{{0,1,2,3,4}}' END;
  v_raw int := p_cap * 5 / 2;
  v_rows int;
BEGIN
  IF NOT {ASKED} THEN
    number := 0;
    exact := true;
    RETURN;
  END IF;
  IF p_must & 131072 <> 0 THEN
    p_groups := v_owning;
  END IF;
  IF p_officer IS NOT NULL THEN
    SELECT count(*) INTO number FROM (
      SELECT 1 FROM cases_case c
       WHERE c.officer_id = p_officer
         AND (NOT v_filtered OR (c.status = ANY (v_statuses) AND c.risk_level = ANY (v_levels)))
         AND {HELD}
       LIMIT p_cap + 1) found;
    exact := number <= p_cap;
  ELSIF v_filtered THEN
    {counted(raw_rows(BY_GROUP_AND_CODES, BY_CODES))}
  ELSIF p_must_not & 131072 <> 0 THEN
    {counted(raw_rows(BY_GROUP, SHARED))}
  ELSIF p_must & 24576 <> 0 THEN
    {counted(f"({raw_rows(BY_GROUP, SHARED_RARE)}) UNION ALL ({raw_rows('unnest(v_owning) AS w(g)', OWNED)})")}
  ELSE
    {counted(raw_rows(BY_GROUP, ""))}
  END IF;
  number := least(number, p_cap);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_case_keys")]

    operations = [
        migrations.RunSQL(INDEXES, "DROP INDEX ck_rare; DROP INDEX ck_shared"),
        migrations.RunSQL(ASKED_BY, "DROP FUNCTION access_is_asked_by(bigint, int[], int[], int)"),
        migrations.RunSQL(
            PAGE,
            "DROP FUNCTION case_page(bigint, int[], int[], int, int, bigint, int[], int[], int, text, timestamptz, date, bigint)",
        ),
        migrations.RunSQL(COUNT, "DROP FUNCTION case_count(bigint, int[], int[], int, int, bigint, int[], int[], int)"),
    ]
