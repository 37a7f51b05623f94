"""Every address of the API, version 1."""

from django.http import Http404
from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from cases.appointments import api as appointments
from cases.casework import api as casework
from cases.changes import api as changes
from cases.contacts import api as contacts
from cases.documents import api as documents
from cases.flags import api as flags
from cases.lists import api as lists
from cases.plans import api as plans
from cases.supervision import api as supervision
from cases.supervision.codes import CASE
from cases.timeline import api as timeline
from portal.agency import api as agency
from portal.agreements import api as agreements
from portal.api.docs import ApiDocsView
from portal.api.reference import CodeListsView, CodeListView
from portal.api.schema import SchemaView
from sharing.access import api as access
from sharing.access.permissions import ANY_ACTOR
from sharing.access.rest import DoorView
from sharing.connections import api as connections
from sharing.notices import api as notices

app_name = "api"

_CONTACT = "cases/<uuid:case_uuid>/contacts/<uuid:contact_uuid>/"


@extend_schema(exclude=True)
class NothingHereView(DoorView):
    """Any other address: answered like a record that is hidden."""

    categories = {"get": ANY_ACTOR, "post": ANY_ACTOR, "patch": ANY_ACTOR}
    http_method_names = ["get", "head", "post", "put", "patch", "delete", "options"]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Whoever is signed in learns that there is nothing."""
        super(DoorView, self).initial(request, *args, **kwargs)
        raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path("changes/", changes.ChangesView.as_view(), name="changes"),
    path("cases/", supervision.CaseListView.as_view(), name="cases"),
    path("cases/recent/", lists.RecentCasesView.as_view(), name="recent-cases"),
    path("cases/export/", lists.CaseExportView.as_view(), name="case-export"),
    path("cases/reassign/", lists.ReassignView.as_view(), name="cases-reassign"),
    path("case-filters/", lists.SavedFiltersView.as_view(), name="case-filters"),
    path("case-filters/<uuid:filter_uuid>/remove/", lists.SavedFilterRemoveView.as_view(), name="case-filter-remove"),
    path("case-columns/", lists.ColumnsView.as_view(), name="case-columns"),
    path("cases/<uuid:case_uuid>/", supervision.CaseView.as_view(), name="case"),
    path("cases/<uuid:case_uuid>/conditions/", supervision.CaseConditionsView.as_view(), name="case-conditions"),
    path("conditions/<uuid:condition_uuid>/", supervision.ConditionView.as_view(), name="condition"),
    path("people/", supervision.PeopleView.as_view(), name="supervisees"),
    path("people/<uuid:person_uuid>/", supervision.PersonView.as_view(), name="supervisee"),
    path("cases/<uuid:case_uuid>/timeline/", timeline.TimelineView.as_view(), name="timeline"),
    path("cases/<uuid:case_uuid>/contacts/", contacts.ContactsView.as_view(), name="contacts"),
    path(_CONTACT, contacts.ContactView.as_view(), name="contact"),
    path(f"{_CONTACT}versions/", contacts.ContactVersionsView.as_view(), name="contact-versions"),
    path(f"{_CONTACT}withdraw/", contacts.ContactWithdrawView.as_view(), name="contact-withdraw"),
    path("cases/<uuid:case_uuid>/plan/", plans.CasePlanView.as_view(), name="plan"),
    path("cases/<uuid:case_uuid>/plan/goals/", plans.PlanGoalsView.as_view(), name="plan-goals"),
    path("cases/<uuid:case_uuid>/status-card/", supervision.StatusCardView.as_view(), name="status-card"),
    path("cases/<uuid:case_uuid>/flags/", flags.CaseFlagsView.as_view(), name="case-flags"),
    path("cases/<uuid:case_uuid>/cautions/", flags.CaseCautionsView.as_view(), name="case-cautions"),
    path(
        "cases/<uuid:case_uuid>/appointments/",
        appointments.CaseAppointmentsView.as_view(),
        name="case-appointments",
    ),
    path("cases/<uuid:record_uuid>/grants/", access.RecordGrantsView.as_view(record_type=CASE), name="case-grants"),
    path("cases/<uuid:record_uuid>/access/", access.RecordAccessView.as_view(record_type=CASE), name="case-access"),
    path("goals/<uuid:goal_uuid>/", plans.GoalView.as_view(), name="goal"),
    path("goals/<uuid:goal_uuid>/versions/", plans.GoalVersionsView.as_view(), name="goal-versions"),
    path("goals/<uuid:goal_uuid>/actions/", plans.GoalActionsView.as_view(), name="goal-actions"),
    path("actions/<uuid:action_uuid>/", plans.ActionView.as_view(), name="action"),
    path("actions/<uuid:action_uuid>/versions/", plans.ActionVersionsView.as_view(), name="action-versions"),
    path("cases/<uuid:case_uuid>/person/", casework.CasePersonView.as_view(), name="person"),
    path("cases/<uuid:case_uuid>/addresses/", casework.CaseAddressesView.as_view(), name="addresses"),
    path(
        "cases/<uuid:case_uuid>/addresses/<uuid:address_uuid>/confirm/",
        casework.AddressConfirmView.as_view(),
        name="address-confirm",
    ),
    path(
        "cases/<uuid:case_uuid>/addresses/<uuid:address_uuid>/end/",
        casework.AddressEndView.as_view(),
        name="address-end",
    ),
    path("cases/<uuid:case_uuid>/close/", casework.CaseCloseView.as_view(), name="case-close"),
    path("cases/<uuid:case_uuid>/reopen/", casework.CaseReopenView.as_view(), name="case-reopen"),
    path("cases/<uuid:case_uuid>/documents/", documents.CaseDocumentsView.as_view(), name="case-documents"),
    path("documents/<uuid:document_uuid>/", documents.DocumentView.as_view(), name="document"),
    path("documents/<uuid:document_uuid>/file/", documents.DocumentFileView.as_view(), name="document-file"),
    path(
        "documents/<uuid:document_uuid>/withdraw/", documents.DocumentWithdrawView.as_view(), name="document-withdraw"
    ),
    path("flags/<uuid:flag_uuid>/", flags.FlagView.as_view(), name="flag"),
    path("flags/<uuid:flag_uuid>/end/", flags.FlagEndView.as_view(), name="flag-end"),
    path("cautions/<uuid:caution_uuid>/", flags.CautionView.as_view(), name="caution"),
    path("cautions/<uuid:caution_uuid>/end/", flags.CautionEndView.as_view(), name="caution-end"),
    path("appointments/", appointments.OwnAppointmentsView.as_view(), name="appointments"),
    path("appointments/<uuid:appointment_uuid>/", appointments.AppointmentView.as_view(), name="appointment"),
    path(
        "appointments/<uuid:appointment_uuid>/outcome/",
        appointments.AppointmentOutcomeView.as_view(),
        name="appointment-outcome",
    ),
    path(
        "appointments/<uuid:appointment_uuid>/move/",
        appointments.AppointmentMoveView.as_view(),
        name="appointment-move",
    ),
    path(
        "appointments/<uuid:appointment_uuid>/cancel/",
        appointments.AppointmentCancelView.as_view(),
        name="appointment-cancel",
    ),
    path("grants/<uuid:grant_uuid>/", access.GrantView.as_view(), name="grant"),
    path("grants/<uuid:grant_uuid>/end/", access.GrantEndView.as_view(), name="grant-end"),
    path("agreements/", agreements.AgreementsView.as_view(), name="agreements"),
    path("agreements/<uuid:agreement_uuid>/", agreements.AgreementView.as_view(), name="agreement"),
    path(
        "agreements/<uuid:agreement_uuid>/propose/",
        agreements.AgreementProposeView.as_view(),
        name="agreement-propose",
    ),
    path("agreements/<uuid:agreement_uuid>/sign/", agreements.AgreementSignView.as_view(), name="agreement-sign"),
    path(
        "agreements/<uuid:agreement_uuid>/send-back/",
        agreements.AgreementSendBackView.as_view(),
        name="agreement-send-back",
    ),
    path("agreements/<uuid:agreement_uuid>/amend/", agreements.AgreementAmendView.as_view(), name="agreement-amend"),
    path(
        "agreements/<uuid:agreement_uuid>/suspend/",
        agreements.AgreementSuspendView.as_view(),
        name="agreement-suspend",
    ),
    path("agreements/<uuid:agreement_uuid>/resume/", agreements.AgreementResumeView.as_view(), name="agreement-resume"),
    path("agreements/<uuid:agreement_uuid>/end/", agreements.AgreementEndView.as_view(), name="agreement-end"),
    path("directory/units/", access.UnitsView.as_view(), name="units"),
    path("inbox/", notices.InboxView.as_view(), name="inbox"),
    path("inbox/done/", notices.AllDoneView.as_view(), name="inbox-done"),
    path("inbox/preferences/", notices.PreferencesView.as_view(), name="inbox-preferences"),
    path("inbox/<uuid:item_uuid>/", notices.NewsView.as_view(comparing=plans.compared), name="news"),
    path("inbox/<uuid:item_uuid>/done/", notices.NewsDoneView.as_view(), name="news-done"),
    path("inbox/<uuid:item_uuid>/undo/", notices.NewsUndoView.as_view(), name="news-undo"),
    path("inbox/<uuid:item_uuid>/take/", notices.NewsTakeView.as_view(), name="news-take"),
    path("inbox/<uuid:item_uuid>/give-back/", notices.NewsGiveBackView.as_view(), name="news-give-back"),
    path("clients/", connections.ClientsView.as_view(), name="clients"),
    path("clients/<int:client_id>/switch-off/", connections.ClientOffView.as_view(), name="client-off"),
    path("clients/<int:client_id>/tokens/", connections.ClientTokensView.as_view(), name="client-tokens"),
    path("tokens/<uuid:token_uuid>/rotate/", connections.TokenRotateView.as_view(), name="token-rotate"),
    path("tokens/<uuid:token_uuid>/end/", connections.TokenEndView.as_view(), name="token-end"),
    path("webhooks/", connections.WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<uuid:webhook_uuid>/", connections.WebhookView.as_view(), name="webhook"),
    path("webhooks/<uuid:webhook_uuid>/secret/", connections.WebhookSecretView.as_view(), name="webhook-secret"),
    path("webhooks/<uuid:webhook_uuid>/test/", connections.WebhookTestView.as_view(), name="webhook-test"),
    path("webhooks/<uuid:webhook_uuid>/messages/", connections.WebhookMessagesView.as_view(), name="webhook-messages"),
    path("webhooks/<uuid:webhook_uuid>/replay/", connections.WebhookReplayView.as_view(), name="webhook-replay"),
    path("searches/", supervision.SearchView.as_view(), name="searches"),
    path("reference/", CodeListsView.as_view(), name="code-lists"),
    path("reference/<slug:name>/", CodeListView.as_view(), name="code-list"),
    path("agencies/", agency.AgenciesView.as_view(), name="agencies"),
    path("agencies/<uuid:agency_uuid>/", agency.AgencyView.as_view(), name="agency"),
    path("units/", agency.AgencyUnitsView.as_view(), name="agency-units"),
    path("units/<int:unit_id>/", agency.AgencyUnitView.as_view(), name="agency-unit"),
    path("units/<int:unit_id>/close/", agency.UnitCloseView.as_view(), name="agency-unit-close"),
    path("officers/", agency.OfficersView.as_view(), name="officers"),
    path("officers/search/", agency.OfficerSearchView.as_view(), name="officers-search"),
    path("roles/", agency.RolesView.as_view(), name="roles"),
    path("workload/", agency.WorkloadView.as_view(), name="workload"),
    path("members/", agency.MembersView.as_view(), name="members"),
    path("members/<int:member_id>/", agency.MemberView.as_view(), name="member"),
    path("members/<int:member_id>/roles/", agency.MemberRolesView.as_view(), name="member-roles"),
    path(
        "members/<int:member_id>/roles/<int:membership_id>/end/",
        agency.MemberRoleEndView.as_view(),
        name="member-role-end",
    ),
    path("members/<int:member_id>/link/", agency.MemberLinkView.as_view(), name="member-link"),
    path("members/<int:member_id>/suspend/", agency.MemberSuspendView.as_view(), name="member-suspend"),
    path("members/<int:member_id>/reinstate/", agency.MemberReinstateView.as_view(), name="member-reinstate"),
    path("members/<int:member_id>/unlock/", agency.MemberUnlockView.as_view(), name="member-unlock"),
    path("covers/", agency.CoversView.as_view(), name="covers"),
    path("covers/<uuid:cover_uuid>/end/", agency.CoverEndView.as_view(), name="cover-end"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", ApiDocsView.as_view(), name="docs"),
    re_path(r"^.*$", NothingHereView.as_view(), name="nothing"),
]
