"""Addresses of one case and of the search."""

from django.urls import path

from cases.supervision import views

urlpatterns = [
    path("cases/<uuid:record>/", views.CaseOverview.as_view(), name="case_overview"),
    path("search/", views.Search.as_view(), name="case_search"),
    path("search/<str:token>/", views.Found.as_view(), name="case_found"),
]
