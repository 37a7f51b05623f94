"""Addresses of documents."""

from django.urls import path

from cases.documents import views

_DOCUMENT = "cases/<uuid:record>/documents/<uuid:document>"

urlpatterns = [
    path("cases/<uuid:record>/documents/", views.CaseDocuments.as_view(), name="case_documents"),
    path(f"{_DOCUMENT}/file/", views.DocumentFile.as_view(), name="document_file"),
    path(f"{_DOCUMENT}/withdraw/", views.DocumentWithdraw.as_view(), name="document_withdraw"),
]
