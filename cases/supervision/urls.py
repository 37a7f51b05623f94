"""Addresses of cases and of the search."""

from django.urls import path

from cases.supervision import views

urlpatterns = [
    path("cases/", views.CaseList.as_view(), name="case_list"),
    path("cases/<uuid:record>/", views.CaseOverview.as_view(), name="case_overview"),
    path("search/", views.Search.as_view(), name="case_search"),
    path("search/<str:token>/", views.Found.as_view(), name="case_found"),
]
