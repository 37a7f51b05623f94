"""What beat asks of this feature."""

from celery import shared_task

from cases.changes import querysets


@shared_task(name="cases.changes.tasks.forget_changes")
def forget_changes() -> None:
    """Forget changes that no cursor may ask for any more."""
    querysets.forget_old()
