"""An event that fails waits its turn, and the outbox is closed to those whom its events do not concern."""

import django.utils.timezone
from django.db import migrations, models

# Whoever acted and whoever was told may read an event; the web role adds only its own actor's. Relay and importer see all.
OUTBOX_POLICIES = """
ALTER TABLE sharing_outboxevent ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_acts ON sharing_outboxevent FOR INSERT TO concord_app
  WITH CHECK (actor_id = (SELECT access_user()) AND relayed_at IS NULL);
CREATE POLICY told ON sharing_outboxevent FOR SELECT TO concord_app
  USING (actor_id = (SELECT access_user())
         OR EXISTS (SELECT 1 FROM sharing_inboxitem i
                     WHERE i.event_id = sharing_outboxevent.id AND i.user_id = (SELECT access_user())));
CREATE POLICY relay ON sharing_outboxevent TO concord_job USING (true) WITH CHECK (true);
"""


class Migration(migrations.Migration):
    dependencies = [("sharing", "0002_context_and_grants")]

    operations = [
        migrations.AddField(
            model_name="outboxevent",
            name="next_attempt_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.RemoveIndex(model_name="outboxevent", name="outbox_pending"),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(
                fields=["next_attempt_at"], condition=models.Q(relayed_at__isnull=True), name="outbox_pending"
            ),
        ),
        migrations.RunSQL(
            OUTBOX_POLICIES,
            "DROP POLICY relay ON sharing_outboxevent; DROP POLICY told ON sharing_outboxevent;"
            "DROP POLICY own_acts ON sharing_outboxevent; ALTER TABLE sharing_outboxevent DISABLE ROW LEVEL SECURITY",
        ),
    ]
