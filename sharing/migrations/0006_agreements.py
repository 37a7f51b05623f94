"""Agreements as they are drafted, proposed, signed and stopped; and the database's own rules about them.

Drafts are their maker's alone. What is proposed or signed is its parties'. Only administrators write, terms change only
until they are proposed, and a version comes into force by its last party's signature and in no other way.
"""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

SEEN = """
-- Whether whoever acts may know of an agreement: its maker, and once it is proposed every party.
CREATE FUNCTION agreement_seen(p_agreement bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM sharing_agreement a
     WHERE a.id = p_agreement
       AND (a.made_by_id = access_agency()
            OR EXISTS (SELECT 1 FROM sharing_agreementparty p WHERE p.agreement_id = a.id AND p.agency_id = access_agency())
               AND (a.signed_at IS NOT NULL
                    OR EXISTS (SELECT 1 FROM sharing_agreementversion v
                                WHERE v.agreement_id = a.id AND v.proposed_at IS NOT NULL))));
END $$;
-- Whether a version is a draft of the agency that acts, whose administrator asks.
CREATE FUNCTION agreement_drafted(p_version bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN access_administers() AND EXISTS (
    SELECT 1 FROM sharing_agreementversion v
     WHERE v.id = p_version AND v.made_by_id = access_agency() AND v.proposed_at IS NULL);
END $$;
REVOKE ALL ON FUNCTION agreement_seen(bigint), agreement_drafted(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION agreement_seen(bigint), agreement_drafted(bigint) TO concord_app, concord_job;
"""

# The signature, and with the last one the version in force: start and end of the agreement are the version's days,
# where the agency that drafted it is.
SIGN = """
CREATE FUNCTION agreement_sign(p_version bigint, p_capacity text, p_digest text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v sharing_agreementversion;
  v_zone text;
BEGIN
  SELECT * INTO v FROM sharing_agreementversion WHERE id = p_version FOR UPDATE;
  IF NOT access_administers() OR v.id IS NULL OR v.proposed_at IS NULL OR v.signed_at IS NOT NULL
     OR NOT EXISTS (SELECT 1 FROM sharing_agreementparty p
                     WHERE p.agreement_id = v.agreement_id AND p.agency_id = access_agency()) THEN
    RAISE EXCEPTION 'only an administrator of a party signs, and what was proposed' USING ERRCODE = '42501';
  END IF;
  INSERT INTO sharing_signature (version_id, agency_id, user_id, capacity, signed_at, digest)
  VALUES (v.id, access_agency(), access_user(), p_capacity, access_now(), p_digest)
  ON CONFLICT DO NOTHING;
  IF EXISTS (SELECT 1 FROM sharing_agreementparty p WHERE p.agreement_id = v.agreement_id
                AND NOT EXISTS (SELECT 1 FROM sharing_signature s
                                 WHERE s.version_id = v.id AND s.agency_id = p.agency_id AND s.digest = p_digest)) THEN
    RETURN false;
  END IF;
  SELECT time_zone INTO v_zone FROM agencies_agency WHERE id = v.made_by_id;
  UPDATE sharing_agreementversion SET signed_at = access_now() WHERE id = v.id;
  UPDATE sharing_agreement
     SET signed_at = coalesce(signed_at, access_now()),
         starts_at = CASE WHEN signed_at IS NULL THEN v.starts_on::timestamp AT TIME ZONE v_zone ELSE starts_at END,
         ends_at = (v.ends_on + 1)::timestamp AT TIME ZONE v_zone
   WHERE id = v.agreement_id;
  RETURN true;
END $$;
-- What was proposed goes back to its writer, whom alone it then concerns.
CREATE FUNCTION agreement_send_back(p_version bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT access_administers() OR NOT EXISTS (
       SELECT 1 FROM sharing_agreementversion v JOIN sharing_agreementparty p ON p.agreement_id = v.agreement_id
        WHERE v.id = p_version AND v.proposed_at IS NOT NULL AND v.signed_at IS NULL AND p.agency_id = access_agency())
  THEN
    RAISE EXCEPTION 'only an administrator of a party sends back what was proposed' USING ERRCODE = '42501';
  END IF;
  DELETE FROM sharing_signature WHERE version_id = p_version;
  UPDATE sharing_agreementversion SET proposed_at = NULL, revision = revision + 1 WHERE id = p_version;
END $$;
REVOKE ALL ON FUNCTION agreement_sign(bigint, text, text), agreement_send_back(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION agreement_sign(bigint, text, text), agreement_send_back(bigint) TO concord_app;
"""

