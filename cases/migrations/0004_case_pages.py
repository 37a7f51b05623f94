"""The case list's page and count over the key table, with plans that are kept.

Top-N distinct records a principal by LATERAL over the key indexes, merged. The rule of the door stands inside, so that a
page is full of what may be seen. With many principals a probe of each one's newest sets a floor first: the 25th best
of a subset is never better than the true 25th, and a list whose newest lies below it need not be asked again. Planning
would cost more than execution, hence the generic plan.
"""

from dataclasses import dataclass

from django.db import migrations

# MANAGE marks a key of the record's own agency; TREATMENT and VICTIM are the categories that few keys open. The list that
# everybody opens, by latest change, has one index for all of a principal's keys. By next review what is owned stands
# apart from what was given, and what is sensitive has small indexes besides: so a key is in four, and a change of its
# case writes no more. What it costs: who asks by latest change for those that others share walks past their own, a tenth
# of a second where they are 400,000. An owner who was given few has those sorted instead.
MANAGE, RARE, FEW = 131072, 24576, 200
OWNED, GIVEN = f"x.mask & {MANAGE} <> 0", f"x.mask & {MANAGE} = 0"
# The same as GIVEN in words that no partial index answers, and OPEN_KEY says it again: the planner takes a condition on
# an expression for rare, and would sort a million keys rather than walk the list by latest change.
WALKED = f"x.mask & {MANAGE} < 1"
SENSITIVE = f"x.mask & {RARE} <> 0 AND {GIVEN}"
BY_CHANGE, BY_REVIEW = "updated_at DESC, content_object_id DESC", "next_review, content_object_id"
INDEXES = "".join(
    f"CREATE INDEX {name} ON cases_casekey (group_id, {columns}) INCLUDE (until, mask, agreement_id, restricted)"
    f"{' WHERE ' + condition.replace('x.', '') if condition else ''};"
    for name, columns, condition in (
        ("ck_latest", BY_CHANGE, ""),
        ("ck_latest_rare", BY_CHANGE, SENSITIVE),
        ("ck_review_owned", BY_REVIEW, OWNED),
        ("ck_review_given", BY_REVIEW, GIVEN),
        ("ck_review_rare", BY_REVIEW, SENSITIVE),
    )
)

# The door's rule for the key x; OFFSET 0 keeps the planner from turning the probe into a scan.
OPEN_KEY = """x.until > access_now() AND x.mask & p_must = p_must AND x.mask & p_must_not = 0
        AND NOT x.agreement_id = ANY (v_closed)
        AND (NOT x.restricted OR EXISTS (
              SELECT 1 FROM cases_casenamedprincipal n
               WHERE n.record_id = x.content_object_id AND n.group_id = x.group_id OFFSET 0))
        AND NOT x.content_object_id = ANY (v_excluded)"""

LATEST = "x.updated_at DESC, x.content_object_id DESC"
REVIEW = "x.next_review, x.content_object_id"
AFTER_LATEST = "(x.updated_at, x.content_object_id) < (p_after, p_after_id)"
# Whoever asks for a list's beginning asks after this, and the list that is asked most is not held against it row by row.
BEGINNING = 2**63 - 1
AFTER_REVIEW = "(x.next_review, x.content_object_id) > (p_after_date, p_after_id)"
COLUMNS = "x.updated_at, x.next_review, x.content_object_id"


@dataclass(frozen=True)
class Source:
    """A kind of list: what makes one (a principal, or a principal and codes), and the condition of its keys."""

    each: str
    condition: str
    columns: str = "g"


def distinct_on(order: str) -> str:
    """Once for each record, however many keys open it."""
    return f"DISTINCT ON ({', '.join(part.split()[0] for part in order.split(', '))})"


