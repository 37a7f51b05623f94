"""Every page: no WCAG 2.2 AA violation that axe can find, nothing wider than 320 px, no name in title or address."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver

from tests.journeys.conftest import DATABASE, Somebody
from tests.services import connect
from tests.worlds import World

pytestmark = pytest.mark.browser
Come = Callable[..., Somebody]

AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
    "preload": False,  # nothing is fetched once more: a rule on recorded sound alone would need it
}
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 320, "height": 800}

# Route name → who looks, and at which address; {joint} and the like are filled from the world.
PAGES = {
    "today": ("olsen", "/"),
    "case_list": ("mills", "/cases/"),
    "saved_filters": ("olsen", "/cases/saved/?status=1"),
    "case_columns": ("olsen", "/cases/columns/"),
    "case_export": ("olsen", "/cases/export/?tab=mine&risk=4"),
    "cases_reassign": ("mills", "/cases/reassign/?case={joint}"),
    "case_together": ("olsen", "/cases/{joint}/together/"),
    "case_overview": ("olsen", "/cases/{joint}/"),
    "contact_add": ("olsen", "/cases/{joint}/contacts/new/"),
    "contact": ("olsen", "/cases/{joint}/contacts/{contact}/"),
    "contact_correct": ("olsen", "/cases/{joint}/contacts/{contact}/correct/"),
    "contact_withdraw": ("olsen", "/cases/{joint}/contacts/{contact}/withdraw/"),
    "case_timeline": ("olsen", "/cases/{joint}/timeline/"),
    "case_plan": ("olsen", "/cases/{joint}/plan/"),
    "case_conditions": ("olsen", "/cases/{joint}/conditions/"),
    "case_card": ("patel", "/cases/{joint}/card/?light=night"),
    "case_read_back": ("patel", "/cases/{joint}/card/read-back/?light=night"),
    "case_flags": ("olsen", "/cases/{joint}/flags/"),
    "flag_add": ("olsen", "/cases/{joint}/flags/new/"),
    "flag_review": ("olsen", "/cases/{joint}/flags/{flag}/review/"),
    "flag_end": ("olsen", "/cases/{joint}/flags/{flag}/end/"),
    "caution_add": ("olsen", "/cases/{joint}/cautions/new/"),
    "caution_review": ("olsen", "/cases/{joint}/cautions/{caution}/review/"),
    "caution_end": ("olsen", "/cases/{joint}/cautions/{caution}/end/"),
    "plan_start": ("pratt", "/cases/{referred}/plan/new/"),
    "goal_add": ("olsen", "/cases/{joint}/plan/goals/new/"),
    "goal_edit": ("olsen", "/cases/{joint}/plan/goals/{goal}/edit/"),
    "action_add": ("olsen", "/cases/{joint}/plan/goals/{goal}/actions/new/"),
    "action_edit": ("olsen", "/cases/{joint}/plan/actions/{action}/edit/"),
    "case_new": ("olsen", "/cases/new/"),
    "case_new_same": ("olsen", "/cases/new/same/"),
    "case_new_home": ("olsen", "/cases/new/home/"),
    "case_new_case": ("olsen", "/cases/new/case/"),
    "case_new_check": ("olsen", "/cases/new/check/"),
    "case_edit": ("olsen", "/cases/{joint}/edit/"),
    "person_edit": ("olsen", "/cases/{joint}/person/"),
    "case_addresses": ("olsen", "/cases/{joint}/addresses/"),
    "case_reassign": ("mills", "/cases/{joint}/reassign/"),
    "case_close": ("mills", "/cases/{joint}/close/"),
    "case_reopen": ("mills", "/cases/{joint}/reopen/"),
    "case_documents": ("olsen", "/cases/{joint}/documents/"),
    "document_withdraw": ("olsen", "/cases/{joint}/documents/{document}/withdraw/"),
    "case_access": ("olsen", "/cases/{joint}/access/"),
    "case_share": ("olsen", "/cases/{joint}/access/share/"),
    "grant_end": ("olsen", "/cases/{joint}/access/{grant}/end/"),
    "grant_extend": ("olsen", "/cases/{joint}/access/{grant}/extend/"),
    "case_search": ("olsen", "/search/"),
    "case_found": ("olsen", "/search/no-longer-kept/"),
    "case_appointments": ("olsen", "/cases/{joint}/appointments/"),
    "appointment_new": ("olsen", "/cases/{joint}/appointments/new/"),
    "appointment": ("olsen", "/cases/{joint}/appointments/{appointment}/"),
    "appointment_outcome": ("olsen", "/cases/{joint}/appointments/{appointment}/outcome/"),
    "appointment_edit": ("olsen", "/cases/{joint}/appointments/{appointment}/edit/"),
    "appointment_move": ("olsen", "/cases/{joint}/appointments/{appointment}/move/"),
    "appointment_cancel": ("olsen", "/cases/{joint}/appointments/{appointment}/cancel/"),
    "calendar": ("olsen", "/calendar/"),
    "calendar_new": ("olsen", "/calendar/new/"),
    "inbox": ("reyes", "/inbox/"),
    "inbox_item": ("reyes", "/inbox/{item}/"),
    "inbox_preferences": ("reyes", "/inbox/preferences/"),
    "connections": ("admin", "/agency/connections/"),
    "client_new": ("admin", "/agency/connections/systems/new/"),
    "client_off": ("admin", "/agency/connections/systems/{client}/off/"),
    "token_new": ("admin", "/agency/connections/systems/{client}/tokens/new/"),
    "token_rotate": ("admin", "/agency/connections/tokens/{token}/rotate/"),
    "token_end": ("admin", "/agency/connections/tokens/{token}/end/"),
    "webhook_new": ("admin", "/agency/connections/systems/{client}/webhooks/new/"),
    "webhook": ("admin", "/agency/connections/webhooks/{webhook}/"),
    "webhook_edit": ("admin", "/agency/connections/webhooks/{webhook}/edit/"),
    "webhook_secret": ("admin", "/agency/connections/webhooks/{webhook}/secret/"),
    "account": ("olsen", "/account/"),
    "account_login": ("", "/accounts/login/"),
    "account_signup": ("", "/accounts/signup/"),
    "account_logout": ("olsen", "/accounts/logout/"),
    "account_change_password": ("olsen", "/accounts/password/change/"),
    "account_reset_password": ("", "/accounts/password/reset/"),
    "account_reset_password_done": ("", "/accounts/password/reset/done/"),
    "account_reset_password_from_key": ("", "/accounts/password/reset/key/x-y/"),
    "account_reset_password_from_key_done": ("", "/accounts/password/reset/key/done/"),
    "account_inactive": ("", "/accounts/inactive/"),
    "account_reauthenticate": ("olsen", "/accounts/reauthenticate/"),
    "agency": ("admin", "/agency/"),
    "member_invite": ("admin", "/agency/members/new/"),
    "member": ("admin", "/agency/members/{olsen}/"),
    "member_suspend": ("admin", "/agency/members/{olsen}/suspend/"),
    "agency_units": ("admin", "/agency/units/"),
    "unit_add": ("admin", "/agency/units/new/"),
    "unit": ("admin", "/agency/units/{north}/"),
    "agency_roles": ("admin", "/agency/roles/"),
    "agency_workload": ("mills", "/agency/workload/"),
    "agency_reassign": ("mills", "/agency/reassign/"),
    "cover": ("olsen", "/account/cover/"),
    "covered": ("olsen", "/account/cover/{cover}/"),
    "help": ("", "/help/"),
    "whats_new": ("", "/whats-new/"),
    "accessibility": ("", "/accessibility/"),
}
OTHER_PAGES = {
    "a case seen by a grant": ("reyes", "/cases/{joint}/"),
    "a plan seen by a grant": ("reyes", "/cases/{joint}/plan/"),
    "a timeline seen by a grant": ("reyes", "/cases/{joint}/timeline/"),
    "a contact form of police": ("reyes", "/cases/{joint}/contacts/new/"),
    "access seen by a grant": ("reyes", "/cases/{joint}/access/"),
    "a status card by day": ("patel", "/cases/{joint}/card/?light=day"),
    "flags not shared": ("patel", "/cases/{joint}/flags/"),
    "appointments seen by a grant": ("reyes", "/cases/{joint}/appointments/"),
    "a calendar not for the role": ("carter", "/calendar/"),
    "a name alone": ("carter", "/cases/{referred}/"),
    "an empty list": ("admin", "/cases/"),
    "a bad filter": ("mills", "/cases/?status=99"),
    "people for everybody": ("olsen", "/agency/"),
    "the workload of one unit": ("mills", "/agency/workload/?unit={north}"),
    "a caseload to move": ("mills", "/agency/reassign/?officer={olsen}"),
    "help for somebody signed in": ("olsen", "/help/"),
    "not found": ("olsen", "/no/such/page/"),
    "not permitted": ("patel", "/cases/{joint}/plan/"),
}
# Answers to a post, pieces of pages, machines' addresses, and one that always leads on to changing the password.
NO_PAGES = {
    "inbox_take", "inbox_give_back", "webhook_test", "webhook_switch", "webhook_replay",
    "healthz", "livez", "contact_draft", "saved_filter_remove", "document_file", "address_confirm", "address_end",
    "inbox_badge",
    "inbox_done", "inbox_undo", "inbox_all_done", "act_for", "account_set_password",
    "calendar_file", "appointment_file",
    "session_left", "sign_out_elsewhere", "member_end_role", "member_link", "member_unlock", "member_reinstate",
    "unit_close", "cover_end",
}  # fmt: skip


def names(resolver: URLResolver | None = None) -> set[str]:
    """The names of every address outside the API and the demo."""
    found: set[str] = set()
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith(("api/", "demo/")):
                found |= names(pattern)
        elif isinstance(pattern, URLPattern):
            found.add(pattern.name or str(pattern.pattern))
    return found


def test_no_page_is_left_out() -> None:
    assert names() == set(PAGES) | NO_PAGES


def fill(address: str, world: World) -> str:
    """The address with the world's UUIDs."""
    places: dict[str, Any] = {
        "joint": world.joint.uuid,
        "referred": world.referred.uuid,
        "goal": world.goals[0].uuid,
        "action": world.actions[0].uuid,
        "document": world.document.uuid,
        "flag": world.flags[0].uuid,
        "caution": world.caution.uuid,
        "contact": world.contacts[0].uuid,
        "grant": world.grants["joint"].uuid,
        "appointment": world.appointments[0].uuid,
        "item": _item(world) if "{item}" in address else "",
        **(_connection(world) if "/agency/connections/" in address else {}),
        "olsen": world.users["olsen"].pk,
        "north": world.units["probation/north"].pk,
        "cover": _cover(world) if "{cover}" in address else "",
    }
    return address.format(**places)