WALL = """
ALTER TABLE sharing_agreement ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_agreement FOR SELECT TO concord_app
  USING (made_by_id = (SELECT access_agency()) OR agreement_seen(id));
CREATE POLICY draft ON sharing_agreement FOR INSERT TO concord_app
  WITH CHECK (access_administers() AND made_by_id = (SELECT access_agency()) AND signed_at IS NULL);
CREATE POLICY change ON sharing_agreement FOR UPDATE TO concord_app
  USING (access_administers() AND agreement_seen(id)) WITH CHECK (access_administers() AND agreement_seen(id));
CREATE POLICY by_job ON sharing_agreement TO concord_job USING (true) WITH CHECK (true);
GRANT INSERT ON sharing_agreement TO concord_app;
GRANT UPDATE (title, kind, joinable, suspended_at, ended_at, stopped_by_id, stop_reason) ON sharing_agreement
  TO concord_app;

ALTER TABLE sharing_agreementparty ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_agreementparty FOR SELECT TO concord_app USING (agreement_seen(agreement_id));
CREATE POLICY draft ON sharing_agreementparty TO concord_app
  USING (access_administers() AND EXISTS (SELECT 1 FROM sharing_agreement a
          WHERE a.id = agreement_id AND a.signed_at IS NULL AND a.made_by_id = (SELECT access_agency())))
  WITH CHECK (access_administers() AND EXISTS (SELECT 1 FROM sharing_agreement a
          WHERE a.id = agreement_id AND a.signed_at IS NULL AND a.made_by_id = (SELECT access_agency())));
CREATE POLICY by_job ON sharing_agreementparty TO concord_job USING (true) WITH CHECK (true);
GRANT INSERT, DELETE ON sharing_agreementparty TO concord_app;

ALTER TABLE sharing_agreementversion ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_agreementversion FOR SELECT TO concord_app
  USING (made_by_id = (SELECT access_agency()) OR proposed_at IS NOT NULL AND agreement_seen(agreement_id));
CREATE POLICY draft ON sharing_agreementversion FOR INSERT TO concord_app
  WITH CHECK (access_administers() AND made_by_id = (SELECT access_agency()) AND agreement_seen(agreement_id)
              AND proposed_at IS NULL AND signed_at IS NULL);
CREATE POLICY change ON sharing_agreementversion FOR UPDATE TO concord_app
  USING (access_administers() AND made_by_id = (SELECT access_agency()) AND proposed_at IS NULL)
  WITH CHECK (made_by_id = (SELECT access_agency()) AND signed_at IS NULL);
CREATE POLICY by_job ON sharing_agreementversion TO concord_job USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON sharing_agreementversion, sharing_allowance, sharing_signature TO concord_job;
GRANT SELECT, INSERT ON sharing_agreementversion TO concord_app;
GRANT UPDATE (purposes, legal_authority, text, onward, max_days, two_sided, response_hours, retention_days, starts_on,
              ends_on, review_on, proposed_at, revision) ON sharing_agreementversion TO concord_app;

ALTER TABLE sharing_allowance ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_allowance FOR SELECT TO concord_app
  USING (EXISTS (SELECT 1 FROM sharing_agreementversion v WHERE v.id = version_id));
CREATE POLICY draft ON sharing_allowance FOR INSERT TO concord_app WITH CHECK (agreement_drafted(version_id));
CREATE POLICY remove ON sharing_allowance FOR DELETE TO concord_app USING (agreement_drafted(version_id));
CREATE POLICY by_job ON sharing_allowance TO concord_job USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON sharing_allowance TO concord_app;

ALTER TABLE sharing_signature ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON sharing_signature FOR SELECT TO concord_app
  USING (EXISTS (SELECT 1 FROM sharing_agreementversion v WHERE v.id = version_id));
CREATE POLICY by_job ON sharing_signature TO concord_job USING (true) WITH CHECK (true);
GRANT SELECT ON sharing_signature TO concord_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO concord_app, concord_job;
"""