def lists(
    sources: list[Source], *, after: str, order: str, limit: str, once: str, asked: str = "", floor: str = ""
) -> str:
    """The best `limit` keys of each list of every source, or of those lists alone that `asked` selects."""
    return " UNION ALL ".join(
        f"""
        SELECT {number} AS source, w.g, {"w.st, w.lv" if "st" in source.columns else "0 AS st, 0 AS lv"}, y.*
          FROM {asked.format(columns=source.columns, number=number) or source.each} AS w({source.columns})
          CROSS JOIN LATERAL (
            SELECT {once} {COLUMNS} FROM cases_casekey x
             WHERE x.group_id = w.g AND {source.condition} AND {after} {floor}
               AND {OPEN_KEY}
             ORDER BY {order} LIMIT {limit}) y"""
        for number, source in enumerate(sources)
    )


def page(sources: list[Source], *, after: str, order: str) -> str:
    """The statement for few lists, and for many: a probe of each, then only those that reach the floor which it sets."""
    plain = order.replace("x.", "v.")
    once = distinct_on(order)
    best = f"SELECT {distinct_on(plain)} v.* FROM ({{rows}}) v ORDER BY {plain} LIMIT p_limit"
    column = order.split()[0].rstrip(",").removeprefix("x.")
    reaches, last, no_floor = ("<=", "max", "infinity") if order == REVIEW else (">=", "min", "-infinity")
    straight = lists(sources, after=after, order=order, limit="p_limit", once=once)
    # A record that is probed twice sets the floor lower, never too high.
    probe = lists(sources, after=after, order=order, limit="v_probe", once="")
    reaching = lists(
        sources,
        after=after,
        order=order,
        limit="p_limit",
        once=once,
        asked=f"(SELECT DISTINCT {{columns}} FROM s, f WHERE s.source = {{number}} AND s.{column} {reaches} f.floor)",
        floor=f"AND x.{column} {reaches} (SELECT f.floor FROM f)",
    )
    return f"""
    IF v_probe = 0 THEN
      RETURN QUERY SELECT b.content_object_id FROM ({best.format(rows=straight)}) b;
    ELSE
      RETURN QUERY
      WITH s AS MATERIALIZED ({probe}), f AS MATERIALIZED (
        SELECT CASE WHEN count(*) = p_limit THEN {last}(b.{column}) ELSE '{no_floor}' END AS floor
          FROM ({best.format(rows="SELECT * FROM s")}) b)
      SELECT b.content_object_id FROM ({best.format(rows=reaching)}) b;
    END IF;"""


# Which principals are asked for which kind of list; an empty array asks none.
EVERY, OWN, RARE_ONES = Source("unnest(v_all)", "true"), Source("unnest(v_owning)", OWNED), Source("unnest(v_rare)", SENSITIVE)
BY_LIST = [OWN, Source("unnest(v_given_few)", GIVEN), Source("unnest(v_given_many)", WALKED), RARE_ONES]
BY_KIND = [EVERY, OWN, Source("unnest(v_given)", GIVEN), RARE_ONES]
BY_LIST_OF_REVIEW = [
    Source("unnest(v_all || v_owning)", OWNED),
    Source("unnest(v_all || v_given)", GIVEN),
    Source("unnest(v_rare)", SENSITIVE),
]


def walking(sources: list[Source]) -> list[Source]:
    """The same lists, walked for some statuses and levels."""
    walk = "x.status = ANY (v_statuses) AND x.risk_level = ANY (v_levels)"
    return [Source(source.each, f"{source.condition} AND {walk}") for source in sources]


BY_CODES = [
    Source(
        "(SELECT a.g, b.st, c.lv FROM unnest(v_groups) a(g), unnest(v_statuses) b(st), unnest(v_levels) c(lv))",
        "x.status = w.st AND x.risk_level = w.lv",
        "g, st, lv",
    )
]

# `+ 0` keeps the probe on the case.
HELD = f"""EXISTS (
           SELECT 1 FROM cases_casekey x
            WHERE x.content_object_id = c.id AND x.group_id + 0 = ANY (v_groups) AND {OPEN_KEY} OFFSET 0)"""
OWN_REVIEW = "coalesce(c.next_review, '9999-12-31'), c.id"


