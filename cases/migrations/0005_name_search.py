"""Name search: words are resolved against distinct name tokens first, then people are found by equality."""

from django.db import migrations

TOKENS = """
-- The words of a name: lower case, without accents, apostrophes and full stops.
CREATE FUNCTION name_words(p_name text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT DISTINCT left(w, 60)
    FROM regexp_split_to_table(translate(lower(public.unaccent(p_name)), '''.`', ''), '[^[:alnum:]]+') AS w
   WHERE w <> ''
$$;

CREATE FUNCTION person_index_names(p_ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  CREATE TEMP TABLE IF NOT EXISTS wanted_words (person_id bigint, word text) ON COMMIT DELETE ROWS;
  TRUNCATE wanted_words;
  INSERT INTO wanted_words
  SELECT n.person_id, w FROM (
    SELECT p.id AS person_id, concat_ws(' ', p.given_name, p.middle_name, p.family_name) AS name
      FROM cases_person p WHERE p.id = ANY (p_ids)
    UNION ALL
    SELECT a.person_id, concat_ws(' ', a.given_name, a.middle_name, a.family_name)
      FROM cases_alias a WHERE a.person_id = ANY (p_ids)) n, name_words(n.name) AS w
  GROUP BY 1, 2;
  INSERT INTO cases_nametoken (token) SELECT DISTINCT word FROM wanted_words ORDER BY word ON CONFLICT (token) DO NOTHING;
  DELETE FROM cases_personnametoken t USING cases_nametoken n
   WHERE t.person_id = ANY (p_ids) AND n.id = t.token_id
     AND NOT EXISTS (SELECT 1 FROM wanted_words w WHERE w.person_id = t.person_id AND w.word = n.token);
  INSERT INTO cases_personnametoken (token_id, person_id)
  SELECT n.id, w.person_id FROM wanted_words w JOIN cases_nametoken n ON n.token = w.word
  ON CONFLICT (token_id, person_id) DO NOTHING;
END $$;
REVOKE ALL ON FUNCTION person_index_names(bigint[]) FROM PUBLIC;

CREATE FUNCTION person_names_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM person_index_names(ARRAY(SELECT DISTINCT id FROM changed_people));
  RETURN NULL;
END $$;
CREATE FUNCTION alias_names_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM person_index_names(ARRAY(SELECT DISTINCT person_id FROM changed_aliases));
  RETURN NULL;
END $$;
CREATE TRIGGER person_names_added AFTER INSERT ON cases_person
  REFERENCING NEW TABLE AS changed_people FOR EACH STATEMENT EXECUTE FUNCTION person_names_changed();
CREATE TRIGGER person_names_changed AFTER UPDATE ON cases_person
  REFERENCING NEW TABLE AS changed_people FOR EACH STATEMENT EXECUTE FUNCTION person_names_changed();
CREATE TRIGGER alias_names_added AFTER INSERT ON cases_alias
  REFERENCING NEW TABLE AS changed_aliases FOR EACH STATEMENT EXECUTE FUNCTION alias_names_changed();
CREATE TRIGGER alias_names_changed AFTER UPDATE ON cases_alias
  REFERENCING NEW TABLE AS changed_aliases FOR EACH STATEMENT EXECUTE FUNCTION alias_names_changed();
CREATE TRIGGER alias_names_removed AFTER DELETE ON cases_alias
  REFERENCING OLD TABLE AS changed_aliases FOR EACH STATEMENT EXECUTE FUNCTION alias_names_changed();
"""

# The door's rule for the case c; OFFSET 0 keeps the planner from turning the probes into scans.
OPEN = """EXISTS (
           SELECT 1 FROM cases_casekey k
            WHERE k.content_object_id = c.id AND k.group_id + 0 = ANY (v_groups) AND k.until > access_now()
              AND k.mask & p_must = p_must AND NOT k.agreement_id = ANY (v_closed)
              AND (NOT c.restricted OR EXISTS (
                    SELECT 1 FROM cases_casenamedprincipal n
                     WHERE n.record_id = c.id AND n.group_id = k.group_id OFFSET 0)) OFFSET 0)
         AND NOT c.id = ANY (v_excluded)"""
