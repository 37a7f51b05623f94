"""Documents of a case: who may add, see, take and withdraw one, and what each of it leaves behind."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agencies.directory.categories import Category
from cases.documents import services as documents
from cases.documents.models import Document
from cases.documents.scanning import ScannerAway
from cases.documents.services import (
    NotStored,
    add_document,
    read_document,
    scan_waiting,
    sweep_files,
    withdraw_document,
)
from cases.documents.storing import storage, store
from sharing.access.errors import NotAllowed, NotVisible, Refused
from sharing.access.services import share
from tests import services
from tests.access.acts import act, leaves
from tests.calls import bearer, signed_in, system_of
from tests.cases.documents.files import JPEG, PDF
from tests.pages import Visitor, hidden, rows, text, trail
from tests.services import owner
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

ORDER = {"title": "Order of probation", "kind": "order"}


def add(
    world: World, who: str = "olsen", *, content: bytes = PDF, name: str = "order.pdf", title: str = "", **more: Any
) -> Document:
    """Lets somebody add a document to the joint case."""
    values = ORDER | ({"title": title} if title else {})
    added: Document = act(
        world,
        who,
        lambda actor: add_document(
            actor=actor, case_uuid=world.joint.uuid, file=ContentFile(content, name=name), values=values, **more
        ),
    )
    return added


def read(world: World, document: Document, who: str = "olsen") -> bytes:
    """Lets somebody take the file."""

    def take(actor: Any) -> bytes:
        _, file = read_document(actor=actor, document_uuid=document.uuid)
        with file:
            return bytes(file.read())

    taken: bytes = act(world, who, take)
    return taken


def full_file(world: World) -> None:
    """Gives another agency of supervision the full file of the joint case: the sheriff's, made one for the test."""
    owner("UPDATE agencies_agency SET kind = 'parole' WHERE id = %s", world.agencies["sheriff"].pk)
    owner("UPDATE agencies_membership SET role = 'supervising_officer' WHERE user_id = %s", world.users["deputy"].pk)
    act(
        world,
        "olsen",
        lambda actor: share(
            actor=actor,
            record=world.joint,
            group_id=world.units["sheriff/patrol"].pk,
            bundle="full_file",
            purpose="supervision",
            until=world.grants["suspect"].until,
            agreement_id=world.agreement.pk,
        ),
    )


def stored_files() -> set[str]:
    """Every file at the place of documents."""
    return {str(path) for path in Path(storage().path("")).rglob("*") if path.is_file()}


# --- Adding -----------------------------------------------------------------------------------------------------------


def test_a_document_leaves_one_change_and_one_event(world: World) -> None:
    with leaves(changes=1, events=1):
        document = add(world)
    assert document.scan_state == "unscanned"
    assert read(world, document) == PDF
    verb, after = owner("SELECT verb, after FROM agencies_change ORDER BY id DESC LIMIT 1")[0]
    assert (verb, after["digest"]) == ("document.added", document.digest)


def test_the_same_form_sent_twice_adds_once(world: World) -> None:
    token = uuid.uuid4()
    before = stored_files()
    with leaves(changes=1, events=1):
        assert add(world, document_uuid=token).pk == add(world, document_uuid=token).pk
    assert len(stored_files() - before) == 1
    for other in ({"title": "Another"}, {"content": PDF + b"%more"}):
        with leaves(), pytest.raises(Refused, match="used already"):
            add(world, document_uuid=token, **other)
    assert len(stored_files() - before) == 1


@pytest.mark.parametrize(
    ("who", "error"), [("reyes", NotAllowed), ("patel", NotAllowed), ("quist", NotVisible), ("carter", NotVisible)]
)
def test_who_may_not_see_documents_cannot_add_one(world: World, who: str, error: type[Exception]) -> None:
    before = stored_files()
    with leaves(), pytest.raises(error):
        add(world, who)
    assert stored_files() == before


