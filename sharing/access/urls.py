"""Addresses of access to one record; the roof puts them below the record's own address and says its type."""

from django.urls import path

from sharing.access import views

urlpatterns = [
    path("", views.AccessPage.as_view(), name="case_access"),
    path("share/", views.SharePage.as_view(), name="case_share"),
    path("<uuid:grant>/end/", views.EndAccess.as_view(), name="grant_end"),
    path("<uuid:grant>/extend/", views.ExtendAccess.as_view(), name="grant_extend"),
]
