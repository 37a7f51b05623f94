"""Opening a case by hand, and changing it and its person, by the officers of the agency that owns it.

What an agency's own officers may do is told by two categories that no bundle gives away: SHARE (works the case: opens
and changes) and MANAGE (closes and reopens, besides reassigning).
"""

from django.db import migrations, models

EXISTENCE, SHARE, MANAGE = 1, 65536, 131072
OWN_CASE = 262143  # every category: what an owner's paper says
SUPERVISION_SIDE = 1
OPEN_STATUSES = (1, 2)  # active, absconder

# The columns that an edit may change, and none of them without being asked by whom.
EDITED = (
    "kind", "status", "risk_level", "supervision_level", "offense", "offense_degree", "offense_date", "term_start",
    "term_end", "next_review", "closed_on",
)  # fmt: skip

GUARD = f"""
GRANT UPDATE ({", ".join(EDITED)}) ON cases_case TO concord_app;

-- Row security knows rows, not columns: whoever sees a case may note that it changed, but what it says is changed by
-- those who work it, and what opens or closes it by those who manage it.
CREATE FUNCTION case_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_needed int := CASE WHEN (OLD.status = ANY ('{{{OPEN_STATUSES[0]},{OPEN_STATUSES[1]}}}'::int[]))
                         IS DISTINCT FROM (NEW.status = ANY ('{{{OPEN_STATUSES[0]},{OPEN_STATUSES[1]}}}'::int[]))
                         OR OLD.closed_on IS DISTINCT FROM NEW.closed_on
                       THEN {MANAGE} ELSE {SHARE} END;
BEGIN
  IF current_user = 'concord_app' AND NOT case_permits(OLD.id, v_needed, access_groups(v_needed)) THEN
    RAISE EXCEPTION 'case % is not this actor''s to change', OLD.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER case_guarded BEFORE UPDATE OF {", ".join(EDITED)} ON cases_case FOR EACH ROW
WHEN (({", ".join(f"OLD.{name}" for name in EDITED)}) IS DISTINCT FROM ({", ".join(f"NEW.{name}" for name in EDITED)}))
EXECUTE FUNCTION case_guard();
"""


def own_person(column: str) -> str:
    """That the actor works one of the person's cases."""
    return (
        f"person_opens({column}, (SELECT case_excluded()), (SELECT access_groups({SHARE})), (SELECT access_closed()),"
        f" {SHARE})"
    )


PEOPLE = f"""
CREATE POLICY change ON cases_person FOR UPDATE TO concord_app USING ({own_person("id")});
GRANT UPDATE (given_name, middle_name, family_name, suffix, birth_date, sex, race, updated_at, confirmed_at,
              unconfirmed_since, version) ON cases_person TO concord_app;
""" + "".join(
    f"""
CREATE POLICY add ON {table} FOR INSERT TO concord_app WITH CHECK ({own_person("person_id")});
CREATE POLICY change ON {table} FOR UPDATE TO concord_app
  USING ({own_person("person_id")}) WITH CHECK ({own_person("person_id")});
GRANT INSERT ON {table} TO concord_app;
GRANT UPDATE ({columns}) ON {table} TO concord_app;
"""
    for table, columns in (
        ("cases_alias", "given_name, middle_name, family_name, kind"),
        ("cases_identifier", "value"),
        ("cases_address", "kind, street, city, state, postal_code, phone, confirmed_on, ended_on"),
    )
) + "".join(
    f"""
CREATE POLICY remove ON {table} FOR DELETE TO concord_app USING ({own_person("person_id")});
GRANT DELETE ON {table} TO concord_app;
"""
    for table in ("cases_alias", "cases_identifier")
)

