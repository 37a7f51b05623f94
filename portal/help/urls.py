"""Addresses of the pages of words."""

from django.urls import path

from portal.help import views

urlpatterns = [
    path("help/", views.help_page, name="help"),
    path("help/problems/<slug:kind>", views.problem_type, name="help_problem"),
    path("whats-new/", views.whats_new, name="whats_new"),
    path("accessibility/", views.accessibility, name="accessibility"),
]
