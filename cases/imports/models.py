"""What an import of an agency's extract did."""

import uuid

from django.db import models
from django.utils import timezone


class ImportRun(models.Model):
    """One run over one file: what it was, how far it came, what it changed. Holds counts, never rows."""

    class Mode(models.TextChoices):
        FULL = "full", "Full extract"
        DELTA = "delta", "Changes only"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        FAILED = "failed", "Failed"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=5, choices=Mode.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    rows_read = models.PositiveIntegerField(default=0)
    rows_created = models.PositiveIntegerField(default=0)
    rows_updated = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    rows_unconfirmed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
