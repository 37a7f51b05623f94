"""What beat asks of this feature."""

from celery import shared_task

from sharing.access import once


@shared_task(name="sharing.access.tasks.forget_answers")
def forget_answers() -> None:
    """Forget the answers of POSTs whose day is over."""
    once.forget_expired()
