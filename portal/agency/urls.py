"""Addresses of the agency's own pages, and of covering for one another."""

from django.urls import path

from portal.agency import views

urlpatterns = [
    path("agency/", views.People.as_view(), name="agency"),
    path("agency/members/new/", views.Invite.as_view(), name="member_invite"),
    path("agency/members/<int:member>/", views.Member.as_view(), name="member"),
    path("agency/members/<int:member>/roles/<int:membership>/end/", views.EndRole.as_view(), name="member_end_role"),
    path("agency/members/<int:member>/link/", views.SendLink.as_view(), name="member_link"),
    path("agency/members/<int:member>/suspend/", views.Suspend.as_view(), name="member_suspend"),
    path("agency/members/<int:member>/reinstate/", views.Reinstate.as_view(), name="member_reinstate"),
    path("agency/members/<int:member>/unlock/", views.EndLockOut.as_view(), name="member_unlock"),
    path("agency/units/", views.Units.as_view(), name="agency_units"),
    path("agency/units/new/", views.AddUnit.as_view(), name="unit_add"),
    path("agency/units/<int:unit>/", views.ChangeUnit.as_view(), name="unit"),
    path("agency/units/<int:unit>/close/", views.CloseUnit.as_view(), name="unit_close"),
    path("agency/roles/", views.Roles.as_view(), name="agency_roles"),
    path("agency/workload/", views.WorkloadPage.as_view(), name="agency_workload"),
    path("agency/reassign/", views.Reassign.as_view(), name="agency_reassign"),
    path("account/cover/", views.CoverPage.as_view(), name="cover"),
    path("account/cover/<uuid:cover>/", views.Covered.as_view(), name="covered"),
    path("account/cover/<uuid:cover>/end/", views.EndCover.as_view(), name="cover_end"),
]
