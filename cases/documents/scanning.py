"""The virus scanner, if there is one: ClamAV's daemon, asked over its socket.

Another scanner is another class with scan(). See clamd(8) for INSTREAM.
"""

from __future__ import annotations

import socket
import struct
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from django.conf import settings

BLOCK = 1 << 16  # bytes
PATIENCE = 60.0  # seconds


class ScannerAway(RuntimeError):
    """The scanner cannot be asked, or gave no verdict: the file goes on waiting."""


class Scanner(Protocol):
    """What looks for viruses."""

    def scan(self, file: BinaryIO) -> bool:
        """Whether the file is clean. Raises ScannerAway."""
        ...


class Clamd:
    """ClamAV at tcp://host:port or unix:///path/to/socket."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)

    def scan(self, file: BinaryIO) -> bool:
        """Send the file in blocks and read the one verdict: `stream: OK` or `stream: <name> FOUND`."""
        try:
            with self._connect() as line:
                line.sendall(b"zINSTREAM\0")
                while block := file.read(BLOCK):
                    line.sendall(struct.pack("!L", len(block)) + block)
                line.sendall(struct.pack("!L", 0))
                answer = b""
                while part := line.recv(4096):
                    answer += part
        except OSError as error:
            raise ScannerAway(type(error).__name__) from error
        verdict = answer.rstrip(b"\0").decode(errors="replace")
        if verdict.endswith(" FOUND"):
            return False
        if verdict == "stream: OK":
            return True
        raise ScannerAway(verdict[:80] or "no answer")

    def _connect(self) -> socket.socket:
        if self.url.scheme == "unix":
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(PATIENCE)
            try:
                line.connect(self.url.path)
            except OSError:
                line.close()
                raise
            return line
        return socket.create_connection((self.url.hostname or "", self.url.port or 3310), timeout=PATIENCE)


def scanner() -> Scanner | None:
    """The scanner of this installation, or None where none is configured."""
    return Clamd(settings.CLAMAV_URL) if settings.CLAMAV_URL else None
