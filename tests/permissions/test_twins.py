"""What people can do on a page, systems can do over the API: every page and every form has its operation.

A page or form that is missing here, and an operation that is named here and does not exist, fail the tests.
"""

from __future__ import annotations

from portal.api.schema import document
from tests.permissions.test_pages import routes

# Page and method → operations that give or do the same. Steps of one form share the operation that ends them; a form
# itself is a page for people, and what it needs to be filled in is what its operations read.
TWINS: dict[tuple[str, str], tuple[str, ...]] = {
    ("today", "get"): ("list_inbox", "list_cases", "list_actions", "list_own_appointments"),
    ("inbox", "get"): ("list_inbox",),
    ("inbox_badge", "get"): ("list_inbox",),
    ("inbox_item", "get"): ("read_news",),
    ("inbox_all_done", "post"): ("put_all_news_away",),
    ("inbox_done", "post"): ("put_news_away",),
    ("inbox_undo", "post"): ("take_news_back",),
    ("inbox_take", "post"): ("take_news_on",),
    ("inbox_give_back", "post"): ("give_news_back",),
    ("inbox_preferences", "get"): ("read_inbox_preferences",),
    ("inbox_preferences", "post"): ("change_inbox_preferences",),
    ("connections", "get"): ("list_clients", "list_webhooks"),
    ("client_new", "get"): ("list_units",),
    ("client_new", "post"): ("register_client",),
    ("client_off", "get"): ("list_clients",),
    ("client_off", "post"): ("switch_off_client",),
    ("token_new", "get"): ("list_clients",),
    ("token_new", "post"): ("make_token",),
    ("token_rotate", "get"): ("list_clients",),
    ("token_rotate", "post"): ("rotate_token",),
    ("token_end", "get"): ("list_clients",),
    ("token_end", "post"): ("end_token",),
    ("webhook_new", "get"): ("list_clients",),
    ("webhook_new", "post"): ("add_webhook",),
    ("webhook", "get"): ("read_webhook", "list_webhook_messages"),
    ("webhook_edit", "get"): ("read_webhook",),
    ("webhook_edit", "post"): ("change_webhook",),
    ("webhook_secret", "get"): ("read_webhook",),
    ("webhook_secret", "post"): ("rotate_webhook_secret",),
    ("webhook_test", "post"): ("test_webhook",),
    ("webhook_switch", "post"): ("change_webhook",),
    ("webhook_replay", "post"): ("replay_messages",),
    ("case_list", "get"): ("list_cases", "list_recent_cases", "list_case_filters"),
    ("saved_filters", "get"): ("list_case_filters",),
    ("saved_filters", "post"): ("save_case_filter",),
    ("saved_filter_remove", "post"): ("remove_case_filter",),
    ("case_columns", "get"): ("read_case_columns",),
    ("case_columns", "post"): ("choose_case_columns",),
    ("case_export", "get"): ("list_code_lists",),
    ("case_export", "post"): ("export_cases",),
    ("cases_reassign", "get"): ("list_units",),
    ("cases_reassign", "post"): ("reassign_cases",),
    ("case_search", "get"): ("search_cases",),
    ("case_search", "post"): ("search_cases",),
    ("case_found", "get"): ("search_cases",),
    ("case_overview", "get"): ("read_case", "read_supervisee", "list_conditions"),
    ("case_conditions", "get"): ("list_conditions",),
    ("case_card", "get"): ("read_status_card",),
    ("case_read_back", "get"): ("read_status_card",),
    ("case_timeline", "get"): ("read_timeline",),
    ("case_together", "get"): ("read_case",),
    ("case_new", "get"): ("search_cases",),
    ("case_new", "post"): ("open_case",),
    ("case_new_same", "get"): ("search_cases",),
    ("case_new_same", "post"): ("open_case",),
    ("case_new_home", "get"): ("read_code_list",),
    ("case_new_home", "post"): ("open_case",),
    ("case_new_case", "get"): ("read_code_list",),
    ("case_new_case", "post"): ("open_case",),
    ("case_new_check", "get"): ("search_cases",),
    ("case_new_check", "post"): ("open_case",),
    ("case_edit", "get"): ("read_case",),
    ("case_edit", "post"): ("change_case",),
    ("person_edit", "get"): ("read_person",),
    ("person_edit", "post"): ("change_person",),
    ("case_addresses", "get"): ("list_addresses",),
    ("case_addresses", "post"): ("add_address",),
    ("address_confirm", "post"): ("confirm_address",),
    ("address_end", "post"): ("end_address",),
    ("case_reassign", "get"): ("read_case",),
    ("case_reassign", "post"): ("reassign_cases",),
    ("case_close", "get"): ("read_case",),
    ("case_close", "post"): ("close_case",),
    ("case_reopen", "get"): ("read_case",),
    ("case_reopen", "post"): ("reopen_case",),
    ("case_access", "get"): ("explain_access", "list_grants"),
    ("case_share", "get"): ("list_units", "list_agreements"),
    ("case_share", "post"): ("give_access",),
    ("grant_extend", "get"): ("read_grant",),
    ("grant_extend", "post"): ("move_end_of_access",),
    ("grant_end", "get"): ("read_grant",),
    ("grant_end", "post"): ("end_access",),
    ("case_flags", "get"): ("list_flags", "list_cautions"),
    ("flag_add", "get"): ("read_code_list",),
    ("flag_add", "post"): ("set_flag",),
    ("flag_review", "get"): ("read_flag",),
    ("flag_review", "post"): ("review_flag",),
    ("flag_end", "get"): ("read_flag",),
    ("flag_end", "post"): ("end_flag",),
    ("caution_add", "get"): ("read_code_list",),
    ("caution_add", "post"): ("add_caution",),
    ("caution_review", "get"): ("read_caution",),
    ("caution_review", "post"): ("review_caution",),
    ("caution_end", "get"): ("read_caution",),
    ("caution_end", "post"): ("end_caution",),
    ("case_plan", "get"): ("read_plan", "list_goal_versions", "list_action_versions"),
    ("plan_start", "get"): ("read_case",),
    ("plan_start", "post"): ("start_plan",),
    ("goal_add", "get"): ("read_plan",),
    ("goal_add", "post"): ("add_goal",),
    ("goal_edit", "get"): ("read_goal",),
    ("goal_edit", "post"): ("change_goal",),
    ("action_add", "get"): ("read_goal",),
    ("action_add", "post"): ("add_action",),
    ("action_edit", "get"): ("read_action",),
    ("action_edit", "post"): ("change_action",),
    ("contact_add", "get"): ("read_case",),
    ("contact_add", "post"): ("record_contact",),
    ("contact", "get"): ("read_contact", "list_contact_versions"),
    ("contact_correct", "get"): ("read_contact",),
    ("contact_correct", "post"): ("correct_contact",),
    ("contact_withdraw", "get"): ("read_contact",),
    ("contact_withdraw", "post"): ("withdraw_contact",),
    ("case_appointments", "get"): ("list_case_appointments",),
    ("appointment", "get"): ("read_appointment",),
    ("appointment_file", "get"): ("read_appointment",),
    ("appointment_new", "get"): ("read_case",),
    ("appointment_new", "post"): ("make_appointment",),
    ("appointment_outcome", "get"): ("read_appointment",),
    ("appointment_outcome", "post"): ("record_outcome",),
    ("appointment_edit", "get"): ("read_appointment",),
    ("appointment_edit", "post"): ("change_appointment",),
    ("appointment_move", "get"): ("read_appointment",),
    ("appointment_move", "post"): ("move_appointment",),
    ("appointment_cancel", "get"): ("read_appointment",),
    ("appointment_cancel", "post"): ("cancel_appointment",),
    ("calendar", "get"): ("list_own_appointments",),
    ("calendar_file", "get"): ("list_own_appointments",),
    ("calendar_new", "get"): ("list_cases",),
    ("calendar_new", "post"): ("make_appointment",),
    ("case_documents", "get"): ("list_documents",),
    ("case_documents", "post"): ("add_document",),
    ("document_file", "get"): ("download_document",),
    ("document_withdraw", "get"): ("read_document",),
    ("document_withdraw", "post"): ("withdraw_document",),
    ("agreements", "get"): ("list_agreements",),
    ("agreement", "get"): ("read_agreement",),
    ("agreement_templates", "get"): ("list_agreements",),
    ("agreement_new", "get"): ("list_agencies",),
    ("agreement_new", "post"): ("draft_agreement",),
    ("agreement_edit", "get"): ("read_agreement",),
    ("agreement_edit", "post"): ("change_agreement",),
    ("agreement_propose", "get"): ("read_agreement",),
    ("agreement_propose", "post"): ("propose_agreement",),
    ("agreement_sign", "get"): ("read_agreement",),
    ("agreement_sign", "post"): ("sign_agreement",),
    ("agreement_send_back", "get"): ("read_agreement",),
    ("agreement_send_back", "post"): ("send_agreement_back",),
    ("agreement_amend", "get"): ("read_agreement",),
    ("agreement_amend", "post"): ("amend_agreement",),
    ("agreement_suspend", "get"): ("read_agreement",),
    ("agreement_suspend", "post"): ("suspend_agreement",),
    ("agreement_resume", "get"): ("read_agreement",),
    ("agreement_resume", "post"): ("resume_agreement",),
    ("agreement_end", "get"): ("read_agreement",),
    ("agreement_end", "post"): ("end_agreement",),
    ("agency", "get"): ("list_officers", "list_members"),
    ("agency", "post"): ("search_officers",),
    ("member_invite", "get"): ("list_roles", "list_agency_units"),
    ("member_invite", "post"): ("invite_member",),
    ("member", "get"): ("read_member",),
    ("member", "post"): ("give_role",),
    ("member_details", "get"): ("read_member",),
    ("member_cover", "get"): ("list_officers",),
    ("member_cover", "post"): ("arrange_cover",),
    ("member_cover_end", "post"): ("end_cover",),
    ("member_details", "post"): ("correct_member",),
    ("member_end_role", "post"): ("end_role",),
    ("member_link", "post"): ("send_password_link",),
    ("member_suspend", "get"): ("read_member",),
    ("member_suspend", "post"): ("suspend_member",),
    ("member_reinstate", "post"): ("reinstate_member",),
    ("member_unlock", "post"): ("end_lock_out",),
    ("agency_units", "get"): ("list_agency_units",),
    ("unit_add", "get"): ("list_agency_units",),
    ("unit_add", "post"): ("add_unit",),
    ("unit", "get"): ("read_unit",),
    ("unit", "post"): ("change_unit",),
    ("unit_close", "post"): ("close_unit",),
    ("agency_roles", "get"): ("list_roles",),
    ("agency_workload", "get"): ("read_workload",),
    ("agency_reassign", "get"): ("list_cases",),
    ("agency_reassign", "post"): ("reassign_cases",),
    ("cover", "get"): ("list_covers",),
    ("cover", "post"): ("arrange_cover",),
    ("covered", "get"): ("list_covers", "list_cases"),
    ("cover_end", "post"): ("end_cover",),
}

# Signing in and one's own account are a person's, done in a browser; a system has a token, which states its agency.
FOR_PEOPLE_ONLY = ("account", "act_for", "contact_draft", "healthz", "help", "demo")


def test_every_page_has_a_twin() -> None:
    missing = []
    for name, pattern in routes():
        view = getattr(pattern.callback, "view_class", None)
        if name.startswith("api:") or name.startswith(FOR_PEOPLE_ONLY) or view is None:
            continue
        for method in ("get", "post"):
            if hasattr(view, method) and not TWINS.get((name, method)):
                missing.append(f"{method.upper()} {name}")
    assert missing == [], "name the operations of the API that give or do the same"


def test_every_twin_exists() -> None:
    operations = {
        operation["operationId"]: method
        for methods in document()["paths"].values()
        for method, operation in methods.items()
    }
    named = {operation for twins in TWINS.values() for operation in twins}
    assert named <= set(operations)
    # What changes something on a page is no mere reading over the API.
    reading = [page for page, twins in TWINS.items() if page[1] == "post" and {operations[t] for t in twins} == {"get"}]
    assert reading == []


def test_no_twin_is_of_a_page_that_is_gone() -> None:
    pages = {name for name, _ in routes()}
    assert {name for name, _ in TWINS} <= pages
