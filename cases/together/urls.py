"""The address of the share view."""

from django.urls import path

from cases.together import views

urlpatterns = [path("cases/<uuid:record>/together/", views.ShareView.as_view(), name="case_together")]
