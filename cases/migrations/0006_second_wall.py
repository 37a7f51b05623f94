"""The second wall: row security on cases, their parts and their keys, and what the roles may do with the tables.

Policies ask the same rule as the door, from the transaction's own context. Not forced: the owner's functions must see
the rows. The job role passes only where a job says that it is one (the importer, never the relay).
"""

from django.db import migrations

EXISTENCE, CAUTIONS, CONDITIONS, PLAN_VIEW, PLAN_CHANGE, LOCATION, ASSESSMENT, TREATMENT, SHARE = (
    1,
    4,
    8,
    64,
    128,
    1024,
    4096,
    8192,
    65536,
)
NEVER_SHARED = 8192 | 16384 | 65536 | 131072  # treatment, victim, share, manage: in no bundle that is given away

# Parts of a case: table, category to see, category to change, has an audience.
CASE_PARTS = [
    ("cases_condition", CONDITIONS, None, False),
    ("cases_caution", CAUTIONS, None, False),
    ("cases_riskassessment", ASSESSMENT, None, False),
    ("cases_plan", PLAN_VIEW, PLAN_CHANGE, False),
    ("cases_goal", PLAN_VIEW, PLAN_CHANGE, True),
    ("cases_action", PLAN_VIEW, PLAN_CHANGE, True),
    ("cases_goalversion", PLAN_VIEW, PLAN_CHANGE, True),
    ("cases_actionversion", PLAN_VIEW, PLAN_CHANGE, True),
]
PERSON_PARTS = [("cases_alias", EXISTENCE), ("cases_identifier", EXISTENCE), ("cases_address", LOCATION)]
HISTORY = {"cases_goalversion", "cases_actionversion"}


def seen_if(rule: str, category: int, audience: bool = False) -> str:
    """A policy's condition; what it needs to know of the actor is looked up once a statement."""
    actor = f"(SELECT case_excluded()), (SELECT access_groups({category})), (SELECT access_closed())"
    seen = f"{rule}, {actor}, {category})"
    return f"{seen} AND audience IN (0, (SELECT access_side()))" if audience else seen


def door(table: str, rule: str) -> list[str]:
    """Row security on a table: what the app sees, and what the job sees and does.

    The job's pass stands first in its own policy: a job that reads all rows would else have the rule worked out for
    each of them.
    """
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY door ON {table} FOR SELECT TO concord_app USING ({rule})",
        f"CREATE POLICY door_for_job ON {table} FOR SELECT TO concord_job USING ((SELECT access_is_job()) OR ({rule}))",
        f"CREATE POLICY by_job ON {table} TO concord_job"
        " USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
        f"GRANT SELECT ON {table} TO concord_app, concord_job",
    ]


def wall() -> str:
    """Every statement of the wall."""
    case, person = seen_if("case_row_opens(id, restricted", EXISTENCE), seen_if("person_opens(id", EXISTENCE)
    own_group = "group_id = ANY ((SELECT access_groups(0))::int[])"
    # A key tells of its case: seen by roles that may know of cases at all, and no longer than it opens.
    own_key = (
        f"group_id = ANY ((SELECT access_groups({EXISTENCE}))::int[]) AND until > access_now()"
        " AND NOT agreement_id = ANY ((SELECT access_closed())::int[])"
    )
    statements = [
        *door("cases_case", case),
        f"CREATE POLICY touch ON cases_case FOR UPDATE TO concord_app USING ({case})",
        "GRANT UPDATE (updated_at, next_review, version) ON cases_case TO concord_app",
        "GRANT INSERT, UPDATE ON cases_case TO concord_job",
        *door("cases_person", person),
        "GRANT INSERT, UPDATE ON cases_person TO concord_job",
        *door("cases_casekey", own_key),
        *door("cases_caseexclusion", "user_id = (SELECT access_user())"),
        *door("cases_casenamedprincipal", own_group),
        "GRANT INSERT, DELETE ON cases_caseexclusion, cases_casenamedprincipal TO concord_job",
        "GRANT SELECT, INSERT, UPDATE ON cases_importrun, cases_juvenilehistory TO concord_job",
        "ALTER TABLE cases_juvenilehistory ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY by_job ON cases_juvenilehistory TO concord_job"
        " USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
        # Words of names: the search reads them as the owner, nobody else does.
        "ALTER TABLE cases_personnametoken ENABLE ROW LEVEL SECURITY",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job",
    ]
    for table, see, change, audience in CASE_PARTS:
        statements += door(table, seen_if("case_opens(case_id", see, audience))
        statements.append(f"GRANT INSERT, UPDATE, DELETE ON {table} TO concord_job")
        if change:
            allowed = seen_if("case_opens(case_id", change, audience)
            statements += [
                f"CREATE POLICY add ON {table} FOR INSERT TO concord_app WITH CHECK ({allowed})",
                f"GRANT INSERT ON {table} TO concord_app",
            ]
            if table not in HISTORY:
                statements += [
                    f"CREATE POLICY change ON {table} FOR UPDATE TO concord_app USING ({allowed}) WITH CHECK ({allowed})",
                    f"GRANT UPDATE ON {table} TO concord_app",
                ]
    for table, see in PERSON_PARTS:
        statements += door(table, seen_if("person_opens(person_id", see))
        statements.append(f"GRANT INSERT, UPDATE, DELETE ON {table} TO concord_job")
    return ";\n".join(statements)


