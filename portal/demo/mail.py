"""The e-mails that the file backend wrote, as a mailbox page shows them."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

NEWEST = 200  # files looked at
_BETWEEN = b"\n" + b"-" * 79 + b"\n"  # what the file backend writes between two messages of one connection


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail; `id` is a digest of it, so that no address is guessed into the folder."""

    id: str
    to: str
    sender: str
    subject: str
    sent_at: datetime.datetime
    body: str


def mail_folder() -> Path:
    """Where the demo's e-mails lie."""
    return Path(getattr(settings, "EMAIL_FILE_PATH", ""))


def letters(folder: Path) -> list[Letter]:
    """The e-mails of the newest files, newest first. A file that is no e-mail is passed over."""
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)[:NEWEST]
    found = [
        letter
        for file in files
        for raw in file.read_bytes().replace(b"\r\n", b"\n").split(_BETWEEN)
        if raw.strip() and (letter := _read(raw, file))
    ]
    return sorted(found, key=lambda letter: letter.sent_at, reverse=True)


def _read(raw: bytes, file: Path) -> Letter | None:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    if "Subject" not in message:
        return None
    written = datetime.datetime.fromtimestamp(file.stat().st_mtime, datetime.UTC)
    text = message.get_body(preferencelist=("plain",))
    return Letter(
        id=hashlib.sha256(raw).hexdigest()[:20],
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        sent_at=_zoned(parsedate_to_datetime(str(message["Date"]))) if "Date" in message else written,
        body=text.get_content() if text else "",
    )


def _zoned(moment: datetime.datetime) -> datetime.datetime:
    """The moment with its zone: "-0000", which mail libraries read as no zone, is universal time."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