def caseload(*, after: str, order: str) -> str:
    """One officer's cases: few enough to be walked, each asked for its keys."""
    return f"""
      RETURN QUERY
      SELECT c.id FROM cases_case c
       WHERE c.officer_id = p_officer
         AND (NOT v_filtered OR (c.status = ANY (v_statuses) AND c.risk_level = ANY (v_levels)))
         AND {after} AND {HELD}
       ORDER BY {order} LIMIT p_limit;"""


# These functions read as the owner, past the wall. So they answer the transaction's own actor and nobody else: whose
# principals count is the context's to say, and where p_user is not the context's, or there is none, nothing is found.
# MANAGE stands in p_must for whose key it is, not for what the role allows.
OWNERS = """ARRAY(
    SELECT w.g FROM unnest({groups}) AS w(g) WHERE EXISTS (
      SELECT 1 FROM sharing_grant o
       WHERE o.kind = 'owner' AND o.record_type = 'cases.case' AND o.group_id = w.g OFFSET 0))"""
ASKING = f"""
  v_groups int[] := CASE WHEN p_user = access_user() THEN access_groups(p_must & ~{MANAGE}) ELSE '{{}}' END;
  v_closed int[] := access_closed();
  v_excluded bigint[] := case_excluded();
  v_filtered boolean := cardinality(p_statuses) > 0 OR cardinality(p_levels) > 0;
  v_statuses int[] := CASE WHEN cardinality(p_statuses) > 0 THEN p_statuses ELSE '{{1,2,3,4,5,6,7,8,9}}' END;
  v_levels int[] := CASE WHEN cardinality(p_levels) > 0 THEN p_levels ELSE '{{0,1,2,3,4}}' END;
  v_own boolean := p_must & {MANAGE} <> 0;
  v_shared boolean := p_must_not & {MANAGE} <> 0;
  v_sensitive boolean := p_must & {RARE} <> 0;
  v_plain boolean := NOT v_own AND NOT v_shared AND NOT v_sensitive;
  v_all int[] := CASE WHEN v_plain THEN v_groups ELSE '{{}}' END;
  v_given int[] := CASE WHEN v_shared AND NOT v_sensitive THEN v_groups ELSE '{{}}' END;
  v_rare int[] := CASE WHEN v_sensitive AND NOT v_own THEN v_groups ELSE '{{}}' END;
  v_owning int[] := '{{}}';"""
# Only principals with an owner's paper hold keys of their own. A statement, since an expression that asks tables costs as
# much where its answer is not wanted.
OWNING = f"""
  IF v_own OR (v_sensitive AND NOT v_shared) THEN
    v_owning := {OWNERS.format(groups="v_groups")};
  END IF;"""

