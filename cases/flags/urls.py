"""Addresses of cautions and flags."""

from django.urls import path

from cases.flags import views

urlpatterns = [
    path("cases/<uuid:record>/flags/", views.CaseFlags.as_view(), name="case_flags"),
    path("cases/<uuid:record>/flags/new/", views.FlagAdd.as_view(), name="flag_add"),
    path("cases/<uuid:record>/flags/<uuid:flag>/review/", views.FlagReview.as_view(), name="flag_review"),
    path("cases/<uuid:record>/flags/<uuid:flag>/end/", views.FlagEnd.as_view(), name="flag_end"),
    path("cases/<uuid:record>/cautions/new/", views.CautionAdd.as_view(), name="caution_add"),
    path("cases/<uuid:record>/cautions/<uuid:caution>/review/", views.CautionReview.as_view(), name="caution_review"),
    path("cases/<uuid:record>/cautions/<uuid:caution>/end/", views.CautionEnd.as_view(), name="caution_end"),
]
