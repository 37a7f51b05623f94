"""An administrator corrects what an account says of its owner: by a function of the tables' owner, as they suspend one."""

from django.db import migrations, models

CORRECT = """
-- Corrects name, title, badge and phone of an account that works for the acting administrator's agency alone. Never the
-- address, which is the name by which its owner signs in.
CREATE FUNCTION directory_correct(p_user bigint, p_name text, p_title text, p_badge text, p_phone text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT directory_vouches(p_user) OR EXISTS (
    SELECT 1 FROM agencies_membership m JOIN agencies_unit n ON n.group_id = m.group_id
     WHERE m.user_id = p_user AND m.starts_at <= access_now() AND m.until > access_now()
       AND n.agency_id <> nullif(current_setting('access.agency', true), '')::bigint)
  THEN
    RAISE insufficient_privilege USING MESSAGE = 'only the agency that alone employs somebody corrects their account';
  END IF;
  UPDATE agencies_user SET name = p_name, title = p_title, badge = p_badge, phone = p_phone
   WHERE id = p_user AND kind = 'person';
  RETURN FOUND;
END $$;

REVOKE ALL ON FUNCTION directory_correct(bigint, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_correct(bigint, text, text, text, text) TO concord_app;
"""


class Migration(migrations.Migration):
    dependencies = [("agencies", "0005_members_and_sessions")]

    operations = [
        migrations.RunSQL(CORRECT, "DROP FUNCTION directory_correct(bigint, text, text, text, text)"),
        migrations.AlterField(
            model_name="accountletter",
            name="kind",
            field=models.CharField(
                choices=[
                    ("invitation", "Invitation"),
                    ("password", "New password"),
                    ("details", "Details corrected"),
                    ("cover", "Cover changed"),
                ],
                max_length=10,
            ),
        ),
    ]
