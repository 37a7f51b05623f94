"""What workers do for the news. Each task takes numbers only, calls one service, and may run twice."""

from celery import shared_task

from sharing.notices import services


@shared_task(name="sharing.notices.tasks.relay")
def relay() -> None:
    """Tell of everything in the outbox: the nudge after a commit."""
    services.relay_pending()


@shared_task(name="sharing.notices.tasks.sweep")
def sweep() -> None:
    """Do what a nudge that got lost, a dead worker or a failed attempt left behind: beat's every five seconds."""
    services.sweep()


@shared_task(name="sharing.notices.tasks.send_mail")
def send_mail(delivery_id: int) -> None:
    """Send one e-mail, if it still waits and its recipient is still entitled."""
    services.send(delivery_id)