UNWALL = (
    "".join(
        f"DROP POLICY IF EXISTS {policy} ON sharing_{table}; "
        for table in ("agreement", "agreementparty", "agreementversion", "allowance", "signature")
        for policy in ("seen", "draft", "change", "remove", "withdraw", "by_job")
    )
    + "ALTER TABLE sharing_agreement DISABLE ROW LEVEL SECURITY; ALTER TABLE sharing_agreementparty DISABLE ROW LEVEL SECURITY"
)


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0006_correcting_members"),
        ("sharing", "0005_inbox_and_connections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="joinable",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Others may join by their own signature alone"
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("information", "Information sharing"),
                    ("joint_visits", "Joint visits"),
                    ("deterrence", "Focused deterrence"),
                    ("referral", "Treatment referral"),
                    ("status_circle", "State-wide status circle"),
                ],
                db_default="information",
                default="information",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="made_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Who drafted it; until it is proposed nobody else sees it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agencies.agency",
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="signed_at",
            field=models.DateTimeField(
                blank=True,
                db_default=django.db.models.functions.datetime.Now(),
                default=django.utils.timezone.now,
                help_text="None until all have signed",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="stop_reason",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Why it was suspended or ended", max_length=300
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="stopped_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Who suspended it, and alone takes that back; or who ended it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agencies.agency",
            ),
        ),
        migrations.AddField(
            model_name="agreementparty",
            name="liaison",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Whom the other parties may ask about it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="AgreementVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("number", models.PositiveSmallIntegerField(default=1)),
                (
                    "purposes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None),
                ),
                (
                    "legal_authority",
                    models.TextField(
                        help_text="The statutes and orders that let the parties share",
                        validators=[django.core.validators.MaxLengthValidator(2000)],
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        help_text="What the parties agree to, in words",
                        validators=[django.core.validators.MaxLengthValidator(20000)],
                    ),
                ),
                (
                    "onward",
                    models.CharField(
                        choices=[
                            ("never", "Never"),
                            ("ask", "Only when the owning agency has said yes"),
                            ("law", "Only where the law requires it, and the owning agency is told"),
                        ],
                        default="never",
                        max_length=10,
                    ),
                ),
                (
                    "max_days",
                    models.PositiveSmallIntegerField(
                        default=365,
                        help_text="Longest single access",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                    ),
                ),
                (
                    "two_sided",
                    models.BooleanField(default=False, help_text="An access request needs a yes of both sides"),
                ),
                (
                    "response_hours",
                    models.PositiveSmallIntegerField(
                        default=48,
                        help_text="To answer a request",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(720),
                        ],
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveSmallIntegerField(
                        default=365,
                        help_text="How long a receiver may keep what it took out",
                        validators=[django.core.validators.MaxValueValidator(3650)],
                    ),
                ),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(help_text="The last day")),
                (
                    "review_on",
                    models.DateField(
                        help_text="By when the parties look at it again; at most three years from its start"
                    ),
                ),
                ("proposed_at", models.DateTimeField(blank=True, null=True)),
                ("signed_at", models.DateTimeField(blank=True, help_text="When the last party signed", null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "revision",
                    models.PositiveIntegerField(default=1, help_text="Counts the changes of a draft: see If-Match"),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="sharing.agreement"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Who drafted it",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.agency",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Allowance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "receiver_kind",
                    models.CharField(
                        choices=[
                            ("municipal_police", "Municipal police"),
                            ("sheriff", "Sheriff"),
                            ("state_police", "State police"),
                            ("campus_police", "Campus police"),
                            ("tribal_police", "Tribal police"),
                            ("probation_adult", "Adult probation"),
                            ("probation_juvenile", "Juvenile probation"),
                            ("parole", "Parole"),
                            ("pretrial", "Pretrial services"),
                            ("corrections", "Department of corrections"),
                            ("prosecutor", "Prosecutor"),
                            ("court", "Court"),
                            ("fusion_center", "Fusion center"),
                            ("treatment_provider", "Treatment provider"),
                            ("community_organization", "Community organization"),
                            ("federal", "Federal agency"),
                        ],
                        max_length=30,
                    ),
                ),
                ("bundle", models.CharField(max_length=20)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="allowances",
                        to="sharing.agreementversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capacity", models.CharField(help_text="As what they sign: Chief Probation Officer", max_length=120)),
                ("signed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("digest", models.CharField(help_text="SHA-256 of the terms: see digest_of()", max_length=64)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="sharing.agreementversion",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.UniqueConstraint(fields=("agreement", "number"), name="agreement_version_once"),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on")), ("review_on__gte", models.F("starts_on"))),
                name="agreement_version_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("signed_at__isnull", True), ("proposed_at__isnull", False), _connector="OR"),
                name="agreement_version_proposed_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="allowance",
            constraint=models.UniqueConstraint(
                fields=("version", "receiver_kind", "bundle"), name="agreement_allowance_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(fields=("version", "agency"), name="agreement_signed_once"),
        ),
        migrations.RunSQL(SEEN, "DROP FUNCTION agreement_seen(bigint); DROP FUNCTION agreement_drafted(bigint)"),
        migrations.RunSQL(SIGN, "DROP FUNCTION agreement_sign(bigint, text, text); DROP FUNCTION agreement_send_back(bigint)"),
        migrations.RunSQL(WALL, UNWALL),
    ]
