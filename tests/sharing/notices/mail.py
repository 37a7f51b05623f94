"""A mail server that takes its time and writes down what it saw, so that a worker can be killed in the middle."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class SlowMail(BaseEmailBackend):
    """Notes each message before and after MAIL_SECONDS in the file MAIL_LOG."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Take the messages, slowly."""
        for message in email_messages:
            self._note("began", message)
            time.sleep(float(os.environ["MAIL_SECONDS"]))
            self._note("ended", message)
        return len(email_messages)

    def _note(self, what: str, message: EmailMessage) -> None:
        with Path(os.environ["MAIL_LOG"]).open("a") as log:
            log.write(f"{what} {message.message()['Message-ID']} {message.to[0]}\n")


class BrokenMail(BaseEmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Refuse."""
        raise ConnectionRefusedError