def _connection(world: World) -> dict[str, Any]:
    """A system of the probation agency with a token and a webhook, made once."""
    with closing(connect("owner", DATABASE)) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT client_id, uuid FROM sharing_webhook")
        found = cursor.fetchone()
        if not found:
            cursor.execute(
                "INSERT INTO agencies_user (kind, email, name, title, badge, phone, password, is_active, date_joined)"
                " VALUES ('client', 'jail@example.org', 'Jail', '', '', '', '!', true, now()) RETURNING id"
            )
            client = cursor.fetchone()[0]
            cursor.execute(
                "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
                " VALUES (%s, %s, 'system_reader', now(), '9999-12-31')",
                [client, world.units["probation/north"].pk],
            )
            cursor.execute(
                "INSERT INTO agencies_apitoken (uuid, user_id, label, digest, hint, created_at, expires_at)"
                " VALUES (gen_random_uuid(), %s, 'nightly', 'x', 'ccd_abcdef', now(), now() + interval '9 days')",
                [client],
            )
            cursor.execute(
                "INSERT INTO sharing_webhook (uuid, client_id, agency_id, url, kinds, version, created_at,"
                " created_by_id, off_reason)"
                " VALUES (gen_random_uuid(), %s, %s, 'https://jail.example/news', '{}', 1, now(), %s, '')"
                " RETURNING client_id, uuid",
                [client, world.agencies["probation"].pk, world.users["admin"].pk],
            )
            found = cursor.fetchone()
        cursor.execute("SELECT uuid FROM agencies_apitoken WHERE user_id = %s", [found[0]])
        return {"client": found[0], "token": cursor.fetchone()[0], "webhook": found[1]}


