"""What somebody opened last is read from the trail. The table grows, so its index is built beside the writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("agencies", "0003_preferences")]

    operations = [
        AddIndexConcurrently(
            "read",
            models.Index(fields=["user_id", "-id"], condition=models.Q(action="detail"), name="read_by_person"),
        ),
    ]
