"""Addresses of the agency's own pages, and of covering for one another."""

from django.urls import path

from portal.agency.views import people, units, work

urlpatterns = [
    path("agency/", people.People.as_view(), name="agency"),
    path("agency/members/new/", people.Invite.as_view(), name="member_invite"),
    path("agency/members/<int:member>/", people.Member.as_view(), name="member"),
    path("agency/members/<int:member>/details/", people.Details.as_view(), name="member_details"),
    path("agency/members/<int:member>/roles/<int:membership>/end/", people.EndRole.as_view(), name="member_end_role"),
    path("agency/members/<int:member>/link/", people.SendLink.as_view(), name="member_link"),
    path("agency/members/<int:member>/cover/", people.MemberCover.as_view(), name="member_cover"),
    path(
        "agency/members/<int:member>/cover/<uuid:cover>/end/",
        people.EndMemberCover.as_view(),
        name="member_cover_end",
    ),
    path("agency/members/<int:member>/suspend/", people.Suspend.as_view(), name="member_suspend"),
    path("agency/members/<int:member>/reinstate/", people.Reinstate.as_view(), name="member_reinstate"),
    path("agency/members/<int:member>/unlock/", people.EndLockOut.as_view(), name="member_unlock"),
    path("agency/units/", units.Units.as_view(), name="agency_units"),
    path("agency/units/new/", units.AddUnit.as_view(), name="unit_add"),
    path("agency/units/<int:unit>/", units.ChangeUnit.as_view(), name="unit"),
    path("agency/units/<int:unit>/close/", units.CloseUnit.as_view(), name="unit_close"),
    path("agency/roles/", units.Roles.as_view(), name="agency_roles"),
    path("agency/workload/", work.WorkloadPage.as_view(), name="agency_workload"),
    path("agency/reassign/", work.Reassign.as_view(), name="agency_reassign"),
    path("account/cover/", work.CoverPage.as_view(), name="cover"),
    path("account/cover/<uuid:cover>/", work.Covered.as_view(), name="covered"),
    path("account/cover/<uuid:cover>/end/", work.EndCover.as_view(), name="cover_end"),
]
