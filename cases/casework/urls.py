"""Addresses of opening and changing cases."""

from django.urls import path

from cases.casework.views import changing, opening

_CASE = "cases/<uuid:record>"

urlpatterns = [
    path("cases/new/", opening.OpenWho.as_view(), name=opening.WHO),
    path("cases/new/same/", opening.OpenSame.as_view(), name=opening.SAME),
    path("cases/new/home/", opening.OpenHome.as_view(), name=opening.HOME),
    path("cases/new/case/", opening.OpenTerm.as_view(), name=opening.CASE),
    path("cases/new/check/", opening.OpenCheck.as_view(), name=opening.CHECK),
    path(f"{_CASE}/edit/", changing.CaseEdit.as_view(), name="case_edit"),
    path(f"{_CASE}/person/", changing.PersonEdit.as_view(), name="person_edit"),
    path(f"{_CASE}/addresses/", changing.CaseAddresses.as_view(), name="case_addresses"),
    path(
        f"{_CASE}/addresses/<uuid:address>/confirm/",
        changing.AddressAct.as_view(),
        {"act": "confirm"},
        name="address_confirm",
    ),
    path(f"{_CASE}/addresses/<uuid:address>/end/", changing.AddressAct.as_view(), {"act": "end"}, name="address_end"),
    path(f"{_CASE}/reassign/", changing.CaseReassign.as_view(), name="case_reassign"),
    path(f"{_CASE}/close/", changing.CaseClose.as_view(), name="case_close"),
    path(f"{_CASE}/reopen/", changing.CaseReopen.as_view(), name="case_reopen"),
]
