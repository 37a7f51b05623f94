"""How a person wants pages to look; own_preference() (0005) writes it for whoever acts, and for nobody else."""

from django.db import migrations, models


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
    ]
