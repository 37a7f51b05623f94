"""Who gets which answer from which page, and that no route of Concord is missing from a table.

A new route gets a row in TABLE below (pages) or in test_api.py (the API): (method, name, one answer for each of WHO).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from cases.supervision.views import CaseOverview
from sharing.access.pages import Page
from tests.calls import signed_in
from tests.permissions import test_api
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

# olsen: officer of the owner; reyes: joint plan; patel: status card by the circle; dispatch: the same in a narrower
# role; quist: another unit of the owner; carter: provider of another case; admin: opens no record; nobody: no
# membership; visitor: not signed in. 0 is a redirect to the sign-in page.
AGREEMENT_ACTS = ("edit", "propose", "sign", "send_back", "amend", "suspend", "resume", "end")
WHO = ("olsen", "reyes", "patel", "dispatch", "quist", "carter", "admin", "nobody", "visitor")

TABLE: list[tuple[str, str, tuple[int, ...]]] = [
    ("GET", "healthz", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "livez", (204, 204, 204, 204, 204, 204, 204, 204, 204)),
    ("GET", "account_login", (302, 302, 302, 302, 302, 302, 302, 302, 200)),
    ("POST", "account_login", (302, 302, 302, 302, 302, 302, 302, 302, 200)),
    ("GET", "account_logout", (200, 200, 200, 200, 200, 200, 200, 200, 302)),
    ("POST", "account_logout", (302, 302, 302, 302, 302, 302, 302, 302, 302)),
    ("GET", "account_inactive", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "account_signup", (302, 302, 302, 302, 302, 302, 302, 302, 200)),
    ("POST", "account_signup", (302, 302, 302, 302, 302, 302, 302, 302, 200)),
    ("GET", "account_reauthenticate", (200, 200, 200, 200, 200, 200, 200, 200, 0)),
    ("POST", "account_reauthenticate", (200, 200, 200, 200, 200, 200, 200, 200, 0)),
    ("GET", "account_change_password", (200, 200, 200, 200, 200, 200, 200, 200, 0)),
    ("POST", "account_change_password", (200, 200, 200, 200, 200, 200, 200, 200, 0)),
    ("GET", "account_set_password", (302, 302, 302, 302, 302, 302, 302, 302, 0)),
    ("POST", "account_set_password", (302, 302, 302, 302, 302, 302, 302, 302, 0)),
    ("GET", "account_reset_password", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("POST", "account_reset_password", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "account_reset_password_from_key_done", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "account_reset_password_from_key", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("POST", "account_reset_password_from_key", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "account_reset_password_done", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "today", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "account", (200, 200, 200, 200, 200, 200, 200, 200, 0)),
    ("POST", "act_for", (400, 400, 400, 400, 400, 400, 400, 400, 0)),
    ("POST", "sign_out_elsewhere", (302, 302, 302, 302, 302, 302, 302, 403, 0)),
    ("GET", "session_left", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("POST", "session_left", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "help", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "help_problem", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "whats_new", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "accessibility", (200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("GET", "agency", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "agency", (302, 302, 302, 302, 302, 302, 302, 403, 0)),
    ("GET", "agency_units", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "agency_roles", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "agency_workload", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "member_invite", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "member_invite", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "member", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "member", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "member_details", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("GET", "member_cover", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "member_cover", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("POST", "member_cover_end", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "member_details", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("POST", "member_end_role", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "member_link", (403, 403, 403, 403, 403, 403, 302, 403, 0)),
    ("POST", "member_unlock", (403, 403, 403, 403, 403, 403, 302, 403, 0)),
    ("GET", "member_suspend", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "member_suspend", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("POST", "member_reinstate", (403, 403, 403, 403, 403, 403, 302, 403, 0)),
    ("GET", "unit_add", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "unit_add", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "unit", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "unit", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("POST", "unit_close", (403, 403, 403, 403, 403, 403, 302, 403, 0)),
    ("GET", "agency_reassign", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("POST", "agency_reassign", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("GET", "cover", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "cover", (400, 400, 400, 400, 400, 400, 400, 403, 0)),
    ("GET", "covered", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("POST", "cover_end", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("GET", "inbox", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "inbox_badge", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "inbox_all_done", (302, 302, 302, 302, 302, 302, 302, 403, 0)),
    ("GET", "inbox_item", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("POST", "inbox_undo", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("POST", "inbox_done", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("POST", "inbox_take", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("POST", "inbox_give_back", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("GET", "inbox_preferences", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "inbox_preferences", (400, 400, 400, 400, 400, 400, 400, 403, 0)),
    ("GET", "agreements", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "agreement_templates", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "agreement_new", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "agreement_new", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "agreement", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "agreement_edit", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("POST", "agreement_edit", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("GET", "agreement_propose", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("POST", "agreement_propose", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("GET", "agreement_sign", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("POST", "agreement_sign", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("GET", "agreement_send_back", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "agreement_send_back", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "agreement_amend", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "agreement_amend", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "agreement_suspend", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "agreement_suspend", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "agreement_resume", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "agreement_resume", (403, 403, 403, 403, 403, 403, 302, 403, 0)),
    ("GET", "agreement_end", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "agreement_end", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "connections", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("GET", "client_new", (403, 403, 403, 403, 403, 403, 200, 403, 0)),
    ("POST", "client_new", (403, 403, 403, 403, 403, 403, 400, 403, 0)),
    ("GET", "client_off", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "client_off", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("GET", "token_new", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "token_new", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("GET", "webhook_new", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "webhook_new", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("GET", "token_rotate", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "token_rotate", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("GET", "token_end", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "token_end", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("GET", "webhook_edit", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "webhook_edit", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("GET", "webhook_secret", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "webhook_secret", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("GET", "webhook", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "webhook_test", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "webhook_switch", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("POST", "webhook_replay", (403, 403, 403, 403, 403, 403, 404, 403, 0)),
    ("GET", "case_access", (200, 200, 200, 200, 404, 404, 404, 403, 0)),
    ("GET", "case_share", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "case_share", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "grant_end", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "grant_end", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "grant_extend", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "grant_extend", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_list", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "saved_filters", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "saved_filters", (400, 400, 400, 400, 400, 400, 400, 403, 0)),
    ("POST", "saved_filter_remove", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("GET", "case_columns", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "case_columns", (302, 302, 302, 302, 302, 302, 302, 403, 0)),
    ("GET", "case_export", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "case_export", (400, 400, 400, 400, 400, 400, 400, 403, 0)),
    ("GET", "cases_reassign", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("POST", "cases_reassign", (403, 403, 403, 403, 403, 403, 403, 403, 0)),
    ("GET", "case_together", (200, 200, 200, 200, 404, 404, 404, 403, 0)),
    ("GET", "case_overview", (200, 200, 200, 200, 404, 404, 404, 403, 0)),
    ("GET", "case_search", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "case_search", (400, 400, 400, 400, 400, 400, 400, 403, 0)),
    ("GET", "case_found", (404, 404, 404, 404, 404, 404, 404, 403, 0)),
    ("GET", "contact_add", (200, 200, 200, 403, 404, 404, 404, 403, 0)),
    ("POST", "contact_add", (400, 400, 400, 403, 404, 404, 404, 403, 0)),
    ("POST", "contact_draft", (200, 200, 200, 403, 404, 404, 404, 403, 0)),
    ("GET", "contact", (200, 200, 404, 404, 404, 404, 404, 403, 0)),
    ("GET", "contact_correct", (200, 403, 404, 403, 404, 404, 404, 403, 0)),
    ("POST", "contact_correct", (400, 403, 404, 403, 404, 404, 404, 403, 0)),
    ("GET", "contact_withdraw", (200, 403, 404, 403, 404, 404, 404, 403, 0)),
    ("POST", "contact_withdraw", (400, 403, 404, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_timeline", (200, 200, 200, 200, 404, 404, 404, 403, 0)),
    ("GET", "case_conditions", (200, 200, 200, 200, 404, 404, 404, 403, 0)),
    ("GET", "case_card", (200, 200, 200, 200, 404, 404, 404, 403, 0)),
    ("GET", "case_read_back", (200, 200, 200, 200, 404, 404, 404, 403, 0)),
    ("GET", "case_flags", (200, 200, 200, 200, 404, 404, 404, 403, 0)),
    ("GET", "flag_add", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "flag_add", (400, 400, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "flag_review", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "flag_review", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "flag_end", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "flag_end", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "caution_add", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "caution_add", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "caution_review", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "caution_review", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "caution_end", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "caution_end", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_plan", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_documents", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "case_documents", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "document_file", (302, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "document_withdraw", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "document_withdraw", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_new", (200, 403, 403, 403, 200, 403, 403, 403, 0)),
    ("POST", "case_new", (400, 403, 403, 403, 400, 403, 403, 403, 0)),
    ("GET", "case_new_same", (302, 403, 403, 403, 302, 403, 403, 403, 0)),
    ("POST", "case_new_same", (302, 403, 403, 403, 302, 403, 403, 403, 0)),
    ("GET", "case_new_home", (302, 403, 403, 403, 302, 403, 403, 403, 0)),
    ("POST", "case_new_home", (302, 403, 403, 403, 302, 403, 403, 403, 0)),
    ("GET", "case_new_case", (302, 403, 403, 403, 302, 403, 403, 403, 0)),
    ("POST", "case_new_case", (400, 403, 403, 403, 400, 403, 403, 403, 0)),
    ("GET", "case_new_check", (302, 403, 403, 403, 302, 403, 403, 403, 0)),
    ("POST", "case_new_check", (302, 403, 403, 403, 302, 403, 403, 403, 0)),
    ("GET", "case_edit", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "case_edit", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "person_edit", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "person_edit", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_addresses", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "case_addresses", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "address_confirm", (404, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "address_end", (404, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_reassign", (403, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "case_reassign", (403, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_close", (403, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "case_close", (403, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_reopen", (403, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "case_reopen", (403, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "plan_start", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "plan_start", (400, 400, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "goal_add", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "goal_add", (400, 400, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "goal_edit", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "goal_edit", (400, 400, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "action_add", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "action_add", (400, 400, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "action_edit", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "case_appointments", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "appointment_new", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "appointment_new", (400, 400, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "appointment", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "appointment_file", (200, 200, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "appointment_outcome", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "appointment_outcome", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "appointment_edit", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "appointment_edit", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "appointment_move", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "appointment_move", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "appointment_cancel", (200, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("POST", "appointment_cancel", (400, 403, 403, 403, 404, 404, 404, 403, 0)),
    ("GET", "calendar", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "calendar_file", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("GET", "calendar_new", (200, 200, 200, 200, 200, 200, 200, 403, 0)),
    ("POST", "calendar_new", (400, 400, 400, 400, 400, 400, 400, 403, 0)),
    ("POST", "action_edit", (400, 400, 403, 403, 404, 404, 404, 403, 0)),
]

# All that answers a visitor who is not signed in with anything but the way to the sign-in page or a refusal (B08).
ANONYMOUS = {
    "healthz",
    "livez",
    "account_login",
    "account_logout",  # leads away
    "account_signup",  # says that an agency creates its accounts
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "session_left",  # that no session is there
    "help",
    "help_problem",
    "whats_new",
    "accessibility",
}

# After these nobody is signed in any more.
LEAVING = {"account_logout", "session_left"}


def arguments(world: World) -> dict[str, dict[str, Any]]:
    """What fills the addresses: the joint case and its parts, as its owner's links would."""
    case = {"record": world.joint.uuid}
    goal, action, grant = world.goals[0].uuid, world.actions[0].uuid, world.grants["joint"].uuid
    flag, caution = world.flags[0].uuid, world.caution.uuid
    item, webhook = {"item": uuid.uuid4()}, {"webhook": uuid.uuid4()}
    member = {"member": world.users["olsen"].pk}
    contact = {**case, "contact": world.contacts[0].uuid}
    return {
        "help_problem": {"kind": "not-found"},
        "case_overview": case,
        "case_timeline": case,
        "case_together": case,
        "contact_add": case,
        "contact_draft": case,
        "contact": contact,
        "contact_correct": contact,
        "contact_withdraw": contact,
        "case_plan": case,
        "case_conditions": case,
        "case_card": case,
        "case_read_back": case,
        "case_flags": case,
        "flag_add": case,
        "flag_review": {**case, "flag": flag},
        "flag_end": {**case, "flag": flag},
        "caution_add": case,
        "caution_review": {**case, "caution": caution},
        "caution_end": {**case, "caution": caution},
        "case_access": case,
        "case_share": case,
        "grant_end": {**case, "grant": grant},
        "grant_extend": {**case, "grant": grant},
        "case_documents": case,
        "document_file": {**case, "document": world.document.uuid},
        "document_withdraw": {**case, "document": world.document.uuid},
        **dict.fromkeys(("case_edit", "person_edit", "case_addresses"), case),
        **dict.fromkeys(("case_reassign", "case_close", "case_reopen"), case),
        "address_confirm": {**case, "address": uuid.uuid4()},
        "address_end": {**case, "address": uuid.uuid4()},
        "plan_start": case,
        "goal_add": case,
        "goal_edit": {**case, "goal": goal},
        "action_add": {**case, "goal": goal},
        "action_edit": {**case, "action": action},
        "case_appointments": case,
        "appointment_new": case,
        **{
            name: {**case, "appointment": world.appointments[0].uuid}
            for name in (
                "appointment",
                "appointment_file",
                "appointment_outcome",
                "appointment_edit",
                "appointment_move",
                "appointment_cancel",
            )
        },
        "case_found": {"token": "unknown"},
        "saved_filter_remove": {"filter": uuid.uuid4()},
        "inbox_item": item,
        "inbox_undo": item,
        "inbox_done": item,
        "inbox_take": item,
        "inbox_give_back": item,
        "client_off": {"client": 1},
        "token_new": {"client": 1},
        "webhook_new": {"client": 1},
        "token_rotate": {"token": uuid.uuid4()},
        "token_end": {"token": uuid.uuid4()},
        "webhook": webhook,
        "webhook_edit": webhook,
        "webhook_secret": webhook,
        "webhook_test": webhook,
        "webhook_switch": webhook,
        "webhook_replay": webhook,
        **dict.fromkeys(
            (
                "member",
                "member_details",
                "member_cover",
                "member_link",
                "member_unlock",
                "member_suspend",
                "member_reinstate",
            ),
            member,
        ),
        "agreement_new": {"kind": "information"},
        "agreement": {"agreement": world.agreement.uuid},
        **{f"agreement_{act}": {"agreement": world.agreement.uuid} for act in AGREEMENT_ACTS},
        "member_end_role": {**member, "membership": 0},
        "unit": {"unit": world.units["probation/north"].pk},
        "unit_close": {"unit": world.units["probation/north"].pk},
        "covered": {"cover": uuid.uuid4()},
        "cover_end": {"cover": uuid.uuid4()},
        "member_cover_end": {**member, "cover": uuid.uuid4()},
        "account_reset_password_from_key": {"uidb36": "1", "key": "unknown"},
    }


