"""What workers do for the news. Each task takes numbers only, calls one service, and may run twice.

Those that talk to the outside world have a queue of their own (`outgoing`, see CELERY_TASK_ROUTES), so that no slow
server out there delays an inbox.
"""

from celery import shared_task

from sharing.notices import services


@shared_task(name="sharing.notices.tasks.relay")
def relay() -> None:
    """Tell of everything in the outbox: the nudge after a commit."""
    services.relay_pending()


@shared_task(name="sharing.notices.tasks.sweep")
def sweep() -> None:
    """Tell of what a nudge that got lost, a dead worker or a failed attempt left behind: beat's every five seconds."""
    services.relay_pending()


@shared_task(name="sharing.notices.tasks.send_mail")
def send_mail(delivery_id: int) -> None:
    """Send one e-mail, if it still waits and its recipient is still entitled."""
    services.send_mail(delivery_id)


@shared_task(name="sharing.notices.tasks.send_messages")
def send_messages(webhook_id: int) -> None:
    """Send what waits for one webhook."""
    services.send_messages(webhook_id)


@shared_task(name="sharing.notices.tasks.sweep_mail")
def sweep_mail() -> None:
    """Send every e-mail and daily summary that is due: beat's every five seconds."""
    services.send_mails_due()


@shared_task(name="sharing.notices.tasks.sweep_messages")
def sweep_messages() -> None:
    """Send every message to a webhook that is due: beat's every five seconds."""
    services.send_messages_due()