CASES = """CROSS JOIN LATERAL (
         SELECT x.id, x.restricted FROM cases_case x WHERE x.person_id = h.person_id ORDER BY x.id DESC OFFSET 0) c"""

# Every word must fit some token of the person: the same, a beginning, or a resemblance. A word with a digit may be a
# number instead. Equally good people come newest first, so that nothing has to be read only to be sorted: whoever sees
# many cases has one namesake after another asked for their keys until the page is full. Whoever sees few has the
# namesakes narrowed to the people of those cases first.
SEARCH = f"""
SELECT similarity('', ''); -- loads the extension's library, without which nobody but a superuser may name its setting
-- Answers the transaction's own actor and nobody else, as case_page() does.
CREATE FUNCTION case_search(p_user bigint, p_must int, p_words text[], p_birth date, p_limit int)
RETURNS TABLE (id bigint, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 25 SET search_path = public, pg_temp
SET pg_trgm.similarity_threshold = 0.4 SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_groups int[] := CASE WHEN p_user = access_user() THEN access_groups(p_must) ELSE '{{}}' END;
  v_of_status int[] := CASE WHEN p_user = access_user() THEN access_groups(p_must | 2) ELSE '{{}}' END;
  v_closed int[] := access_closed();
  v_excluded bigint[] := case_excluded();
  v_words text[] := ARRAY(SELECT w FROM unnest(p_words) AS n(name), name_words(n.name) AS w);
  v_numbers text[] := ARRAY(SELECT upper(btrim(w)) FROM unnest(p_words) AS w WHERE w ~ '[0-9]');
  v_few constant int := 5000; -- keys at the most that make "few cases"
  v_many constant int := 2000; -- namesakes from which narrowing them pays
  v_namesakes int;
  v_tokens bigint[];
  v_of_word int[];
  v_scores real[];
  v_cases bigint[];
  v_people bigint[];
  v_found bigint[] := '{{}}';
BEGIN
  IF cardinality(v_numbers) > 0 THEN
    RETURN QUERY
    SELECT f.id, row_number() OVER (ORDER BY f.id) FROM (
      SELECT c.id FROM cases_case c WHERE c.number = ANY (v_numbers)
      UNION SELECT c.id FROM cases_person p JOIN cases_case c ON c.person_id = p.id WHERE p.local_id = ANY (v_numbers)
      UNION SELECT c.id FROM cases_identifier i JOIN cases_case c ON c.person_id = i.person_id
             WHERE i.value = ANY (v_numbers)) f
     -- Whoever has name and contact only is told no number, and learns of none by asking.
     WHERE case_opens(f.id, v_excluded, v_of_status, v_closed, p_must | 2) ORDER BY f.id LIMIT p_limit;
    RETURN;
  END IF;

  IF cardinality(v_words) = 0 THEN
    RETURN QUERY
    SELECT c.id, row_number() OVER (ORDER BY c.id DESC)
      FROM (SELECT p.id AS person_id FROM cases_person p WHERE p.birth_date BETWEEN p_birth - 1 AND p_birth + 1) h
      {CASES}
     WHERE {OPEN} ORDER BY c.id DESC LIMIT p_limit;
    RETURN;
  END IF;

  SELECT array_agg(t.id ORDER BY t.score DESC), array_agg(t.i ORDER BY t.score DESC),
         array_agg(t.score ORDER BY t.score DESC)
    INTO v_tokens, v_of_word, v_scores
    FROM unnest(v_words) WITH ORDINALITY AS w(word, i) CROSS JOIN LATERAL (
      SELECT n.id, w.i::int,
             CASE WHEN n.token = w.word THEN 1.0 WHEN n.token LIKE w.word || '%' THEN 0.9
                  ELSE similarity(n.token, w.word) * 0.8 END::real AS score
        FROM cases_nametoken n
       WHERE n.token = w.word OR (length(w.word) >= 3 AND (n.token LIKE w.word || '%' OR n.token % w.word))
       ORDER BY 3 DESC, length(n.token), n.token LIMIT 60) t; -- of beginnings the closest
  SELECT count(*) INTO v_namesakes FROM (
    SELECT 1 FROM unnest(v_tokens) AS t(id) CROSS JOIN LATERAL (
      SELECT 1 FROM cases_personnametoken x WHERE x.token_id = t.id LIMIT v_many) x LIMIT v_many) n;
  IF v_namesakes >= v_many THEN
    v_cases := ARRAY(
      SELECT x.content_object_id FROM unnest(v_groups) AS w(g) CROSS JOIN LATERAL (
        SELECT k.content_object_id FROM cases_casekey k WHERE k.group_id = w.g LIMIT v_few + 1) x LIMIT v_few + 1);
  END IF;
  IF cardinality(v_cases) <= v_few THEN
    v_people := ARRAY(
      SELECT DISTINCT c.person_id FROM unnest(v_cases) AS m(id)
       CROSS JOIN LATERAL (SELECT x.person_id FROM cases_case x WHERE x.id = m.id OFFSET 0) c);
  END IF;

  IF cardinality(v_words) = 1 AND v_people IS NULL AND p_birth IS NULL THEN
    FOR id IN
      SELECT c.id FROM unnest(v_tokens) WITH ORDINALITY AS t(id, i)
       CROSS JOIN LATERAL (
         SELECT x.person_id FROM cases_personnametoken x WHERE x.token_id = t.id
          ORDER BY x.person_id DESC OFFSET 0) h
      {CASES}
       WHERE {OPEN}
    LOOP
      CONTINUE WHEN id = ANY (v_found); -- a person may bear two names that fit
      v_found := v_found || id;
      rank := cardinality(v_found);
      RETURN NEXT;
      EXIT WHEN rank = p_limit;
    END LOOP;
    RETURN;
  END IF;

  RETURN QUERY
  SELECT o.id, row_number() OVER () FROM (
    SELECT c.id FROM (
      SELECT b.person_id, sum(b.best) AS score FROM (
        SELECT x.person_id, t.word, max(t.score) AS best
          FROM unnest(v_tokens, v_of_word, v_scores) AS t(id, word, score)
         CROSS JOIN LATERAL (
           SELECT y.person_id FROM cases_personnametoken y WHERE y.token_id = t.id OFFSET 0) x
         WHERE v_people IS NULL OR x.person_id IN (SELECT m FROM unnest(v_people) AS m)
         GROUP BY 1, 2) b
       GROUP BY 1 HAVING count(*) = cardinality(v_words) ORDER BY 2 DESC, 1 DESC OFFSET 0) h
      {CASES}
     WHERE (p_birth IS NULL OR (SELECT p.birth_date BETWEEN p_birth - 1 AND p_birth + 1
                                  FROM cases_person p WHERE p.id = h.person_id))
       AND {OPEN} LIMIT p_limit) o;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_case_pages")]

    operations = [
        migrations.RunSQL(
            TOKENS,
            "DROP TRIGGER person_names_added ON cases_person; DROP TRIGGER person_names_changed ON cases_person;"
            "DROP TRIGGER alias_names_added ON cases_alias; DROP TRIGGER alias_names_changed ON cases_alias;"
            "DROP TRIGGER alias_names_removed ON cases_alias; DROP FUNCTION person_names_changed();"
            "DROP FUNCTION alias_names_changed(); DROP FUNCTION person_index_names(bigint[]); DROP FUNCTION name_words(text)",
        ),
        migrations.RunSQL(SEARCH, "DROP FUNCTION case_search(bigint, int, text[], date, int)"),
    ]
