"""Addresses of contacts."""

from django.urls import path

from cases.contacts import views

_CONTACT = "cases/<uuid:record>/contacts/<uuid:contact>/"

urlpatterns = [
    path("cases/<uuid:record>/contacts/new/", views.ContactAdd.as_view(), name="contact_add"),
    path("cases/<uuid:record>/contacts/draft/", views.ContactDraft.as_view(), name="contact_draft"),
    path(_CONTACT, views.ContactPage.as_view(), name="contact"),
    path(f"{_CONTACT}correct/", views.ContactCorrect.as_view(), name="contact_correct"),
    path(f"{_CONTACT}withdraw/", views.ContactWithdraw.as_view(), name="contact_withdraw"),
]