def _cover(world: World) -> str:
    """Olsen answers for pratt."""
    with closing(connect("owner", DATABASE)) as owner, owner.cursor() as cursor:
        cursor.execute(
            "INSERT INTO agencies_cover (uuid, agency_id, officer_id, colleague_id, starts_at, until, created_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, now(), now() + interval '1 day', now()) RETURNING uuid",
            [world.agencies["probation"].pk, world.users["pratt"].pk, world.users["olsen"].pk],
        )
        return str(cursor.fetchone()[0])


def _item(world: World) -> str:
    """News of a goal, put into reyes' inbox as the relay would."""
    with closing(connect("owner", DATABASE)) as owner, owner.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sharing_outboxevent (uuid, kind, record_type, record_id, object_type, object_id, versions,"
            " group_ids, actor_id, actor_agency_id, created_at, next_attempt_at, relayed_at, failures, last_error)"
            " VALUES (gen_random_uuid(), 'plan.goal_added', 'cases.case', %s, 'cases.goal', %s,"
            " '{\"before\": 0, \"after\": 1}', '[]', %s, %s, now(), now(), now(), 0, '') RETURNING id",
            [str(world.joint.uuid), str(world.goals[0].uuid), world.users["olsen"].pk, world.agencies["probation"].pk],
        )
        cursor.execute(
            "INSERT INTO sharing_inboxitem (uuid, event_id, user_id, agency_id, created_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, now()) RETURNING uuid",
            [cursor.fetchone()[0], world.users["reyes"].pk, world.agencies["police"].pk],
        )
        return str(cursor.fetchone()[0])


def test_every_page_stands_up(world: World, somebody: Come) -> None:
    people = {who: somebody(who or None) for who in sorted({who for who, _ in (PAGES | OTHER_PAGES).values()})}
    wrong: dict[str, Any] = {}
    for name, (who, address) in (PAGES | OTHER_PAGES).items():
        page = people[who].go(fill(address, world))
        # Each page in both sizes, and first in the one in which this person's page before it was left.
        for size in (PHONE, DESK) if page.viewport_size == PHONE else (DESK, PHONE):
            page.set_viewport_size(size)
            if size is DESK:
                for violation in Axe().run(page, options=AXE).response["violations"]:
                    wrong[f"{name}: {violation['id']}"] = [node["html"][:160] for node in violation["nodes"][:2]]
            elif page.evaluate("() => document.documentElement.scrollWidth") > PHONE["width"]:
                wrong[f"{name}: wider than {PHONE['width']}"] = page.url
        spoken = page.title() + page.url
        if any(part in spoken for part in ("Hallett", "Tobias", "C00000")):
            wrong[f"{name}: a name in title or address"] = spoken
    assert not wrong, "\n".join(f"{name} {what}" for name, what in wrong.items())
