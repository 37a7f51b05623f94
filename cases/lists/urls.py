"""Addresses of the case list and of what people keep of it and take out of it."""

from django.urls import path

from cases.lists import views

urlpatterns = [
    path("cases/", views.CaseList.as_view(), name="case_list"),
    path("cases/saved/", views.SavedFilters.as_view(), name="saved_filters"),
    path("cases/saved/<uuid:filter>/remove/", views.SavedFilterRemove.as_view(), name="saved_filter_remove"),
    path("cases/columns/", views.Columns.as_view(), name="case_columns"),
    path("cases/export/", views.Export.as_view(), name="case_export"),
    path("cases/reassign/", views.Reassign.as_view(), name="cases_reassign"),
]
