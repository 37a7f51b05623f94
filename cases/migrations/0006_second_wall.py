"""The second wall: row security on cases, their parts and their keys, and what the roles may do with the tables.

Policies ask the same rule as the door, from the transaction's own context. Not forced: the owner's functions must see
the rows. The job role passes only where a job says that it is one (the importer, never the relay).
"""

from django.db import migrations

EXISTENCE, CAUTIONS, CONDITIONS, PLAN_VIEW, PLAN_CHANGE, LOCATION, ASSESSMENT, SHARE = (
    1,
    4,
    8,
    64,
    128,
    1024,
    4096,
    65536,
)

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
    actor = f"(SELECT access_user()), (SELECT access_groups({category})), (SELECT access_closed())"
    seen = f"{rule}, {actor}, {category})"
    seen = f"{seen} AND audience IN (0, (SELECT access_side()))" if audience else seen
    # The job's pass stands first: otherwise a job that reads all rows would have the rule worked out for each of them.
    return f"(SELECT access_is_job()) OR ({seen})"


def wall() -> str:
    """Every statement of the wall."""
    statements = [
        "ALTER TABLE cases_case ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY door ON cases_case FOR SELECT TO concord_app, concord_job USING ({seen_if('case_opens(id', EXISTENCE)})",
        f"CREATE POLICY touch ON cases_case FOR UPDATE TO concord_app USING ({seen_if('case_opens(id', EXISTENCE)})",
        "CREATE POLICY by_job ON cases_case TO concord_job USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
        "GRANT SELECT ON cases_case TO concord_app, concord_job",
        "GRANT UPDATE (updated_at, next_review, version) ON cases_case TO concord_app",
        "GRANT INSERT, UPDATE ON cases_case TO concord_job",
        "ALTER TABLE cases_person ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY door ON cases_person FOR SELECT TO concord_app, concord_job USING ({seen_if('person_opens(id', EXISTENCE)})",
        "CREATE POLICY by_job ON cases_person TO concord_job USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
        "GRANT SELECT ON cases_person TO concord_app, concord_job",
        "GRANT INSERT, UPDATE ON cases_person TO concord_job",
        "ALTER TABLE cases_casekey ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own_keys ON cases_casekey FOR SELECT TO concord_app, concord_job"
        # A key tells of its case: seen by roles that may know of cases at all, and no longer than it opens.
        f" USING ((SELECT access_is_job()) OR (group_id = ANY ((SELECT access_groups({EXISTENCE}))::int[])"
        " AND until > access_now() AND NOT agreement_id = ANY ((SELECT access_closed())::int[])))",
        "GRANT SELECT ON cases_casekey TO concord_app, concord_job",
        "ALTER TABLE cases_caseexclusion ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own_exclusions ON cases_caseexclusion FOR SELECT TO concord_app, concord_job"
        " USING (user_id = (SELECT access_user()) OR (SELECT access_is_job()))",
        "CREATE POLICY by_job ON cases_caseexclusion TO concord_job USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
        "ALTER TABLE cases_casenamedprincipal ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own_names ON cases_casenamedprincipal FOR SELECT TO concord_app, concord_job"
        " USING (group_id = ANY ((SELECT access_groups(0))::int[]) OR (SELECT access_is_job()))",
        "CREATE POLICY by_job ON cases_casenamedprincipal TO concord_job USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
        "GRANT SELECT ON cases_caseexclusion, cases_casenamedprincipal TO concord_app, concord_job",
        "GRANT INSERT, DELETE ON cases_caseexclusion, cases_casenamedprincipal TO concord_job",
        "GRANT SELECT, INSERT, UPDATE ON cases_importrun, cases_juvenilehistory TO concord_job",
        "ALTER TABLE cases_juvenilehistory ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY by_job ON cases_juvenilehistory TO concord_job USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
        # Words of names: the search reads them as the owner, nobody else does.
        "ALTER TABLE cases_personnametoken ENABLE ROW LEVEL SECURITY",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job",
    ]
    for table, see, change, audience in CASE_PARTS:
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY door ON {table} FOR SELECT TO concord_app, concord_job"
            f" USING ({seen_if('case_opens(case_id', see, audience)})",
            f"CREATE POLICY by_job ON {table} TO concord_job USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
            f"GRANT SELECT ON {table} TO concord_app, concord_job",
            f"GRANT INSERT, UPDATE, DELETE ON {table} TO concord_job",
        ]
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
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY door ON {table} FOR SELECT TO concord_app, concord_job"
            f" USING ({seen_if('person_opens(person_id', see)})",
            f"CREATE POLICY by_job ON {table} TO concord_job USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
            f"GRANT SELECT ON {table} TO concord_app, concord_job",
            f"GRANT INSERT, UPDATE, DELETE ON {table} TO concord_job",
        ]
    return ";\n".join(statements)


# Grants are seen by those they name and by whoever may share the record; only the latter may add or end one.
GRANT_POLICIES = f"""
CREATE FUNCTION grant_is_mine_to_give(p_type text, p_record uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN p_type = 'cases.case' AND EXISTS (
    SELECT 1 FROM cases_case c WHERE c.uuid = p_record AND case_permits(c.id, {SHARE}, access_groups({SHARE})));
END $$;
ALTER TABLE sharing_grant ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_grant FOR SELECT TO concord_app, concord_job
  USING ((SELECT access_is_job()) OR group_id = ANY ((SELECT access_groups(0))::int[]) OR kind = 'standing'
         OR grant_is_mine_to_give(record_type, record_id));
CREATE POLICY give ON sharing_grant FOR INSERT TO concord_app
  WITH CHECK (kind = 'share' AND issued_by_id = (SELECT access_user()) AND grant_is_mine_to_give(record_type, record_id));
CREATE POLICY take_back ON sharing_grant FOR UPDATE TO concord_app
  USING (kind = 'share' AND grant_is_mine_to_give(record_type, record_id));
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


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_name_search")]

    operations = [
        migrations.RunSQL(wall(), migrations.RunSQL.noop),
        migrations.RunSQL(GRANT_POLICIES, migrations.RunSQL.noop),
        migrations.RunSQL(SAME_CASE, migrations.RunSQL.noop),
    ]
