"""Documents of the officer's own cases: small real PDFs, with a letterhead and a few lines each."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from django.core.files.base import ContentFile

from cases.documents.codes import DocumentKind, ScanState
from cases.documents.models import Document
from cases.documents.storing import store
from portal.demo.world.directory import Directory
from portal.demo.world.terms import Term

OTHERS = 8  # of the officer's cases besides the one that shows everything


class Paper(NamedTuple):
    """What a document says: kind, title, file name, its lines, and how many days ago it was added."""

    kind: DocumentKind
    title: str
    file_name: str
    lines: tuple[str, ...]
    days: int
    withdrawn: str = ""


_ORDER = Paper(
    DocumentKind.ORDER,
    "Order of probation",
    "order-of-probation.pdf",
    (
        "The court withholds adjudication and places the defendant on probation.",
        "Standard conditions apply. Special conditions are set out on page 2.",
        "The term begins today. The defendant reports within 72 hours.",
    ),
    118,
)
_SIGNED = Paper(
    DocumentKind.CONDITIONS,
    "Conditions, signed at intake",
    "conditions-signed.pdf",
    (
        "Each condition was read aloud and explained.",
        "Questions were answered. A copy was handed out.",
        "Signed by the person and by the officer.",
    ),
    110,
)
_MORE = (
    Paper(
        DocumentKind.PROOF,
        "Pay slip, October",
        "pay-slip-october.pdf",
        ("Hours: 162.5", "Shift letter attached: Wednesdays and Fridays, 2 p.m. to 11 p.m."),
        19,
    ),
    Paper(
        DocumentKind.REPORT,
        "Six-month progress report",
        "progress-report.pdf",
        (
            "Kept eleven of twelve appointments. All tests negative.",
            "Work confirmed by the employer. Curfew kept since July.",
            "Recommended: go on as agreed; review in three weeks.",
        ),
        6,
    ),
    Paper(
        DocumentKind.LETTER,
        "Letter of the program",
        "letter-program.pdf",
        ("Enrolled in the Thursday group.",),
        33,
        withdrawn="Belongs to another person of the same name.",
    ),
)


def add_documents(directory: Directory, terms: list[Term], shown: Term, now: datetime.datetime) -> None:
    """Store the files and write their rows."""
    officer, agency = directory.personas["officer"], directory.agencies["probation"]
    own = [term for term in terms if term.officer == officer and term.active and term is not shown][:OTHERS]
    papers = [(shown, paper) for paper in (_ORDER, _SIGNED, *_MORE)]
    papers += [(term, paper) for number, term in enumerate(own) for paper in (_ORDER, _SIGNED)[: 1 + number % 2]]
    papers.sort(key=lambda entry: -entry[1].days)
    rows = []
    for term, paper in papers:
        moment = now - datetime.timedelta(days=paper.days, minutes=term.id % 90)
        stored = store(ContentFile(pdf(agency.name, paper.title, paper.lines), name=paper.file_name))
        rows.append(
            Document(
                case_id=term.id,
                kind=paper.kind,
                title=paper.title,
                file_name=paper.file_name,
                file_type="pdf",
                size=stored.size,
                digest=stored.digest,
                stored_as=stored.name,
                scan_state=ScanState.UNSCANNED,
                added_by=officer,
                added_by_agency=agency,
                created_at=moment,
                updated_at=moment,
                withdrawn_at=moment + datetime.timedelta(days=1) if paper.withdrawn else None,
                withdrawn_by=officer if paper.withdrawn else None,
                withdraw_reason=paper.withdrawn,
            )
        )
    Document.objects.bulk_create(rows)


def pdf(head: str, title: str, lines: tuple[str, ...]) -> bytes:
    """A page of US letter with a head, a title and lines, as PDF 1.4 (ISO 32000): the same bytes every time."""
    shown = [("F2", 11, 720, head), ("F2", 18, 670, title)]
    shown += [("F1", 11, 635 - 18 * number, line) for number, line in enumerate(lines)]
    text = "\n".join(f"BT /{font} {size} Tf 72 {y} Td ({_escaped(line)}) Tj ET" for font, size, y, line in shown)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 6 0 R"
        " /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    ]
    made, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    made += f"xref\n0 {count}\n0000000000 65535 f \n{table}"
    made += f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{made.index('xref')}\n%%EOF\n"
    return made.encode("latin-1")


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