def test_what_is_refused_leaves_no_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored_files()
    with leaves():
        for wrong in ({"content": JPEG}, {"content": b""}, {"content": PDF + b" " * 1024 * 1024}, {"name": "a.exe"}):
            with pytest.raises(Refused):
                add(world, **wrong)

        def broken(**_: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(documents, "publish", broken)
        with pytest.raises(RuntimeError):
            add(world)
    assert stored_files() == before


def test_a_full_disk_saves_nothing_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(documents, "store", full)
    with leaves(), pytest.raises(NotStored):
        add(world)
    olsen = Visitor(world.users["olsen"])
    address = f"/cases/{world.joint.uuid}/documents/"
    page = olsen.get(address).content.decode()
    sent = {"title": "Order", "kind": "order", "file": SimpleUploadedFile("o.pdf", PDF), "token": hidden(page, "token")}
    response = olsen.send(address, page, sent)
    assert response.status_code == 503
    assert "could not be stored. Nothing was saved" in text(response)


# --- Seeing and taking ------------------------------------------------------------------------------------------------


def test_a_partner_with_the_full_file_reads_adds_and_withdraws_its_own(world: World) -> None:
    full_file(world)
    ours = add(world)
    assert read(world, ours, "deputy") == PDF
    theirs = add(world, "deputy")
    with leaves(), pytest.raises(NotAllowed):
        act(world, "deputy", lambda a: withdraw_document(actor=a, document_uuid=ours.uuid, reason="Wrong"))
    with leaves(changes=1, events=1):
        act(world, "deputy", lambda a: withdraw_document(actor=a, document_uuid=theirs.uuid, reason="Wrong"))
    act(world, "deputy", lambda a: withdraw_document(actor=a, document_uuid=theirs.uuid, reason="Again"))
    assert [row["withdraw_reason"] for row in rows("SELECT * FROM cases_document WHERE id = %s", [theirs.pk])] == [
        "Wrong"
    ]
    with pytest.raises(NotAllowed, match="withdrawn"):
        read(world, theirs)


def test_each_download_is_one_read_event(world: World) -> None:
    document = add(world)
    client = signed_in(world.users["olsen"])
    response = client.get(f"/cases/{world.joint.uuid}/documents/{document.uuid}/file/")
    assert b"".join(response.streaming_content) == PDF  # type: ignore[attr-defined]
    events = trail("read", action="download")
    assert [(e["user_name"], e["record_ids"], e["categories"]) for e in events] == [
        ("PO Olsen", [world.joint.uuid], int(Category.DOCUMENTS))
    ]


def test_a_download_executes_nowhere(world: World) -> None:
    document = add(world, name="Tobias “Hallett”.pdf")
    page, call = signed_in(world.users["olsen"]), bearer(system_of(world, "probation/north", "supervisor"))
    for response in (
        page.get(f"/cases/{world.joint.uuid}/documents/{document.uuid}/file/"),
        call.get(f"/api/v1/documents/{document.uuid}/file/"),
    ):
        assert response.status_code == 200
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"].startswith("attachment; filename")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response["Cache-Control"] == "private, no-store"
        assert response["Content-Length"] == str(len(PDF))
        response.close()


def test_a_lost_file_is_said_and_not_a_fault(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    response = olsen.client.get(f"/cases/{world.joint.uuid}/documents/{world.document.uuid}/file/", follow=True)
    assert "cannot be read at the moment" in text(response)  # type: ignore[arg-type]
    assert not trail("read", action="download")


def test_the_document_of_another_case_is_not_under_this_one(world: World) -> None:
    document = add(world)
    client = signed_in(world.users["olsen"])
    for action in ("file", "withdraw"):
        assert client.get(f"/cases/{world.cases[2].uuid}/documents/{document.uuid}/{action}/").status_code == 404


def test_the_list_costs_the_same_with_many(world: World) -> None:
    client = signed_in(world.users["olsen"])

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/cases/{world.joint.uuid}/documents/").status_code == 200
        return len(found)

    few = queries()
    for _ in range(12):
        add(world)
    assert queries() == few <= 14


def test_a_large_request_is_refused_before_it_is_kept(world: World) -> None:
    olsen = Visitor(world.users["olsen"])
    address = f"/cases/{world.joint.uuid}/documents/"
    page = olsen.get(address).content.decode()
    large = SimpleUploadedFile("o.pdf", PDF + b" " * 2 * 1024 * 1024)
    response = olsen.send(address, page, {"title": "Order", "kind": "order", "file": large})
    assert response.status_code == 400
    assert "larger than 1 MB" in text(response)


# --- The scan ---------------------------------------------------------------------------------------------------------


class Judge:
    """A scanner that finds a virus in images, and may be away."""

    away = False

    def scan(self, file: Any) -> bool:
        if self.away:
            raise ScannerAway
        return not bytes(file.read()).startswith(JPEG[:3])


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    made = Judge()
    monkeypatch.setattr(documents, "scanner", lambda: made)
    monkeypatch.setattr(documents, "ask", lambda task: None)
    return made


def test_nothing_is_downloaded_before_its_verdict(world: World, judge: Judge) -> None:
    good, bad = add(world), add(world, content=JPEG, name="face.jpg")
    for document in (good, bad):
        with pytest.raises(NotAllowed, match="Waiting"):
            read(world, document)
    judge.away = True
    with services.as_job():
        assert scan_waiting() == 0
    judge.away = False
    with services.as_job():
        assert scan_waiting() == 2
        assert scan_waiting() == 0
    assert read(world, good) == PDF
    with pytest.raises(NotAllowed, match="Refused by the virus scan"):
        read(world, bad)
    assert (
        signed_in(world.users["olsen"]).get(f"/cases/{world.joint.uuid}/documents/{bad.uuid}/file/").status_code == 403
    )
    assert [(e["user_name"], e["after"]["scan_state"]) for e in trail("change", verb="document.scanned")] == [
        ("Virus scan", "clean"),
        ("Virus scan", "refused"),
    ]


def test_files_without_a_row_go_after_a_day(world: World) -> None:
    kept, fresh, left = add(world), store(ContentFile(PDF)), store(ContentFile(PDF))
    for name in (kept.stored_as, left.name):
        os.utime(storage().path(name), (time.time() - 2 * 86400,) * 2)
    with services.as_job():
        assert sweep_files() == 1
        assert sweep_files() == 0
    assert storage().exists(fresh.name)
    assert not storage().exists(left.name)
    assert read(world, kept) == PDF


# --- The second wall --------------------------------------------------------------------------------------------------


def test_the_database_asks_for_itself(world: World) -> None:
    """Whatever our code forgets: no document in another's name, as scanned, of a hidden case, or taken back twice."""
    full_file(world)
    document = add(world)

    def insert(actor: Any, **fields: Any) -> None:
        values = {
            **ORDER, "case": world.joint, "file_name": "o.pdf", "file_type": "pdf", "size": 1, "digest": "0",
            "stored_as": uuid.uuid4().hex, "scan_state": "waiting", "added_by": actor.user,
            "added_by_agency": actor.agency,
        }  # fmt: skip
        Document.objects.create(**{**values, **fields})

    def refused(who: str, **fields: Any) -> bool:
        def attempt(actor: Any) -> bool:
            with pytest.raises(ProgrammingError), transaction.atomic():
                insert(actor, **fields)
            return True

        return bool(act(world, who, attempt))

    act(world, "deputy", insert)
    assert refused("deputy", added_by=world.users["olsen"])
    assert refused("deputy", added_by_agency=world.agencies["probation"])
    assert refused("deputy", scan_state="clean")
    assert refused("deputy", case=world.cases[6])
    assert refused("reyes")

    def forced(who: str, **fields: Any) -> int:
        rows = Document.objects.filter(pk=document.pk)
        return int(act(world, who, lambda actor: rows.update(withdrawn_by=actor.user, **fields)))

    now = world.grants["suspect"].until
    assert forced("deputy", withdrawn_at=now) == 0
    assert forced("reyes", withdrawn_at=now) == 0
    assert forced("olsen", withdrawn_at=now) == 1
    assert forced("olsen", withdrawn_at=now) == 0
    for column in ("scan_state", "stored_as", "case_id", "digest"):
        with pytest.raises(ProgrammingError):
            act(world, "olsen", lambda _, c=column: run(f"UPDATE cases_document SET {c} = {c}"))


def test_the_database_lets_nobody_write_into_what_they_cannot_see(world: World) -> None:
    """Without reading back what was written, which alone would be refused."""
    full_file(world)

    def insert(who: str, case_id: int) -> None:
        columns = (
            "uuid, case_id, created_at, updated_at, version, title, kind, file_name, file_type, size, digest,"
            " stored_as, scan_state, added_by_id, added_by_agency_id, withdraw_reason"
        )
        values = (
            f"gen_random_uuid(), {case_id}, now(), now(), 1, 'x', 'other', 'x.pdf', 'pdf', 1, '0', '{uuid.uuid4()}',"
        )
        own = f"'waiting', {world.users[who].pk}, {world.agency_of(who).pk}, ''"
        act(world, who, lambda _: run(f"INSERT INTO cases_document ({columns}) VALUES ({values} {own})"))

    insert("deputy", world.joint.pk)
    for who, case in (("deputy", world.cases[6]), ("reyes", world.joint), ("quist", world.joint)):
        with pytest.raises(ProgrammingError):
            insert(who, case.pk)


def run(statement: str) -> None:
    """Runs a statement as the application's role."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
