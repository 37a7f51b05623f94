"""Who may call the functions that work as the owner of the tables. What is not named here, nobody but the owner calls.

PostgreSQL lets everybody call a new function. One that reads past row security must be given, never left lying about.
"""

from django.db import migrations

CLOSE = """
DO $$
DECLARE
  v_function regprocedure;
BEGIN
  FOR v_function IN
    SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, concord_app, concord_job', v_function);
  END LOOP;
END $$;
"""

# What policies ask runs as whoever reads the table, so that both roles need it.
RULES = (
    "case_excluded",
    "case_opens",
    "case_row_opens",
    "person_opens",
    "grant_record_opens",
    "case_permits",
    "case_mask",
)
BOTH = (*RULES, "access_open", "case_page", "case_count", "case_search", "case_holders", "case_readers",
        "case_issue", "case_withdraw", "case_reset_end")  # fmt: skip
JOB_ALONE = ("case_own", "case_issue_many", "case_audience")

GIVE = ";\n".join(
    [f"GRANT EXECUTE ON FUNCTION {name} TO concord_app, concord_job" for name in BOTH]
    + [f"GRANT EXECUTE ON FUNCTION {name} TO concord_job" for name in JOB_ALONE]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_second_wall")]

    operations = [migrations.RunSQL(CLOSE + GIVE, migrations.RunSQL.noop)]
