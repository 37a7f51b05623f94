"""How a person wants pages to look. The web role may write it, as it may write the password, and nothing more."""

from django.db import migrations, models

GRANT = "GRANT UPDATE (preferences) ON agencies_user TO concord_app"
REVOKE = "REVOKE UPDATE (preferences) ON agencies_user FROM concord_app"


class Migration(migrations.Migration):
    dependencies = [("agencies", "0002_clock_and_grants")]

    operations = [
        migrations.AddField(
            "user",
            "preferences",
            models.JSONField(default=dict, help_text="How the person wants pages to look, by page; never a right"),
        ),
        # What old code adds while the new shape is already there.
        migrations.RunSQL("ALTER TABLE agencies_user ALTER COLUMN preferences SET DEFAULT '{}'", migrations.RunSQL.noop),
        migrations.RunSQL(GRANT, REVOKE),
    ]
