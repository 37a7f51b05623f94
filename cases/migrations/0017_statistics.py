"""After a first import the planner must know what is there. Only an owner may gather that, and the importer is none."""

from django.db import migrations

GATHER = """
CREATE FUNCTION case_gather_statistics() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE cases_case, cases_casekey, cases_person, cases_personnametoken, cases_nametoken, cases_identifier,
          cases_riskassessment;
END $$;
REVOKE ALL ON FUNCTION case_gather_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_gather_statistics() TO concord_job;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0016_contacts")]

    operations = [migrations.RunSQL(GATHER, "DROP FUNCTION case_gather_statistics()")]