PAGE = f"""
CREATE FUNCTION case_page(
  p_user bigint, p_must int, p_must_not int, p_officer bigint, p_statuses int[], p_levels int[], p_limit int,
  p_sort text, p_after timestamptz, p_after_date date, p_after_id bigint
) RETURNS TABLE (id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 26 SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
{ASKING}
  v_given_few int[] := '{{}}';
  v_given_many int[] := '{{}}';
  -- How many lists are merged, and how many of each one's newest are probed for the floor: 3 up to 30, then 1.
  v_crossings int := cardinality(v_groups) * cardinality(v_statuses) * cardinality(v_levels);
  v_crossed boolean := v_filtered AND p_sort <> 'review' AND v_crossings <= 400;
  v_lists int := CASE WHEN v_crossed THEN v_crossings ELSE cardinality(v_groups) END;
  v_probe int := CASE WHEN v_lists <= 6 THEN 0 WHEN v_lists <= 30 THEN 3 ELSE 1 END;
BEGIN
{OWNING}
  IF v_shared AND p_sort <> 'review' THEN
    v_given_few := ARRAY(
      SELECT w.g FROM unnest({OWNERS.format(groups="v_given")}) AS w(g)
       WHERE (SELECT count(*) FROM (
                SELECT 1 FROM cases_casekey x WHERE x.group_id = w.g AND {GIVEN} LIMIT {FEW + 1}) s) <= {FEW});
    v_given_many := ARRAY(SELECT w.g FROM unnest(v_given) AS w(g) WHERE NOT w.g = ANY (v_given_few));
  END IF;
  IF p_officer IS NOT NULL AND p_sort = 'review' THEN
    {caseload(after=f"({OWN_REVIEW}) > (p_after_date, p_after_id)", order=OWN_REVIEW)}
  ELSIF p_officer IS NOT NULL THEN
    {caseload(after="(c.updated_at, c.id) < (p_after, p_after_id)", order="c.updated_at DESC, c.id DESC")}
  ELSIF p_sort = 'review' AND v_filtered THEN
    {page(walking(BY_LIST_OF_REVIEW), after=AFTER_REVIEW, order=REVIEW)}
  ELSIF p_sort = 'review' THEN
    {page(BY_LIST_OF_REVIEW, after=AFTER_REVIEW, order=REVIEW)}
  ELSIF v_crossed THEN
    {page(BY_CODES, after=AFTER_LATEST, order=LATEST)}
  ELSIF v_filtered THEN
    {page(walking([EVERY, *BY_LIST]), after=AFTER_LATEST, order=LATEST)}
  ELSIF v_plain AND p_after_id = {BEGINNING} THEN
    {page([EVERY], after="true", order=LATEST)}
  ELSIF v_plain THEN
    {page([EVERY], after=AFTER_LATEST, order=LATEST)}
  ELSE
    {page(BY_LIST, after=AFTER_LATEST, order=LATEST)}
  END IF;
END $$;
"""


def counted(sources: list[Source]) -> str:
    """The count over each source's keys. Raw rows are limited before they are made distinct."""
    rows = " UNION ALL ".join(
        f"""(
      SELECT y.id FROM {source.each} AS w({source.columns}) CROSS JOIN LATERAL (
        SELECT x.content_object_id AS id FROM cases_casekey x
         WHERE x.group_id = w.g AND {source.condition} AND {OPEN_KEY} LIMIT v_raw) y LIMIT v_raw)"""
        for source in sources
    )
    return f"""
    SELECT count(*), count(DISTINCT r.id) INTO v_rows, number FROM (SELECT * FROM ({rows}) q LIMIT v_raw) r;
    exact := v_rows < v_raw AND number <= p_cap;"""


# 2.5 keys a record are enough to count to the cap.
COUNT = f"""
CREATE FUNCTION case_count(
  p_user bigint, p_must int, p_must_not int, p_officer bigint, p_statuses int[], p_levels int[], p_cap int,
  OUT number int, OUT exact boolean
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
{ASKING}
  v_raw int := p_cap * 5 / 2;
  v_rows int;
BEGIN
{OWNING}
  IF p_officer IS NOT NULL THEN
    SELECT count(*) INTO number FROM (
      SELECT 1 FROM cases_case c
       WHERE c.officer_id = p_officer
         AND (NOT v_filtered OR (c.status = ANY (v_statuses) AND c.risk_level = ANY (v_levels)))
         AND {HELD}
       LIMIT p_cap + 1) found;
    exact := number <= p_cap;
  ELSIF v_filtered THEN
    {counted(BY_CODES)}
  ELSE
    {counted(BY_KIND)}
  END IF;
  number := least(number, p_cap);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_case_keys")]

    operations = [
        migrations.RunSQL(
            INDEXES,
            "DROP INDEX ck_latest, ck_latest_rare, ck_review_owned, ck_review_given, ck_review_rare",
        ),
        migrations.RunSQL(
            PAGE,
            "DROP FUNCTION case_page(bigint, int, int, bigint, int[], int[], int, text, timestamptz, date, bigint)",
        ),
        migrations.RunSQL(COUNT, "DROP FUNCTION case_count(bigint, int, int, bigint, int[], int[], int)"),
    ]
