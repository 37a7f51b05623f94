"""Documents: the table, its row security, and the three functions by which the worker scans and tidies up.

The worker is no job that sees all rows: it learns of a file that waits its number and its place, and nothing else.
"""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

DOCUMENTS, SHARE = 32768, 65536


def opens(category: int) -> str:
    """That the actor's keys open the category of the document's case."""
    return (
        f"case_opens(case_id, (SELECT case_excluded()), (SELECT access_groups({category})), (SELECT access_closed()),"
        f" {category})"
    )


WALL = f"""
ALTER TABLE cases_document ENABLE ROW LEVEL SECURITY;
CREATE POLICY door ON cases_document FOR SELECT TO concord_app USING ({opens(DOCUMENTS)});
CREATE POLICY door_for_job ON cases_document FOR SELECT TO concord_job
  USING ((SELECT access_is_job()) OR ({opens(DOCUMENTS)}));
CREATE POLICY by_job ON cases_document TO concord_job
  USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()));
-- Added in one's own name, and never as scanned.
CREATE POLICY add ON cases_document FOR INSERT TO concord_app
  WITH CHECK ({opens(DOCUMENTS)} AND added_by_id = (SELECT access_user()) AND (scan_state = 'waiting' OR scan_state = 'unscanned')
              AND added_by_agency_id = nullif(current_setting('access.agency', true), '')::bigint
              AND withdrawn_at IS NULL);
-- Withdrawn once and for all, in one's own name, by the agency that added it or whoever may share the case.
CREATE POLICY withdraw ON cases_document FOR UPDATE TO concord_app
  USING (withdrawn_at IS NULL AND {opens(DOCUMENTS)}
         AND (added_by_agency_id = nullif(current_setting('access.agency', true), '')::bigint OR {opens(SHARE)}))
  WITH CHECK (withdrawn_at IS NOT NULL AND withdrawn_by_id = (SELECT access_user()));
GRANT SELECT, INSERT ON cases_document TO concord_app, concord_job;
GRANT UPDATE (withdrawn_at, withdrawn_by_id, withdraw_reason, version, updated_at) ON cases_document TO concord_app;
GRANT USAGE ON SEQUENCE cases_document_id_seq TO concord_app, concord_job;
"""

WORKER = """
-- Files that wait for the scan, oldest first.
CREATE FUNCTION documents_waiting() RETURNS TABLE (id bigint, stored_as varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.id, d.stored_as FROM cases_document d WHERE d.scan_state = 'waiting' ORDER BY d.id LIMIT 1000
$$;

-- Writes a verdict on a file that waits; what the trail says of it comes back, and nothing where there was a verdict.
CREATE FUNCTION document_scanned(p_id bigint, p_state text)
RETURNS TABLE (document uuid, record uuid, agency bigint, agency_name varchar)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF p_state NOT IN ('clean', 'refused') THEN
    RAISE EXCEPTION '% is no verdict', p_state USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
  UPDATE cases_document d SET scan_state = p_state, scanned_at = access_now(), version = d.version + 1
    FROM cases_case c, agencies_agency a
   WHERE d.id = p_id AND d.scan_state = 'waiting' AND c.id = d.case_id AND a.id = c.agency_id
  RETURNING d.uuid, c.uuid, a.id, a.name;
END $$;

-- Which of these names a row tells of.
CREATE FUNCTION documents_stored(p_names text[]) RETURNS SETOF varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.stored_as FROM cases_document d WHERE d.stored_as = ANY (p_names)
$$;
REVOKE ALL ON FUNCTION documents_waiting(), document_scanned(bigint, text), documents_stored(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION documents_waiting(), document_scanned(bigint, text), documents_stored(text[]) TO concord_job;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('agencies', '0002_clock_and_grants'),
        ('cases', '0010_lists'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('version', models.PositiveIntegerField(default=1)),
                ('title', models.CharField(max_length=160)),
                ('kind', models.CharField(choices=[('order', 'Court order'), ('conditions', 'Signed conditions'), ('report', 'Report'), ('letter', 'Letter'), ('proof', 'Proof of work, address or attendance'), ('photo', 'Photo'), ('other', 'Other')], default='other', max_length=20)),
                ('file_name', models.CharField(help_text='As it is called when somebody downloads it', max_length=120)),
                ('file_type', models.CharField(choices=[('pdf', 'PDF'), ('png', 'PNG image'), ('jpeg', 'JPEG image'), ('gif', 'GIF image'), ('webp', 'WebP image'), ('tiff', 'TIFF image'), ('docx', 'Word document'), ('xlsx', 'Excel workbook'), ('pptx', 'PowerPoint slides'), ('odt', 'OpenDocument text'), ('ods', 'OpenDocument spreadsheet'), ('odp', 'OpenDocument slides'), ('rtf', 'Rich text'), ('txt', 'Text'), ('csv', 'Table as text')], max_length=10)),
                ('size', models.PositiveIntegerField(help_text='Bytes')),
                ('digest', models.CharField(help_text='SHA-256 of the file', max_length=64)),
                ('stored_as', models.CharField(max_length=80, unique=True)),
                ('scan_state', models.CharField(choices=[('waiting', 'Waiting for the virus scan'), ('clean', 'Scanned, no virus found'), ('refused', 'Refused by the virus scan'), ('unscanned', 'Not scanned: no scanner configured')], max_length=10)),
                ('scanned_at', models.DateTimeField(blank=True, null=True)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('withdraw_reason', models.CharField(blank=True, max_length=300)),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('added_by_agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.agency')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('withdrawn_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['case', '-id'], name='document_of_case'), models.Index(condition=models.Q(('scan_state', 'waiting')), fields=['id'], name='document_waiting')],
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
        migrations.RunSQL(
            WORKER,
            "DROP FUNCTION documents_stored(text[]); DROP FUNCTION document_scanned(bigint, text);"
            "DROP FUNCTION documents_waiting()",
        ),
    ]
