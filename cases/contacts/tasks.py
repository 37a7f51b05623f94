"""What workers do for contacts. Each task calls one service, and may run twice."""

from celery import shared_task

from cases.contacts import services


@shared_task(name="cases.contacts.tasks.sweep_drafts")
def sweep_drafts() -> None:
    """Delete drafts that were left: beat's, once a day."""
    services.sweep_drafts()
