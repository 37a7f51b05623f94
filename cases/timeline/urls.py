"""Address of a case's timeline."""

from django.urls import path

from cases.timeline import views

urlpatterns = [path("cases/<uuid:record>/timeline/", views.CaseTimeline.as_view(), name="case_timeline")]
