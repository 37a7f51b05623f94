"""Telling people and systems: from the outbox to inboxes, mail and webhooks, and what people do with what they read."""

from sharing.notices.services.inbox import (
    give_back,
    gives_back_for_others,
    mark_all_done,
    mark_done,
    mark_open,
    mark_read,
    take,
    undo,
)
from sharing.notices.services.mailing import send_mail, send_mails_due
from sharing.notices.services.messaging import send_messages, send_messages_due
from sharing.notices.services.preferences import Times, Wish, save_preferences
from sharing.notices.services.relay import relay_pending

__all__ = [
    "Times",
    "Wish",
    "give_back",
    "gives_back_for_others",
    "mark_all_done",
    "mark_done",
    "mark_open",
    "mark_read",
    "relay_pending",
    "save_preferences",
    "send_mail",
    "send_mails_due",
    "send_messages",
    "send_messages_due",
    "take",
    "undo",
]
