"""What changed for whom: a log that the database keeps by itself, and the two questions by which the feed reads it.

A row names cases and what happened to them: content (group_id and user_id 0), or whether a principal's or a person's
access opened or shut. Content has the category that opens it, and is told where the reader's keys open that category of
the case: that a document, a score or an address was added is not for who may see none. Only who could see a case at that moment is logged as shut out: whether a record that somebody
never saw exists is not to be learnt here either. Rows are sorted by the number of their transaction, and read only below
the oldest transaction that still runs, so that none is passed by.
"""

from django.db import migrations

SUPERVISION, CAUTIONS, CONDITIONS, LOCATION, ASSESSMENT, DOCUMENTS = 2, 4, 8, 1024, 4096, 32768

LOG = """
CREATE TABLE cases_change (
  xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT statement_timestamp(),
  group_id int NOT NULL DEFAULT 0,
  user_id bigint NOT NULL DEFAULT 0,
  opened boolean, -- NULL: the content changed
  category int NOT NULL DEFAULT 1, -- what opens the content that changed
  case_ids bigint[] NOT NULL,
  PRIMARY KEY (xid, id)
);
CREATE INDEX case_change_age ON cases_change USING brin (at);
"""

# Fifty cases a row at most: a page of the feed ends between rows.
TRIGGERS = """
CREATE FUNCTION case_note_changes(p_ids bigint[], p_category int) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO cases_change (category, case_ids)
  SELECT p_category, array_agg(n.id) FROM (SELECT i.id, (i.place - 1) / 50 AS part FROM unnest(p_ids) WITH ORDINALITY AS i(id, place)) n
   GROUP BY n.part
$$;
REVOKE ALL ON FUNCTION case_note_changes(bigint[], int) FROM PUBLIC;

CREATE FUNCTION case_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM case_note_changes(ARRAY(SELECT id FROM changed), 1);
  RETURN NULL;
END $$;
CREATE FUNCTION case_part_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM case_note_changes(ARRAY(SELECT DISTINCT case_id FROM changed), TG_ARGV[0]::int);
  RETURN NULL;
END $$;
-- A person's version and moments move with their addresses too, which have rows of their own here: alone they tell
-- nothing. EXCEPT, since a join of the two would keep a plan that is wrong for one person or for ten thousand.
CREATE FUNCTION case_person_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_silent text[] := '{version, updated_at, confirmed_at, source_digest}';
BEGIN
  PERFORM case_note_changes(
    ARRAY(SELECT c.id FROM cases_case c
           WHERE c.person_id IN (SELECT d.id FROM (SELECT n.id, to_jsonb(n) - v_silent FROM changed n
                                                   EXCEPT SELECT o.id, to_jsonb(o) - v_silent FROM before o) d)), 1);
  RETURN NULL;
END $$;
CREATE FUNCTION case_person_part_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM case_note_changes(
    ARRAY(SELECT c.id FROM cases_case c WHERE c.person_id IN (SELECT person_id FROM changed)),
    TG_ARGV[0]::int);
  RETURN NULL;
END $$;
CREATE TRIGGER case_log AFTER UPDATE ON cases_case REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION case_changed();
CREATE TRIGGER case_log AFTER UPDATE ON cases_person
  REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION case_person_changed();

-- Keys: made, taken, or their end moved. Moved counts as shut: if it still opens, the feed says that the case changed.
CREATE FUNCTION case_keys_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO cases_change (group_id, opened, case_ids)
  SELECT n.group_id, TG_OP = 'INSERT', array_agg(n.case_id)
    FROM (SELECT k.group_id, k.content_object_id AS case_id,
                 (row_number() OVER (PARTITION BY k.group_id ORDER BY k.content_object_id) - 1) / 50 AS part
            FROM changed k
           WHERE NOT k.restricted OR EXISTS (SELECT 1 FROM cases_casenamedprincipal p
                                              WHERE p.record_id = k.content_object_id AND p.group_id = k.group_id)) n
   GROUP BY n.group_id, n.part;
  RETURN NULL;
END $$;
CREATE TRIGGER case_log_made AFTER INSERT ON cases_casekey REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION case_keys_changed();
CREATE TRIGGER case_log_taken AFTER DELETE ON cases_casekey REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION case_keys_changed();

CREATE FUNCTION case_key_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT NEW.restricted OR EXISTS (SELECT 1 FROM cases_casenamedprincipal p
                                    WHERE p.record_id = NEW.content_object_id AND p.group_id = NEW.group_id) THEN
    INSERT INTO cases_change (group_id, opened, case_ids) VALUES (NEW.group_id, false, ARRAY[NEW.content_object_id]);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER case_log_moved AFTER UPDATE OF until ON cases_casekey
  FOR EACH ROW WHEN (OLD.until IS DISTINCT FROM NEW.until) EXECUTE FUNCTION case_key_moved();

-- A case is restricted, or no longer: whoever holds a key and is not named is shut out, or let in again.
CREATE FUNCTION case_restriction_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO cases_change (group_id, opened, case_ids)
  SELECT DISTINCT k.group_id, NOT NEW.restricted, ARRAY[NEW.id] FROM cases_casekey k
   WHERE k.content_object_id = NEW.id
     AND NOT EXISTS (SELECT 1 FROM cases_casenamedprincipal p WHERE p.record_id = NEW.id AND p.group_id = k.group_id);
  RETURN NULL;
END $$;
CREATE TRIGGER case_log_restriction AFTER UPDATE OF restricted ON cases_case
  FOR EACH ROW WHEN (OLD.restricted IS DISTINCT FROM NEW.restricted) EXECUTE FUNCTION case_restriction_changed();

CREATE FUNCTION case_naming_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_row cases_casenamedprincipal := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  INSERT INTO cases_change (group_id, opened, case_ids)
  SELECT v_row.group_id, TG_OP = 'INSERT', ARRAY[v_row.record_id]
   WHERE EXISTS (SELECT 1 FROM cases_casekey k
                  WHERE k.content_object_id = v_row.record_id AND k.group_id = v_row.group_id);
  RETURN NULL;
END $$;
CREATE TRIGGER case_log AFTER INSERT OR DELETE ON cases_casenamedprincipal
  FOR EACH ROW EXECUTE FUNCTION case_naming_changed();

-- Somebody is excluded, or no longer: only who could see the case until then is told.
CREATE FUNCTION case_exclusion_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_row cases_caseexclusion := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  INSERT INTO cases_change (user_id, opened, case_ids)
  SELECT v_row.user_id, TG_OP = 'DELETE', ARRAY[v_row.record_id]
   WHERE EXISTS (
     SELECT 1 FROM cases_casekey k
       JOIN (SELECT m.group_id FROM agencies_membership m WHERE m.user_id = v_row.user_id
             UNION SELECT u.circle_id FROM agencies_membership m JOIN sharing_circleunit u ON u.unit_id = m.group_id
              WHERE m.user_id = v_row.user_id) g ON g.group_id = k.group_id
      WHERE k.content_object_id = v_row.record_id
        AND (NOT k.restricted OR EXISTS (SELECT 1 FROM cases_casenamedprincipal p
                                          WHERE p.record_id = v_row.record_id AND p.group_id = k.group_id)));
  RETURN NULL;
END $$;
CREATE TRIGGER case_log AFTER INSERT OR DELETE ON cases_caseexclusion
  FOR EACH ROW EXECUTE FUNCTION case_exclusion_changed();
"""

