"""Contacts with their versions, and drafts; and the wall around them.

A contact is seen by whoever may read contacts and is of its audience, by whoever may read treatment where it is for
treatment staff (3), and by its author. It is written in the author's name alone; corrected by the agency that recorded
it, in the columns that a correction may touch. A draft is its owner's, and the job may delete old ones without reading.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


CONTACT_VIEW, CONTACT_ADD, TREATMENT, TREATMENT_ONLY = 16, 32, 8192, 3


def opens(category: int) -> str:
    """The rule for the row's case; what it needs to know of the actor is looked up once a statement."""
    actor = f"(SELECT case_excluded()), (SELECT access_groups({category})), (SELECT access_closed())"
    return f"case_opens(case_id, {actor}, {category})"


SEEN = f"""((audience IN (0, (SELECT access_side())) AND {opens(CONTACT_VIEW)})
    OR (audience = {TREATMENT_ONLY} AND {opens(CONTACT_VIEW | TREATMENT)})
    OR (author_id = (SELECT access_user()) AND author_agency_id = (SELECT access_agency()) AND {opens(CONTACT_ADD)}))"""

# Only for an audience of which one is, or for treatment; a provider's is for treatment whatever it says.
FITTING = f"""(audience = {TREATMENT_ONLY}
    OR (audience IN (0, (SELECT access_side()))
        AND NOT EXISTS (SELECT 1 FROM agencies_agency a
                         WHERE a.id = author_agency_id AND a.kind = 'treatment_provider')))"""
OURS = f"author_agency_id = (SELECT access_agency()) AND {opens(CONTACT_ADD)}"
MINE = "(user_id = (SELECT access_user()) AND agency_id = (SELECT access_agency()))"


def wall() -> str:
    """Every statement of the wall."""
    statements = []
    for table in ("cases_contact", "cases_contactversion"):
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY door ON {table} FOR SELECT TO concord_app USING ({SEEN})",
            f"CREATE POLICY door_for_job ON {table} FOR SELECT TO concord_job"
            f" USING ((SELECT access_is_job()) OR {SEEN})",
            f"CREATE POLICY by_job ON {table} TO concord_job"
            " USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()))",
            f"GRANT SELECT ON {table} TO concord_app, concord_job",
            f"GRANT INSERT ON {table} TO concord_app",
            f"GRANT INSERT, UPDATE, DELETE ON {table} TO concord_job",
        ]
    statements += [
        "CREATE POLICY add ON cases_contact FOR INSERT TO concord_app"
        f" WITH CHECK (author_id = (SELECT access_user()) AND {OURS} AND {FITTING} AND withdrawn_at IS NULL)",
        "CREATE POLICY change ON cases_contact FOR UPDATE TO concord_app"
        f" USING ({OURS}) WITH CHECK (changed_by_id = (SELECT access_user()) AND {OURS} AND {FITTING})",
        "GRANT UPDATE (kind, occurred_at, timed, location, place, outcome, note, audience, version, updated_at,"
        " changed_by_id, withdrawn_at, withdrawn_by_id, withdraw_reason) ON cases_contact TO concord_app",
        "CREATE POLICY add ON cases_contactversion FOR INSERT TO concord_app"
        f" WITH CHECK (changed_by_id = (SELECT access_user()) AND {OURS} AND {FITTING})",
        # A version and its contact cannot disagree on whose they are.
        "ALTER TABLE cases_contact ADD CONSTRAINT contact_of_case UNIQUE (id, case_id, author_id, author_agency_id)",
        "ALTER TABLE cases_contactversion ADD CONSTRAINT version_of_its_contact"
        " FOREIGN KEY (contact_id, case_id, author_id, author_agency_id)"
        " REFERENCES cases_contact (id, case_id, author_id, author_agency_id)",
        "ALTER TABLE cases_draft ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY own ON cases_draft TO concord_app USING {MINE} WITH CHECK {MINE}",
        "GRANT SELECT, INSERT, DELETE, UPDATE (values, updated_at) ON cases_draft TO concord_app",
        "CREATE POLICY sweep ON cases_draft TO concord_job USING (updated_at < access_now() - interval '1 day')",
        "GRANT SELECT (id, updated_at), DELETE ON cases_draft TO concord_job",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job",
    ]
    return ";\n".join(statements)


class Migration(migrations.Migration):

    dependencies = [
        ('agencies', '0002_clock_and_grants'),
        ('cases', '0015_appointments'),
        ('sharing', '0005_inbox_and_connections'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('version', models.PositiveIntegerField(default=1)),
                ('audience', models.PositiveSmallIntegerField(choices=[(0, 'Both agencies'), (1, 'Supervision only'), (2, 'Police only'), (3, 'Treatment staff only')], default=0)),
                ('kind', models.PositiveSmallIntegerField(choices=[(1, 'Home visit'), (2, 'Office visit'), (3, 'Visit at work'), (4, 'Field visit'), (5, 'Phone call'), (6, 'Video call'), (7, 'Message or letter'), (8, 'Talk with others'), (9, 'Joint visit'), (20, 'Field interview'), (21, 'Pedestrian stop'), (22, 'Traffic stop'), (23, 'Call for service'), (24, 'Welfare check'), (25, 'Mental health crisis'), (26, 'Positive contact'), (27, 'Registration check'), (28, 'Citation'), (29, 'Arrest'), (30, 'Warrant service'), (40, 'Session'), (99, 'Other')])),
                ('occurred_at', models.DateTimeField()),
                ('timed', models.BooleanField(default=True, help_text='False where only the day is known')),
                ('location', models.PositiveSmallIntegerField(choices=[(0, 'Not stated'), (1, 'At home'), (2, 'In the field'), (3, 'Supervision office'), (4, 'At work'), (5, 'Court'), (6, 'Jail'), (7, 'Treatment provider'), (8, 'Police station')], default=0)),
                ('place', models.CharField(blank=True, help_text='Where, in words', max_length=120)),
                ('outcome', models.PositiveSmallIntegerField(choices=[(0, 'Not stated'), (1, 'Took place'), (2, 'Not reached'), (3, 'Complied'), (4, 'Did not comply'), (5, 'Did not come'), (6, 'No action needed'), (7, 'Concern noted')], default=0)),
                ('note', models.CharField(blank=True, max_length=12000)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('withdraw_reason', models.CharField(blank=True, max_length=300)),
                ('author', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('author_agency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.agency')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case')),
                ('changed_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ContactVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audience', models.PositiveSmallIntegerField(choices=[(0, 'Both agencies'), (1, 'Supervision only'), (2, 'Police only'), (3, 'Treatment staff only')])),
                ('version', models.PositiveIntegerField()),
                ('values', models.JSONField()),
                ('changed_fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), default=list, size=None)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('author', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('author_agency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.agency')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('changed_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='cases.contact')),
            ],
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form', models.CharField(help_text='Which form: contact', max_length=30)),
                ('record_id', models.UUIDField()),
                ('values', models.JSONField()),
                ('updated_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('agency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agencies.agency')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['case', '-occurred_at', '-id'], name='contact_latest'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdraw_reason', ''), ('withdrawn_at__isnull', True), ('withdrawn_by__isnull', True)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False), models.Q(('withdraw_reason', ''), _negated=True)), _connector='OR'), name='contact_withdrawn_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='contactversion',
            constraint=models.UniqueConstraint(fields=('contact', 'version'), name='contact_version_once'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(fields=('user', 'agency', 'form', 'record_id'), name='draft_once'),
        ),
        migrations.RunSQL(wall(), migrations.RunSQL.noop),
    ]
