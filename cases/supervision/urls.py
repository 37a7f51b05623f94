"""Addresses of one case and of the search."""

from django.urls import path

from cases.supervision import views

urlpatterns = [
    path("cases/<uuid:record>/", views.CaseOverview.as_view(), name="case_overview"),
    path("cases/<uuid:record>/conditions/", views.CaseConditions.as_view(), name="case_conditions"),
    path("cases/<uuid:record>/card/", views.CaseCard.as_view(), name="case_card"),
    path("cases/<uuid:record>/card/read-back/", views.CaseReadBack.as_view(), name="case_read_back"),
    path("search/", views.Search.as_view(), name="case_search"),
    path("search/<str:token>/", views.Found.as_view(), name="case_found"),
]
