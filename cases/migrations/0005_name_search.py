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

# Every word must fit some token of the person: the same, a beginning, or a resemblance. A word with a digit may be a
# number instead. Whoever sees few cases is searched from the cases, everybody else from the names.
SEARCH = """
SELECT similarity('', ''); -- loads the extension's library, without which nobody but a superuser may name its setting
CREATE FUNCTION case_search(
  p_user bigint, p_groups int[], p_closed int[], p_must int, p_words text[], p_birth date, p_limit int
) RETURNS TABLE (id bigint, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET pg_trgm.similarity_threshold = 0.4 AS $$
DECLARE
  v_words text[] := ARRAY(SELECT w FROM unnest(p_words) AS n(name), name_words(n.name) AS w);
  v_numbers text[] := ARRAY(SELECT upper(btrim(w)) FROM unnest(p_words) AS w WHERE w ~ '[0-9]');
  v_tokens bigint[];
  v_of_word int[];
  v_scores real[];
  v_mine bigint[];
BEGIN
  IF NOT access_is_asked_by(p_user, p_groups, p_closed, p_must) THEN RETURN; END IF;
  IF cardinality(v_numbers) > 0 THEN
    RETURN QUERY
    SELECT f.id, row_number() OVER (ORDER BY f.id) FROM (
      SELECT c.id FROM cases_case c WHERE c.number = ANY (v_numbers)
      UNION SELECT c.id FROM cases_person p JOIN cases_case c ON c.person_id = p.id WHERE p.local_id = ANY (v_numbers)
      UNION SELECT c.id FROM cases_identifier i JOIN cases_case c ON c.person_id = i.person_id
             WHERE i.value = ANY (v_numbers) LIMIT 200) f
     WHERE case_opens(f.id, p_user, p_groups, p_closed, p_must) LIMIT p_limit;
    RETURN;
  END IF;
  IF cardinality(v_words) = 0 AND p_birth IS NULL THEN RETURN; END IF;

  SELECT array_agg(t.id), array_agg(t.word), array_agg(t.score) INTO v_tokens, v_of_word, v_scores
    FROM unnest(v_words) WITH ORDINALITY AS w(word, i) CROSS JOIN LATERAL (
      SELECT n.id, w.i::int AS word,
             CASE WHEN n.token = w.word THEN 1.0 WHEN n.token LIKE w.word || '%' THEN 0.9
                  ELSE similarity(n.token, w.word) * 0.8 END::real AS score
        FROM cases_nametoken n
       WHERE n.token = w.word OR (length(w.word) >= 3 AND (n.token LIKE w.word || '%' OR n.token % w.word))
       ORDER BY 3 DESC LIMIT 60) t;

  v_mine := ARRAY(
    SELECT x.content_object_id FROM unnest(p_groups) AS w(g) CROSS JOIN LATERAL (
      SELECT k.content_object_id FROM cases_casekey k WHERE k.group_id = w.g LIMIT 4001) x LIMIT 4001);

  IF cardinality(v_mine) <= 4000 THEN
    RETURN QUERY
    WITH hit AS MATERIALIZED (
      SELECT c.id, c.updated_at, (
               SELECT sum(b.best) FROM (
                 SELECT max(t.score) AS best FROM cases_personnametoken pt
                   JOIN unnest(v_tokens, v_of_word, v_scores) AS t(id, word, score) ON t.id = pt.token_id
                  WHERE pt.person_id = c.person_id GROUP BY t.word) b
               HAVING count(*) = cardinality(v_words)) AS score
        FROM cases_case c JOIN cases_person p ON p.id = c.person_id
       WHERE c.id = ANY (v_mine) AND (p_birth IS NULL OR p.birth_date BETWEEN p_birth - 1 AND p_birth + 1))
    SELECT h.id, row_number() OVER (ORDER BY h.score DESC, h.updated_at DESC, h.id)
      FROM hit h WHERE (h.score IS NOT NULL OR cardinality(v_words) = 0)
       AND case_opens(h.id, p_user, p_groups, p_closed, p_must)
     ORDER BY 2 LIMIT p_limit;
  ELSE
    RETURN QUERY
    WITH person AS MATERIALIZED (
      SELECT b.person_id, sum(b.best) AS score FROM (
        SELECT pt.person_id, t.word, max(t.score) AS best
          FROM unnest(v_tokens, v_of_word, v_scores) AS t(id, word, score)
          JOIN cases_personnametoken pt ON pt.token_id = t.id GROUP BY 1, 2) b
       GROUP BY b.person_id HAVING count(*) = cardinality(v_words)
      UNION ALL
      SELECT p.id, 1 FROM cases_person p
       WHERE cardinality(v_words) = 0 AND p.birth_date BETWEEN p_birth - 1 AND p_birth + 1),
    ranked AS (
      SELECT c.id, r.score, c.updated_at FROM person r
        JOIN cases_case c ON c.person_id = r.person_id
        JOIN cases_person p ON p.id = r.person_id
       WHERE p_birth IS NULL OR p.birth_date BETWEEN p_birth - 1 AND p_birth + 1
       ORDER BY r.score DESC, c.updated_at DESC, c.id OFFSET 0)
    SELECT o.id, row_number() OVER () FROM (
      SELECT k.id FROM ranked k WHERE case_opens(k.id, p_user, p_groups, p_closed, p_must) LIMIT p_limit) o;
  END IF;
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
        migrations.RunSQL(SEARCH, "DROP FUNCTION case_search(bigint, int[], int[], int, text[], date, int)"),
    ]
