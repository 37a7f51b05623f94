"""The documents of a case: the list with its form, taking one down, and withdrawing one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from agencies.directory.categories import Category
from agencies.directory.words import listed
from cases.documents import services
from cases.documents.codes import ScanState
from cases.documents.forms import DocumentForm, WithdrawForm
from cases.documents.models import Document
from cases.documents.serving import as_download
from cases.supervision.codes import CASE
from cases.supervision.readers import readers_of
from sharing.access.cursors import DamagedCursor, read_cursor, sign_cursor
from sharing.access.errors import NotVisible, Refused
from sharing.access.pages import RecordPage, add_refusal

SHOWN = Category.EXISTENCE | Category.SUPERVISION | Category.CAUTIONS | Category.DOCUMENTS
PAGE_SIZE = 50


class CaseDocuments(RecordPage):
    """The documents of a case, newest first, and the form to add one."""

    record_type = CASE
    action = "documents"
    needs = {"get": Category.DOCUMENTS, "post": Category.DOCUMENTS}

    def get(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """The list and the empty form."""
        return self.show_list(DocumentForm(actor=self.actor))

    def post(self, request: HttpRequest, record: uuid.UUID) -> HttpResponse:
        """Add the file; what cannot be added comes back with the reason, and nothing is kept of it."""
        refused = getattr(request, "upload_too_large", False)
        form = DocumentForm(request.POST, request.FILES, actor=self.actor, refused=refused)
        if not form.is_valid():
            return self.show_list(form, status=400)
        asked = form.cleaned_data
        try:
            document = services.add_document(
                actor=self.actor,
                case_uuid=record,
                file=asked["file"],
                values={"title": asked["title"], "kind": asked["kind"]},
                document_uuid=asked["token"],
            )
        except Refused as refusal:
            add_refusal(form, refusal)
            return self.show_list(form, status=400)
        except services.NotStored as away:
            form.add_error("file", str(away))
            return self.show_list(form, status=503)
        told = readers_of(self.actor, self.frame.record, Category.DOCUMENTS, 0)[1]
        messages.success(request, f"Document added. {document.get_scan_state_display()}. {listed(told)} will be told.")
        return redirect("case_documents", record)

    def show_list(self, form: DocumentForm, status: int = 200) -> HttpResponse:
        """The page."""
        found = self.blocks.read(self.page)
        rows = found[:PAGE_SIZE] if found else found
        may_share = Category.SHARE in self.frame.opened
        for document in rows or []:
            document.may_withdraw = document.withdrawn_at is None and services.may_withdraw(
                self.actor, document, may_share
            )
        read_by, told = readers_of(self.actor, self.frame.record, Category.DOCUMENTS, 0)
        context = {
            "tab": "documents",
            "form": form,
            "documents": rows,
            "any_unscanned": any(document.scan_state == ScanState.UNSCANNED for document in rows or []),
            "asked_at": timezone.now(),
            "older": sign_cursor([rows[-1].pk], "documents", str(self.record_uuid))
            if found and rows and len(found) > PAGE_SIZE
            else "",
            "later": "before" in self.request.GET,
            "read_by": read_by,
            "told": told,
        }
        return self.show("cases/documents/documents.html", SHOWN, context, status=status)

    def page(self) -> list[Any]:
        """One page of documents, and one more where there is another page. Raises NotVisible for a damaged link."""
        rows = Document.objects.permitted(self.actor).filter(case=self.frame.record)
        if "before" in self.request.GET:
            try:
                position = read_cursor(self.request.GET["before"], "documents", str(self.record_uuid))
            except DamagedCursor:
                raise NotVisible from None
            rows = rows.filter(pk__lt=position[0])
        rows = rows.select_related("added_by", "added_by_agency", "withdrawn_by").order_by("-pk")
        return list(rows[: PAGE_SIZE + 1])


class OfOneDocument(RecordPage):
    """What pages about one document share."""

    record_type = CASE
    action = "documents"
    document: Document

    def enter(self, category: Category) -> None:
        """Besides the case: its document that the address names."""
        super().enter(category)
        found = Document.objects.permitted(self.actor).filter(case=self.frame.record, uuid=self.kwargs["document"])
        document = found.select_related("added_by", "added_by_agency").first()
        if document is None:
            raise NotVisible
        self.document = document


class DocumentFile(OfOneDocument):
    """Take a document's file."""

    needs = {"get": Category.DOCUMENTS}

    def get(self, request: HttpRequest, record: uuid.UUID, document: uuid.UUID) -> HttpResponseBase:
        """The file, as a download that nothing executes; back to the list where it cannot be read."""
        try:
            found, file = services.read_document(actor=self.actor, document_uuid=document)
        except services.NotStored as away:
            messages.error(request, str(away))
            return redirect("case_documents", record)
        return as_download(FileResponse(file), found)


class DocumentWithdraw(OfOneDocument):
    """Withdraw a document, with a reason."""

    needs = {"get": Category.DOCUMENTS, "post": Category.DOCUMENTS}

    def enter(self, category: Category) -> None:
        """Whoever may not withdraw it is not asked why."""
        super().enter(category)
        services.must_withdraw(self.actor, self.document, Category.SHARE in self.frame.opened)

    def get(self, request: HttpRequest, **names: uuid.UUID) -> HttpResponse:
        """What is withdrawn, and the question why."""
        return self.show_form(WithdrawForm())

    def post(self, request: HttpRequest, **names: uuid.UUID) -> HttpResponse:
        """Withdraw it; again changes nothing."""
        form = WithdrawForm(request.POST)
        if not form.is_valid():
            return self.show_form(form, status=400)
        services.withdraw_document(
            actor=self.actor, document_uuid=self.document.uuid, reason=form.cleaned_data["reason"]
        )
        messages.success(request, "Document withdrawn. It stays in the list, and nobody can download it any more.")
        return redirect("case_documents", self.record_uuid)

    def show_form(self, form: WithdrawForm, status: int = 200) -> HttpResponse:
        """The confirm page."""
        told = readers_of(self.actor, self.frame.record, Category.DOCUMENTS, 0)[1]
        context = {"tab": "documents", "form": form, "document": self.document, "told": told}
        return self.show("cases/documents/withdraw.html", SHOWN, context, status=status)