def routes(resolver: URLResolver | None = None, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route of the URLconf and of what it includes, by its full name."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        else:
            yield f"{space}{entry.name}", entry


def answer(client: Client, method: str, address: str) -> int:
    """The status, or 0 for a redirect to the sign-in page."""
    response = getattr(client, method.lower())(address)
    if response.status_code == 302 and response["Location"].startswith(reverse("account_login")):
        return 0
    return int(response.status_code)


def test_everybody_gets_the_answer_of_the_table(world: World) -> None:
    wrong = []
    filled = arguments(world)
    for column, who in enumerate(WHO):
        client = None
        for method, name, expected in TABLE:
            client = client or (Client() if who == "visitor" else signed_in(world.users[who]))
            status = answer(client, method, reverse(name, kwargs=filled.get(name)))
            if status != expected[column]:
                wrong.append(f"{who} {method} {name}: {status}, not {expected[column]}")
            if name in LEAVING:
                client = None
    assert not wrong, "\n".join(wrong)


def test_no_route_is_missing_from_a_table() -> None:
    """Included URLconfs too; by method where a view class says which it has."""
    pages = {(method, name) for method, name, _ in TABLE}
    api = {(method, f"api:{name}") for method, name, _ in test_api.TABLE}
    missing = []
    for name, route in routes():
        view = getattr(route.callback, "view_class", None) or getattr(route.callback, "cls", None)
        # A form view of Django's answers PUT like POST; no form sends it, and CSRF guards it the same way.
        methods = [m for m in ("get", "post", "patch", "delete") if view and hasattr(view, m)]
        listed = api if name.startswith("api:") else pages
        for method in methods or [None]:
            if method and (method.upper(), name) not in listed:
                missing.append(f'add ("{method.upper()}", "{name}", …) to TABLE: who gets which answer')
            elif not method and name not in {other for _, other in listed}:
                missing.append(f'add ("GET" or "POST", "{name}", …) to TABLE: who gets which answer')
    assert not missing, "\n".join(missing)


def test_every_row_of_the_table_is_a_route() -> None:
    names = {name for name, _ in routes()}
    assert {name for _, name, _ in TABLE} <= names


def test_what_a_visitor_may_reach_is_fixed(world: World) -> None:
    """Asked, not read from the table: every address that takes no unknown value, and the others with ours."""
    reached = set()
    filled = arguments(world)
    for name, _ in routes():
        if name.startswith("api:"):
            if name.removeprefix("api:") == "nothing":
                continue
            address = test_api.address(world, name.removeprefix("api:"))
        else:
            address = reverse(name, kwargs=filled.get(name))
        if answer(Client(), "GET", address) not in (0, 401, 403, 404, 405):
            reached.add(name)
    assert reached == ANONYMOUS, f"opened: {reached - ANONYMOUS}; shut: {ANONYMOUS - reached}"


def test_every_page_of_ours_declares_what_it_needs() -> None:
    """A method without an entry is refused; so a page whose author forgot it is noticed here first."""
    for name, route in routes():
        view = getattr(route.callback, "view_class", None)
        if view is not None and issubclass(view, Page):
            methods = {method for method in ("get", "post") if hasattr(view, method)}
            assert methods == set(view.needs), f"{name}: `needs` of {view.__name__} must name {methods}"


def test_a_method_without_a_declared_category_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(world.users["olsen"])
    address = reverse("case_overview", kwargs={"record": world.joint.uuid})
    assert client.get(address).status_code == 200
    monkeypatch.setattr(CaseOverview, "needs", {})
    assert client.get(address).status_code == 403


def test_hidden_and_missing_are_the_same_answer(world: World) -> None:
    """Same status, same body but for the address that was asked for and the request's number."""
    client = signed_in(world.users["carter"])

    def body(record: Any) -> str:
        response = client.get(reverse("case_overview", kwargs={"record": record}), headers={"X-Request-Id": "same-one"})
        assert response.status_code == 404
        return re.sub(r"csrf[^>]*value=\"[^\"]*\"", "", response.content.decode()).replace(str(record), "")

    assert body(world.restricted.uuid) == body(uuid.uuid4())