# Grants are seen by those they name and by whoever may share the record; only the latter may add or end one: never one
# that lets others share on, and none beyond the agency without an agreement. The papers by which an agency's units own
# cases name no case and say the same of each unit: the agency's people see them all, or they could not be told that
# headquarters, or the team, sees what they see.
MINE_TO_GIVE = (
    f"grant_record_opens(record_type, record_id, (SELECT case_excluded()), (SELECT access_groups({SHARE})),"
    f" (SELECT access_closed()), {SHARE})"
)
# A provider's part in a case shows to nobody without the treatment category but to whoever gave it.
TOLD = (
    "(NOT is_provider(group_id) OR issued_by_id = (SELECT access_user())"
    f" OR grant_record_opens(record_type, record_id, (SELECT case_excluded()), (SELECT access_groups({TREATMENT})),"
    f" (SELECT access_closed()), {TREATMENT}))"
)
OWN_PAPER = (
    "(kind = 'owner' AND group_id IN (SELECT u.group_id FROM agencies_unit u WHERE u.agency_id = (SELECT access_agency())))"
)
GRANT_POLICIES = f"""
CREATE FUNCTION grant_record_opens(
  p_type text, p_record uuid, p_excluded bigint[], p_groups int[], p_closed int[], p_must int
) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  RETURN p_type = 'cases.case' AND EXISTS (
    SELECT 1 FROM public.cases_case c
     WHERE c.uuid = p_record AND public.case_opens(c.id, p_excluded, p_groups, p_closed, p_must));
END $$;
ALTER TABLE sharing_grant ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_grant FOR SELECT TO concord_app
  USING (group_id = ANY ((SELECT access_groups(0))::int[]) OR kind = 'standing' OR {OWN_PAPER}
         OR ({MINE_TO_GIVE} AND {TOLD}));
CREATE POLICY seen_by_job ON sharing_grant FOR SELECT TO concord_job
  USING ((SELECT access_is_job()) OR group_id = ANY ((SELECT access_groups(0))::int[]) OR kind = 'standing'
         OR {OWN_PAPER} OR ({MINE_TO_GIVE} AND {TOLD}));
CREATE POLICY give ON sharing_grant FOR INSERT TO concord_app
  WITH CHECK (kind = 'share' AND issued_by_id = (SELECT access_user()) AND mask & {NEVER_SHARED} = 0 AND {MINE_TO_GIVE}
              AND (agreement_id IS NOT NULL
                   OR EXISTS (SELECT 1 FROM cases_case c JOIN agencies_unit u ON u.agency_id = c.agency_id
                               WHERE c.uuid = record_id AND u.group_id = sharing_grant.group_id)));
-- What may be updated (sharing 0002) makes no grant another's, so that nothing is left to check of the new row.
CREATE POLICY take_back ON sharing_grant FOR UPDATE TO concord_app USING (kind = 'share' AND {MINE_TO_GIVE})
  WITH CHECK (true);
CREATE POLICY by_job ON sharing_grant TO concord_job USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()));
"""

# A part and its case cannot disagree, so that one predicate on case_id is enough for every part.
SAME_CASE = """
ALTER TABLE cases_plan ADD CONSTRAINT plan_of_case UNIQUE (id, case_id);
ALTER TABLE cases_goal ADD CONSTRAINT goal_of_case UNIQUE (id, plan_id, case_id);
ALTER TABLE cases_goal ADD CONSTRAINT goal_in_its_plan FOREIGN KEY (plan_id, case_id) REFERENCES cases_plan (id, case_id);
ALTER TABLE cases_action ADD CONSTRAINT action_in_its_goal
  FOREIGN KEY (goal_id, plan_id, case_id) REFERENCES cases_goal (id, plan_id, case_id);
"""

# An action that both sides see has a goal that both see. The key is of a column that is null for any other action.
NO_WIDER_THAN_ITS_GOAL = """
ALTER TABLE cases_goal ADD CONSTRAINT goal_for_audience UNIQUE (id, audience);
ALTER TABLE cases_action ADD COLUMN goal_audience smallint GENERATED ALWAYS AS (CASE WHEN audience = 0 THEN 0 END) STORED;
ALTER TABLE cases_action ADD CONSTRAINT action_no_wider_than_its_goal
  FOREIGN KEY (goal_id, goal_audience) REFERENCES cases_goal (id, audience);
"""


def closing(part: str) -> str:
    """What both sides see is made one side's by the owner of the case or the agency that added it, whatever a service forgets."""
    return f"""
CREATE FUNCTION {part}_is_ours_to_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF row_security_active(TG_RELID) AND NOT access_is_job()
     AND NOT EXISTS (SELECT 1 FROM cases_case WHERE id = NEW.case_id AND agency_id = access_agency())
     AND NOT EXISTS (SELECT 1 FROM cases_{part}version
                      WHERE {part}_id = NEW.id AND version = 1 AND changed_by_agency_id = access_agency()) THEN
    RAISE EXCEPTION 'not yours to close' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ours_to_close BEFORE UPDATE ON cases_{part} FOR EACH ROW
  WHEN (OLD.audience = 0 AND NEW.audience <> 0) EXECUTE FUNCTION {part}_is_ours_to_close();
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_name_search")]

    operations = [
        migrations.RunSQL(wall(), migrations.RunSQL.noop),
        migrations.RunSQL(GRANT_POLICIES, migrations.RunSQL.noop),
        migrations.RunSQL(SAME_CASE, migrations.RunSQL.noop),
        migrations.RunSQL(NO_WIDER_THAN_ITS_GOAL, migrations.RunSQL.noop),
        migrations.RunSQL(closing("goal") + closing("action"), migrations.RunSQL.noop),
    ]