# Parts whose writers do not always touch the case (the importer): table, category that opens them, function that finds
# the cases. Other names and numbers are shown with the supervision, whatever else the door's own rule for them allows.
PARTS = [
    ("cases_condition", CONDITIONS, "case_part_changed"),
    ("cases_caution", CAUTIONS, "case_part_changed"),
    ("cases_riskassessment", ASSESSMENT, "case_part_changed"),
    ("cases_document", DOCUMENTS, "case_part_changed"),
    ("cases_alias", SUPERVISION, "case_person_part_changed"),
    ("cases_identifier", SUPERVISION, "case_person_part_changed"),
    ("cases_address", LOCATION, "case_person_part_changed"),
]
PART_TRIGGERS = "\n".join(
    f"CREATE TRIGGER case_log_{verb.lower()} AFTER {verb} ON {table} REFERENCING {rows} TABLE AS changed"
    f" FOR EACH STATEMENT EXECUTE FUNCTION {function}({category});"
    for table, category, function in PARTS
    for verb, rows in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
)

READING = """
-- Which database this is, as one that was restored from a backup is another: its transactions count anew.
CREATE FUNCTION change_epoch() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT s.system_identifier::text || '.' || c.timeline_id::text || '.' || d.oid::text
    FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()
$$;

-- Where the log ends for now: everything of transactions below this number is committed or gone.
CREATE FUNCTION change_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint
$$;

-- The next p_limit changes or so after a place in the log, as they concern the transaction's actor: what is visible now,
-- and what was and no longer is. A change of content concerns whoever's keys open its category of the case; each case and
-- category is asked about once a page. One row without a case where nothing does. Every row says where this page ended.
CREATE FUNCTION case_changes(p_xid bigint, p_id bigint, p_limit int)
RETURNS TABLE (case_uuid uuid, gained boolean, visible boolean, end_xid bigint, end_id bigint, more boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_user bigint := access_user();
  v_excluded bigint[] := case_excluded();
  v_groups int[] := access_groups(1);
  v_closed int[] := access_closed();
BEGIN
  RETURN QUERY
  WITH scanned AS MATERIALIZED (
    SELECT s.*, sum(cardinality(s.case_ids)) OVER (ORDER BY s.xid, s.id) - cardinality(s.case_ids) AS before
      FROM (SELECT l.* FROM cases_change l
             WHERE (l.xid, l.id) > (p_xid, p_id) AND l.xid < change_horizon()
             ORDER BY l.xid, l.id LIMIT p_limit + 1) s
  ), taken AS (
    SELECT * FROM scanned s WHERE s.before < p_limit ORDER BY s.xid, s.id LIMIT p_limit
  ), ended AS (
    SELECT coalesce(t.xid, change_horizon()) AS xid, coalesce(t.id, 0) AS id, t.xid IS NOT NULL AS more
      FROM (SELECT 1) one
      LEFT JOIN (SELECT l.xid, l.id FROM taken l WHERE (SELECT count(*) FROM scanned) > (SELECT count(*) FROM taken)
                  ORDER BY l.xid DESC, l.id DESC LIMIT 1) t ON true
  ), concerned AS MATERIALIZED (
    SELECT n.case_id, bool_or(t.opened) AS gained,
           bool_or(t.opened IS NOT NULL OR t.category = 1) AS plain,
           array_agg(DISTINCT t.category) FILTER (WHERE t.opened IS NULL AND t.category <> 1) AS categories,
           bool_or(NOT t.opened AND (t.user_id = v_user OR NOT n.case_id = ANY (v_excluded))) AS shut
      FROM taken t CROSS JOIN LATERAL unnest(t.case_ids) AS n(case_id)
     WHERE (t.group_id = 0 AND t.user_id = 0) OR t.group_id = ANY (v_groups) OR t.user_id = v_user
     GROUP BY n.case_id
  ), told AS MATERIALIZED (
    SELECT c.uuid, coalesce(w.gained, false) AS gained, w.shut,
           case_opens(w.case_id, v_excluded, v_groups, v_closed, 1) AS visible,
           w.plain OR EXISTS (SELECT 1 FROM unnest(w.categories) AS n(category)
                               WHERE case_opens(w.case_id, v_excluded, access_groups(n.category), v_closed, n.category)
                             ) AS told
      FROM concerned w JOIN cases_case c ON c.id = w.case_id
  )
  SELECT o.uuid, o.gained, o.visible, e.xid, e.id, e.more
    FROM ended e LEFT JOIN told o ON (o.visible AND o.told) OR o.shut;
END $$;

-- Cases that the actor could see under a grant whose end has passed since a moment, and whether another key opens them.
CREATE FUNCTION case_expired(p_after timestamptz, p_grant bigint, p_upto timestamptz, p_limit int)
RETURNS TABLE (case_uuid uuid, visible boolean, until timestamptz, grant_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_excluded bigint[] := case_excluded();
  v_groups int[] := access_groups(1);
  v_closed int[] := access_closed();
BEGIN
  RETURN QUERY
  SELECT c.uuid, case_opens(c.id, v_excluded, v_groups, v_closed, 1), g.until, g.id FROM sharing_grant g JOIN cases_case c ON c.uuid = g.record_id
   WHERE g.until < '9999-12-31' AND (g.until, g.id) > (p_after, p_grant) AND g.until <= p_upto AND g.revoked_at IS NULL
     AND g.record_type = 'cases.case' AND g.group_id = ANY (v_groups) AND NOT c.id = ANY (v_excluded)
     AND NOT coalesce(g.agreement_id = ANY (v_closed), false)
     AND (NOT c.restricted
          OR EXISTS (SELECT 1 FROM cases_casenamedprincipal n WHERE n.record_id = c.id AND n.group_id = g.group_id))
   ORDER BY g.until, g.id LIMIT p_limit;
END $$;

-- Forgets what no cursor may ask for any more. The job role only.
CREATE FUNCTION case_forget_changes(p_before timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_gone int;
BEGIN
  DELETE FROM cases_change WHERE at < p_before;
  GET DIAGNOSTICS v_gone = ROW_COUNT;
  RETURN v_gone;
END $$;
REVOKE ALL ON FUNCTION case_changed, case_part_changed, case_person_changed, case_person_part_changed, case_keys_changed,
  case_key_moved, case_restriction_changed, case_naming_changed, case_exclusion_changed, case_changes, case_expired,
  case_forget_changes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_changes, case_expired TO concord_app;
GRANT EXECUTE ON FUNCTION case_forget_changes TO concord_job;
"""
UNDO = """
DROP FUNCTION case_changed, case_part_changed, case_person_changed, case_person_part_changed, case_keys_changed,
  case_key_moved, case_restriction_changed, case_naming_changed, case_exclusion_changed CASCADE;
DROP FUNCTION case_note_changes, change_epoch, change_horizon, case_changes, case_expired, case_forget_changes;
DROP TABLE cases_change;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0013_opening_and_changing"), ("sharing", "0004_kept_answers")]

    operations = [
        migrations.RunSQL(LOG + TRIGGERS + PART_TRIGGERS + READING, UNDO),
        migrations.RunSQL(
            "CREATE INDEX grant_by_end ON sharing_grant (until, id) WHERE until < '9999-12-31'",
            "DROP INDEX grant_by_end",
        ),
    ]
