"""Addresses of this floor."""

from django.urls import include, path

urlpatterns = [
    path("", include("cases.casework.urls")),
    path("", include("cases.lists.urls")),
    path("", include("cases.supervision.urls")),
    path("", include("cases.timeline.urls")),
    path("", include("cases.flags.urls")),
    path("", include("cases.plans.urls")),
    path("", include("cases.documents.urls")),
    path("", include("cases.together.urls")),
    path("", include("cases.appointments.urls")),
    path("", include("cases.contacts.urls")),
]
