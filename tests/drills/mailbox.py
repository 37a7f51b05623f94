"""A mail server for drills: takes every letter on port 1025 and keeps it as a file in a folder."""

from __future__ import annotations

import socketserver
import sys
import uuid
from pathlib import Path


class Session(socketserver.StreamRequestHandler):
    """One client's letters, as far as SMTP needs it (RFC 5321)."""

    def handle(self) -> None:
        self._say("220 mail")
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"DATA":
                self._say("354 go on")
                self._keep()
            elif word == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 ok")

    def _keep(self) -> None:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b"."))
        unfinished = FOLDER / f".{uuid.uuid4()}"
        unfinished.write_bytes(b"".join(lines))
        unfinished.rename(FOLDER / unfinished.name[1:])

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 1025), Session) as server:
        server.serve_forever()
