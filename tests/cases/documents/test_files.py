"""What a file is, where it lies, and what the scanner says: without a browser."""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from cases.documents.recognising import plain_name, recognise
from cases.documents.scanning import Clamd, ScannerAway
from cases.documents.storing import open_stored, storage, store
from sharing.access.errors import Refused
from tests.cases.documents.files import JPEG, PDF, office, zipped


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("order.pdf", PDF, "pdf"),
        ("ORDER.PDF", PDF, "pdf"),
        ("face.jpeg", JPEG, "jpeg"),
        ("letter.docx", office("word/"), "docx"),
        ("table.xlsx", office("xl/"), "xlsx"),
        ("letter.odt", zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "odt"),
        ("note.txt", "Señor Núñez\n".encode(), "txt"),
    ],
)
def test_a_file_is_what_its_content_says(name: str, content: bytes, code: str) -> None:
    file = io.BytesIO(content)
    assert recognise(file, name).code == code
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<html>"),
        ("program.exe", b"MZ"),
        ("order", PDF),
        ("order.pdf.svg", b"<svg onload='alert(1)'>"),
        ("order.pdf", b"<html><script>alert(1)</script>"),
        ("order.pdf", b" %PDF-1.7"),
        ("face.png", JPEG),
        ("letter.docx", zipped({"run.class": "x"})),
        ("letter.docx", office("xl/")),
        ("letter.docx", b"PK\x03\x04 but no archive"),
        ("letter.odt", zipped({"mimetype": "application/java-archive"})),
        ("note.txt", b"MZ\x90\x00\x03"),
        ("table.csv", b"a,b\x07"),
    ],
)
def test_what_is_something_else_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        recognise(io.BytesIO(content), name)
    assert refusal.value.field == "file"


def test_macros_are_refused() -> None:
    with pytest.raises(Refused, match="macros"):
        recognise(io.BytesIO(office("word/", {"word/vbaProject.bin": "x"})), "letter.docx")


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("order.pdf", "order.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\temp\\o\u202erder\r\n.pdf", "o_rder__.pdf"),
        (".pdf", "document.pdf"),
        ("Señor Núñez (2).PDF", "Señor Núñez (2).pdf"),
        ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_names_are_offered_again_without_what_steers_a_computer(given: str, plain: str) -> None:
    assert plain_name(given, recognise(io.BytesIO(PDF), "order.pdf")) == plain


def test_a_file_lies_under_a_name_that_says_nothing() -> None:
    stored = store(ContentFile(PDF, name="Tobias Hallett.pdf"))
    assert "Hallett" not in stored.name
    assert stored.size == len(PDF)
    with open_stored(stored.name) as file:
        assert file.read() == PDF
    assert Path(storage().path(stored.name)).stat().st_mode & 0o777 == 0o640


def test_a_full_disk_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {str(path) for path in Path(storage().path("")).rglob("*") if path.is_file()}

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store(ContentFile(PDF))
    assert {str(path) for path in Path(storage().path("")).rglob("*") if path.is_file()} == before


class Daemon:
    """A clamd that reads one INSTREAM and answers."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.received = answer, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        line, _ = self.listener.accept()
        with line, line.makefile("rb") as reading:
            assert reading.read(10) == b"zINSTREAM\0"
            while length := int.from_bytes(reading.read(4), "big"):
                self.received += reading.read(length)
            line.sendall(self.answer)


@pytest.fixture
def daemons() -> Iterator[list[Daemon]]:
    made: list[Daemon] = []
    yield made
    for daemon in made:
        daemon.listener.close()
        daemon.thread.join(5)


@pytest.mark.parametrize(
    ("answer", "clean"), [(b"stream: OK\0", True), (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", False)]
)
def test_clamav_is_sent_the_whole_file(daemons: list[Daemon], answer: bytes, clean: bool) -> None:
    daemons.append(Daemon(answer))
    content = bytes(range(256)) * 1024
    assert Clamd(daemons[0].url).scan(io.BytesIO(content)) is clean
    daemons[0].thread.join(5)
    assert daemons[0].received == content


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: OKAY\0"])
def test_no_verdict_is_none(daemons: list[Daemon], answer: bytes) -> None:
    daemons.append(Daemon(answer))
    with pytest.raises(ScannerAway):
        Clamd(daemons[0].url).scan(io.BytesIO(PDF))


def test_a_scanner_that_is_away_is_no_verdict() -> None:
    with pytest.raises(ScannerAway):
        Clamd("tcp://127.0.0.1:1").scan(io.BytesIO(PDF))
    with pytest.raises(ScannerAway):
        Clamd("unix:///nowhere").scan(io.BytesIO(PDF))