OPENING = f"""
-- The agency in whose unit the actor may open cases: a unit of one's own in which one works cases, or any unit of the
-- agency for whoever manages all of it. NULL otherwise.
CREATE FUNCTION case_may_open_in(p_unit int) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (
    SELECT u.agency_id FROM agencies_unit u
     WHERE u.group_id = p_unit AND u.closed_at IS NULL AND access_side() = {SUPERVISION_SIDE}
       AND (u.group_id = ANY (access_groups({SHARE}))
            OR EXISTS (SELECT 1 FROM agencies_unit r WHERE r.agency_id = u.agency_id AND r.is_root
                                                       AND r.group_id = ANY (access_groups({MANAGE})))));
END $$;

-- Opens a case of a new person, or of one whose case the actor works already (p_person holds its id), with the owner's
-- keys. The names in both are columns. Returns the number of the case.
CREATE FUNCTION case_open(p_person jsonb, p_case jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_person cases_person := jsonb_populate_record(NULL::cases_person, p_person);
  v_case cases_case := jsonb_populate_record(NULL::cases_case, p_case);
  v_agency bigint := case_may_open_in(v_case.unit_id);
  v_now timestamptz := access_now();
BEGIN
  IF v_agency IS NULL THEN
    RAISE EXCEPTION 'unit % is none in which this actor opens cases', v_case.unit_id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF v_case.officer_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM agencies_membership m
      JOIN agencies_user a ON a.id = m.user_id AND a.is_active AND a.kind = 'person'
      JOIN agencies_unit u ON u.group_id = m.group_id AND u.agency_id = v_agency
     WHERE m.user_id = v_case.officer_id AND (u.group_id = v_case.unit_id OR u.is_root)
       AND m.starts_at <= v_now AND m.until > v_now) THEN
    RAISE EXCEPTION 'officer % does not work in unit %', v_case.officer_id, v_case.unit_id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF v_person.id IS NULL THEN
    INSERT INTO cases_person (uuid, agency_id, local_id, given_name, middle_name, family_name, suffix, birth_date, sex,
                              race, created_at, updated_at, confirmed_at, source_digest, version)
    VALUES (v_person.uuid, v_agency, v_person.local_id, v_person.given_name, v_person.middle_name, v_person.family_name,
            v_person.suffix, v_person.birth_date, v_person.sex, v_person.race, v_now, v_now, v_now, '', 1)
    RETURNING id INTO v_person.id;
  ELSIF NOT EXISTS (SELECT 1 FROM cases_person p WHERE p.id = v_person.id AND p.agency_id = v_agency)
     OR NOT person_opens(v_person.id, case_excluded(), access_groups({SHARE}), access_closed(), {SHARE}) THEN
    RAISE EXCEPTION 'person % is none of whom this actor works a case', v_person.id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO cases_case (uuid, number, person_id, agency_id, unit_id, officer_id, kind, status, risk_level,
                          supervision_level, offense, offense_degree, offense_date, term_start, term_end, next_review,
                          restricted, created_at, updated_at, version)
  VALUES (v_case.uuid, v_case.number, v_person.id, v_agency, v_case.unit_id, v_case.officer_id, v_case.kind,
          {OPEN_STATUSES[0]}, v_case.risk_level, v_case.supervision_level, v_case.offense, v_case.offense_degree,
          v_case.offense_date, v_case.term_start, v_case.term_end, v_case.next_review, false, v_now, v_now, 1)
  RETURNING id INTO v_case.id;
  PERFORM case_own(ARRAY[v_case.id], {OWN_CASE});
  RETURN v_case.id;
END $$;

-- People of the actor's own agency who may be the one described, for somebody who works cases there; one row a case.
-- A restricted case that is not open to the actor, and one from which they are excluded, are not told of. `p_numbers`
-- are identifiers as "kind:value". Numbers of the agency's own are refused where they are taken, whoever has them: a
-- number of somebody unseen is therefore not told of here, or the silence would tell which of them are restricted.
CREATE FUNCTION person_duplicates(p_given text, p_family text, p_birth date, p_local text, p_numbers text[])
RETURNS TABLE (case_id bigint, case_uuid uuid, unit_id int, why text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_agency bigint := nullif(current_setting('access.agency', true), '')::bigint;
BEGIN
  IF cardinality(access_groups({SHARE})) = 0 THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT c.id, c.uuid, c.unit_id, min(f.why)
    FROM (SELECT p.id, 'a_number' AS why FROM cases_person p
           WHERE p.local_id = p_local
             AND person_opens(p.id, case_excluded(), access_groups({EXISTENCE}), access_closed(), {EXISTENCE})
          UNION ALL
          SELECT i.person_id, 'a_number' FROM cases_identifier i
           WHERE i.value = ANY (SELECT split_part(n, ':', 2) FROM unnest(p_numbers) AS n)
             AND i.kind || ':' || i.value = ANY (p_numbers)
          UNION ALL
          SELECT p.id, 'name' FROM cases_person p
           WHERE p.birth_date = p_birth
             AND ((lower(p.given_name), lower(p.family_name))
                  IN ((lower(p_given), lower(p_family)), (lower(p_family), lower(p_given)))
                  OR EXISTS (SELECT 1 FROM cases_alias a
                              WHERE a.person_id = p.id
                                AND (lower(a.given_name), lower(a.family_name)) = (lower(p_given), lower(p_family))))) f
    JOIN cases_person p ON p.id = f.id AND p.agency_id = v_agency
    JOIN cases_case c ON c.person_id = p.id
   WHERE NOT EXISTS (SELECT 1 FROM cases_caseexclusion e WHERE e.record_id = c.id AND e.user_id = access_user())
     AND (NOT c.restricted
          OR case_opens(c.id, case_excluded(), access_groups({EXISTENCE}), access_closed(), {EXISTENCE}))
   GROUP BY c.id, c.uuid, c.unit_id ORDER BY c.id LIMIT 20;
END $$;
REVOKE ALL ON FUNCTION case_may_open_in(int), case_open(jsonb, jsonb),
  person_duplicates(text, text, date, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_may_open_in(int), case_open(jsonb, jsonb),
  person_duplicates(text, text, date, text, text[]) TO concord_app, concord_job;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0012_flags")]

    operations = [
        migrations.AddField("case", "closed_on", models.DateField(blank=True, null=True)),
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER case_guarded ON cases_case; DROP FUNCTION case_guard()",
        ),
        migrations.RunSQL(PEOPLE, migrations.RunSQL.noop),
        migrations.RunSQL(
            OPENING,
            "DROP FUNCTION person_duplicates(text, text, date, text, text[]); DROP FUNCTION case_open(jsonb, jsonb);"
            "DROP FUNCTION case_may_open_in(int)",
        ),
    ]
