"""What a person keeps of the case list."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class SavedFilter(models.Model):
    """A filter of the case list under a name of its owner's. It opens nothing: each use asks the door anew."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    query = models.JSONField(help_text="Parameters of the list, as pairs: tab, status, risk, sort")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint("user", Lower("name"), name="saved_filter_name_once")]
