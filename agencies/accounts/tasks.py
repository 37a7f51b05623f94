"""What workers do for accounts. Each task calls one service, and may run twice."""

from celery import shared_task

from agencies.accounts import letters
from agencies.accounts.sessions import SessionStore


@shared_task(name="agencies.accounts.tasks.send_letters")
def send_letters() -> None:
    """Send invitations and links for a new password that wait: beat's every few seconds."""
    letters.send_due()


@shared_task(name="agencies.accounts.tasks.forget_ended_sessions")
def forget_ended_sessions() -> None:
    """Delete the sessions that have ended: they open nothing, and need not be kept."""
    SessionStore.clear_expired()
