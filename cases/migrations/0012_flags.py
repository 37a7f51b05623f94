"""Flags behind row security, cautions that officers of the owner set and end, and the hours of a condition.

Whoever may see flags and add to the case sets one, in their own name and their agency's; it is reviewed and ended by that
agency and by whoever may share the case, who are the owner's. Cautions are the owner's alone.
"""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

CAUTIONS, CONTACT_ADD, FLAGS, SHARE = 4, 32, 512, 65536
STANDING = "updated_at, version, review_on, reviewed_by_id, reviewed_on, review_note, ended_by_id, ended_on, end_reason"


def opens(category):
    """Whether the acting person may use the category of the case; looked up once a statement."""
    actor = f"(SELECT case_excluded()), (SELECT access_groups({category})), (SELECT access_closed())"
    return f"case_opens(case_id, {actor}, {category})"


HEARD = "audience IN (0, (SELECT access_side()))"
OWN_AGENCY = "agency_id = (SELECT nullif(current_setting('access.agency', true), '')::bigint)"
OWN_NAME = "set_by_id = (SELECT access_user())"
SEEN = f"{opens(FLAGS)} AND {HEARD}"
MAY_SET = f"{opens(FLAGS | CONTACT_ADD)} AND {HEARD}"
MAY_END = f"{MAY_SET} AND ({OWN_AGENCY} OR {opens(SHARE)})"
OWNERS = opens(CAUTIONS | SHARE)

WALL = f"""
ALTER TABLE cases_flag ENABLE ROW LEVEL SECURITY;
CREATE POLICY door ON cases_flag FOR SELECT TO concord_app USING ({SEEN});
CREATE POLICY door_for_job ON cases_flag FOR SELECT TO concord_job USING ((SELECT access_is_job()) OR ({SEEN}));
CREATE POLICY by_job ON cases_flag TO concord_job
  USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()));
CREATE POLICY add ON cases_flag FOR INSERT TO concord_app WITH CHECK ({MAY_SET} AND {OWN_NAME} AND {OWN_AGENCY});
CREATE POLICY change ON cases_flag FOR UPDATE TO concord_app USING ({MAY_END}) WITH CHECK ({MAY_END});
GRANT SELECT ON cases_flag TO concord_app, concord_job;
GRANT INSERT, UPDATE, DELETE ON cases_flag TO concord_job;
GRANT INSERT, UPDATE ({STANDING}) ON cases_flag TO concord_app;
GRANT USAGE ON SEQUENCE cases_flag_id_seq TO concord_app, concord_job;

CREATE POLICY add ON cases_caution FOR INSERT TO concord_app WITH CHECK ({OWNERS} AND {OWN_NAME});
CREATE POLICY change ON cases_caution FOR UPDATE TO concord_app USING ({OWNERS}) WITH CHECK ({OWNERS});
GRANT INSERT, UPDATE ({STANDING}) ON cases_caution TO concord_app;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('agencies', '0002_clock_and_grants'),
        ('cases', '0011_documents'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Flag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('version', models.PositiveIntegerField(default=1)),
                ('set_on', models.DateField()),
                ('review_on', models.DateField(blank=True, null=True)),
                ('reviewed_on', models.DateField(blank=True, null=True)),
                ('review_note', models.CharField(blank=True, max_length=300)),
                ('ended_on', models.DateField(blank=True, null=True)),
                ('end_reason', models.CharField(blank=True, max_length=300)),
                ('kind', models.CharField(choices=[('sex_offense', 'Sex offense'), ('domestic_violence', 'Domestic violence'), ('stalking', 'Stalking'), ('high_risk_violence', 'High risk of violence'), ('prolific', 'Prolific or persistent offending'), ('child_concern', 'Concern for a child'), ('vulnerable_adult', 'Vulnerable adult'), ('mental_illness', 'Serious mental illness or disability'), ('substance_use', 'Substance use'), ('physical_illness', 'Physical illness or disability'), ('homeless', 'Homeless'), ('veteran', 'Veteran'), ('intensive', 'Intensive supervision'), ('lifetime', 'Lifetime supervision'), ('electronic_monitoring', 'Electronic monitoring')], max_length=30)),
                ('level', models.PositiveSmallIntegerField(choices=[(0, 'Not assessed'), (1, 'Low'), (2, 'Medium'), (3, 'High'), (4, 'Very high')], default=0, help_text='Where the kind has levels')),
                ('basis', models.CharField(choices=[('court', 'Court order or conviction'), ('assessment', 'Assessment'), ('registry', 'Registry'), ('agency_report', 'Report of an agency'), ('self_report', 'Said by the person')], max_length=20)),
                ('evidence', models.CharField(help_text='Order, tool, register or report, with its date', max_length=500)),
                ('audience', models.PositiveSmallIntegerField(choices=[(0, 'Both agencies'), (1, 'Supervision only'), (2, 'Police only')], default=0)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='caution',
            name='end_reason',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='caution',
            name='ended_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='caution',
            name='review_note',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='caution',
            name='reviewed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='caution',
            name='reviewed_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='caution',
            name='set_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='condition',
            name='daily_from',
            field=models.TimeField(blank=True, help_text='Where it binds for some hours of the day alone', null=True),
        ),
        migrations.AddField(
            model_name='condition',
            name='daily_until',
            field=models.TimeField(blank=True, help_text='Earlier than daily_from: past midnight', null=True),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('daily_from__isnull', True), ('daily_until__isnull', True)), models.Q(('daily_from__isnull', False), ('daily_until__isnull', False)), _connector='OR'), name='condition_hours_have_two_ends'),
        ),
        migrations.AddField(
            model_name='flag',
            name='agency',
            field=models.ForeignKey(help_text='The agency that set it', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.agency'),
        ),
        migrations.AddField(
            model_name='flag',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='cases.case'),
        ),
        migrations.AddField(
            model_name='flag',
            name='ended_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='flag',
            name='reviewed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='flag',
            name='set_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['mental_illness', 'physical_illness']), _negated=True), ('audience', 1), _connector='OR'), name='flag_of_health_is_supervisions'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.CheckConstraint(condition=models.Q(('ended_on__isnull', True), models.Q(('end_reason', ''), _negated=True), _connector='OR'), name='flag_ends_for_a_reason'),
        ),
        migrations.RunSQL(
            WALL,
            "DROP POLICY add ON cases_caution; DROP POLICY change ON cases_caution;"
            "REVOKE INSERT, UPDATE ON cases_caution FROM concord_app",
        ),
    ]
