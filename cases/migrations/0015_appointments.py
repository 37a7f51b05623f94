"""Appointments, and who may see, make and change them: see 0006_second_wall for the manner of the policies."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

CONTACT_VIEW, CONTACT_ADD = 16, 32
EDIT = CONTACT_VIEW | CONTACT_ADD


def opens(category: int) -> str:
    """A policy's condition: the case opens the category to the actor, and the appointment is not the other side's."""
    return (
        f"case_opens(case_id, (SELECT case_excluded()), (SELECT access_groups({category})), (SELECT access_closed()),"
        f" {category}) AND audience IN (0, (SELECT access_side()))"
    )


# An appointment is changed by the agency that made it, and moved by making another: when it is, nobody updates.
OWN = f"{opens(EDIT)} AND agency_id = (SELECT nullif(current_setting('access.agency', true), '')::bigint)"
WALL = f"""
ALTER TABLE cases_appointment ENABLE ROW LEVEL SECURITY;
CREATE POLICY door ON cases_appointment FOR SELECT TO concord_app USING ({opens(CONTACT_VIEW)});
CREATE POLICY door_for_job ON cases_appointment FOR SELECT TO concord_job
  USING ((SELECT access_is_job()) OR ({opens(CONTACT_VIEW)}));
CREATE POLICY by_job ON cases_appointment TO concord_job
  USING ((SELECT access_is_job())) WITH CHECK ((SELECT access_is_job()));
CREATE POLICY add ON cases_appointment FOR INSERT TO concord_app
  WITH CHECK ({OWN} AND made_by_id = (SELECT access_user()));
CREATE POLICY change ON cases_appointment FOR UPDATE TO concord_app USING ({OWN}) WITH CHECK ({OWN});
GRANT SELECT, INSERT ON cases_appointment TO concord_app;
GRANT UPDATE (kind, minutes, officer_id, place, purpose, others, audience, outcome, outcome_at, outcome_by_id, note,
              updated_at, version) ON cases_appointment TO concord_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON cases_appointment TO concord_job;
GRANT USAGE ON SEQUENCE cases_appointment_id_seq TO concord_app, concord_job;
-- One appointment takes the place of another of the same case, so that one predicate on case_id is enough for both.
ALTER TABLE cases_appointment ADD CONSTRAINT appointment_of_case UNIQUE (id, case_id);
ALTER TABLE cases_appointment ADD CONSTRAINT appointment_replaces_its_own
  FOREIGN KEY (replaces_id, case_id) REFERENCES cases_appointment (id, case_id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0002_clock_and_grants"),
        ("cases", "0014_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Appointment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("office", "Office visit"),
                            ("home", "Home visit"),
                            ("field", "Field visit"),
                            ("work", "Visit at work"),
                            ("court", "Court date"),
                            ("program", "Program session"),
                            ("community_service", "Community service"),
                            ("drug_test", "Drug test"),
                            ("phone", "Phone call"),
                            ("video", "Video call"),
                        ],
                        default="office",
                        max_length=20,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="How long it is to take",
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(720),
                        ],
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=160)),
                ("purpose", models.CharField(blank=True, max_length=200)),
                (
                    "others",
                    models.CharField(
                        blank=True, help_text="Who comes besides them and has no account here", max_length=160
                    ),
                ),
                (
                    "audience",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Both agencies"), (1, "Supervision only"), (2, "Police only")], default=0
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("attended_complied", "Attended and complied"),
                            ("attended_not_complied", "Attended, did not comply"),
                            ("absent_acceptable", "Absent, acceptable reason"),
                            ("absent_unacceptable", "Absent, no acceptable reason"),
                            ("rescheduled", "Rescheduled"),
                            ("canceled", "Canceled"),
                        ],
                        max_length=30,
                    ),
                ),
                ("outcome_at", models.DateTimeField(blank=True, null=True)),
                (
                    "note",
                    models.TextField(
                        blank=True,
                        help_text="What happened, or why it moved or was canceled",
                        validators=[django.core.validators.MaxLengthValidator(4000)],
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.agency",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="cases.case"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Who meets the person, and in whose calendar it stands",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "outcome_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        help_text="The appointment whose place this one took",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="cases.appointment",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["officer", "starts_at"], name="appointment_of_officer"),
                    models.Index(
                        condition=models.Q(("outcome", "")),
                        fields=["officer", "starts_at"],
                        name="appointment_without_outcome",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("outcome_at", None), ("outcome_by", None)),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True),
                                ("outcome_at__isnull", False),
                                ("outcome_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="appointment_outcome_is_whole",
                    )
                ],
            },
        ),
        migrations.RunSQL(WALL, migrations.RunSQL.noop),
    ]
