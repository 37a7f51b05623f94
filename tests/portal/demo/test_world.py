"""The demo world: all people of the extract, what surrounds them, the same twice, and made only once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from portal.demo.personas import PERSONAS
from tests import services

DATABASE = "concord_demo"

# What may not differ between two makings on one day: everything but random UUIDs, ids and moments.
_SAME = {
    "officers": "SELECT c.number, o.email, u.name, c.status, c.supervision_level, c.term_end, c.next_review,"
    " c.restricted FROM cases_case c JOIN agencies_unit u ON u.group_id = c.unit_id"
    " LEFT JOIN agencies_user o ON o.id = c.officer_id",
    "conditions": "SELECT c.number, x.kind, x.text FROM cases_condition x JOIN cases_case c ON c.id = x.case_id",
    "cautions": "SELECT c.number, x.text, x.detail FROM cases_caution x JOIN cases_case c ON c.id = x.case_id",
    "actions": "SELECT c.number, x.title, x.owner_text, x.due_on FROM cases_action x"
    " JOIN cases_case c ON c.id = x.case_id",
    "appointments": "SELECT c.number, x.kind, x.starts_at, x.outcome FROM cases_appointment x"
    " JOIN cases_case c ON c.id = x.case_id",
    "grants": "SELECT c.number, n.name, g.bundle, g.revoked_at IS NULL FROM sharing_grant g"
    " JOIN cases_case c ON c.uuid = g.record_id JOIN auth_group n ON n.id = g.group_id",
}


def make(database: str) -> str:
    """Runs demo_world on the database; returns what it says."""
    environment = {**os.environ, **services.running().environment(database)}
    environment["DJANGO_SETTINGS_MODULE"] = "portal.settings.demo"
    environment.pop("CONCORD_DB_ROLE", None)
    done = subprocess.run(
        [sys.executable, "manage.py", "demo_world"],
        env=environment,
        cwd=services.ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(sql: str, database: str = DATABASE) -> list[Any]:
    """What the owner of the tables reads."""
    owner = services.connect("owner", database)
    try:
        with owner.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())
    finally:
        owner.close()


@pytest.fixture(scope="module", autouse=True)
def made(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The demo world, made once for these tests in a database of its own."""
    services.clone_database(DATABASE)
    os.environ["CONCORD_MAIL_DIR"] = str(tmp_path_factory.mktemp("demo") / "mail")
    assert "The demo world is made" in make(DATABASE)


def test_everybody_of_the_extract_is_there() -> None:
    assert ask("SELECT count(*) FROM cases_person WHERE source_digest <> ''") == [(9383,)]
    assert ask("SELECT mode, state, rows_created, rows_refused FROM cases_importrun") == [("full", "finished", 9383, 0)]


def test_a_second_time_it_is_there_and_nothing_changes() -> None:
    before = ask("SELECT count(*), max(xmin::text::bigint) FROM cases_case")
    begun = time.monotonic()
    assert make(DATABASE) == "The demo world is there.\n"
    assert time.monotonic() - begun < 10  # mostly Python's start on a busy machine
    assert ask("SELECT count(*), max(xmin::text::bigint) FROM cases_case") == before


@pytest.mark.drill
def test_it_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = "concord_demo_again"
    services.clone_database(other)
    monkeypatch.setenv("CONCORD_MAIL_DIR", str(tmp_path / "mail"))
    make(other)
    for what, sql in _SAME.items():
        assert sorted(map(str, ask(sql))) == sorted(map(str, ask(sql, other))), what


def test_caseloads_are_as_promised() -> None:
    loads = ask(
        "SELECT count(*) FROM cases_case c JOIN agencies_agency a ON a.id = c.agency_id"
        " WHERE a.kind = 'probation_adult' GROUP BY c.officer_id"
    )
    assert len(loads) == 152
    assert all(40 <= load <= 70 for (load,) in loads)
    officer = PERSONAS[0].email
    own = f"SELECT count(*) FROM cases_case c JOIN agencies_user u ON u.id = c.officer_id WHERE u.email = '{officer}'"
    assert ask(own) == [(61,)]


def test_the_circle_holds_a_status_card_of_every_active_case_and_of_no_other() -> None:
    """Under an agreement that the agency of the case and those of the circle have signed."""
    assert ask(
        "SELECT a.kind, count(*) = count(k.grant_id) FROM cases_case c JOIN agencies_agency a ON a.id = c.agency_id"
        " LEFT JOIN (cases_casekey k JOIN sharing_grant g ON g.id = k.grant_id AND g.bundle = 'status_card'"
        " JOIN sharing_circle r ON r.group_id = k.group_id) ON k.content_object_id = c.id"
        " WHERE c.status = 1 GROUP BY 1 ORDER BY 1"
    ) == [("parole", True), ("probation_adult", True)]
    keys = "SELECT count(*) FROM cases_casekey k JOIN sharing_circle r ON r.group_id = k.group_id"
    assert ask(f"{keys} WHERE k.status <> 1") == [(0,)]
    inside = "SELECT u.agency_id FROM sharing_circleunit x JOIN agencies_unit u ON u.group_id = x.unit_id"
    signed = "SELECT p.agency_id FROM sharing_agreementparty p WHERE p.agreement_id = k.agreement_id"
    assert ask(
        f"{keys} JOIN cases_case c ON c.id = k.content_object_id WHERE EXISTS"
        f" ((SELECT c.agency_id UNION {inside} WHERE x.circle_id = k.group_id) EXCEPT {signed})"
    ) == [(0,)]


def test_each_field_unit_of_probation_has_two_supervisors() -> None:
    staffed = ask(
        "SELECT u.name, (SELECT count(*) FROM agencies_membership m WHERE m.group_id = u.group_id"
        " AND m.role = 'supervisor') FROM agencies_unit u JOIN agencies_agency a ON a.id = u.agency_id"
        " WHERE a.kind = 'probation_adult' AND NOT u.is_root ORDER BY 1"
    )
    assert staffed == [(f"{name} Field Unit", 2) for name in ("Cedar Falls", "County", "North", "South")]


def test_a_third_is_shared_further_in_every_bundle_and_state() -> None:
    (shared,), = ask("SELECT count(DISTINCT record_id) FROM sharing_grant WHERE kind = 'share'")  # fmt: skip
    assert 0.28 < shared / 9683 < 0.38
    states = dict(
        ask(
            "SELECT CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN until < access_now() THEN 'expired'"
            " WHEN until < access_now() + interval '4 days' THEN 'soon' ELSE 'live' END, count(DISTINCT bundle)"
            " FROM sharing_grant WHERE kind = 'share' GROUP BY 1"
        )
    )
    assert states == {"revoked": 4, "expired": 4, "soon": 4, "live": 4}
    assert ask(
        "SELECT count(*) FROM cases_casekey k JOIN sharing_grant g ON g.id = k.grant_id WHERE g.revoked_at IS NOT NULL"
    ) == [(0,)]


def test_no_grant_breaks_a_rule_that_sharing_would_refuse() -> None:
    assert (
        ask(
            "SELECT DISTINCT g.bundle, a.kind FROM sharing_grant g JOIN agencies_unit u ON u.group_id = g.group_id"
            " JOIN agencies_agency a ON a.id = u.agency_id"
            " WHERE g.kind = 'share' AND ((g.bundle = 'full_file' AND a.kind <> 'parole')"
            " OR (g.bundle = 'referral') <> (a.kind = 'treatment_provider'))"
        )
        == []
    )
    assert (
        ask(
            "SELECT g.id FROM sharing_grant g JOIN cases_case c ON c.uuid = g.record_id"
            " JOIN agencies_unit u ON u.group_id = g.group_id WHERE g.kind = 'share' AND"
            " (SELECT count(*) FROM sharing_agreementparty p WHERE p.agreement_id = g.agreement_id"
            "   AND p.agency_id IN (c.agency_id, u.agency_id)) <> 2"
        )
        == []
    )


def test_every_case_has_its_conditions_and_some_their_cautions() -> None:
    assert ask("SELECT min(n), max(n) FROM (SELECT count(*) n FROM cases_condition GROUP BY case_id) x") == [(3, 8)]
    bare = "SELECT id FROM cases_case c WHERE NOT EXISTS (SELECT FROM cases_condition x WHERE x.case_id = c.id)"
    assert ask(bare) == []
    (cautioned,), = ask("SELECT count(DISTINCT case_id) FROM cases_caution")  # fmt: skip
    assert 0.15 < cautioned / 9683 < 0.21


def test_plans_have_goals_actions_and_first_versions_that_agree_with_them() -> None:
    assert ask("SELECT count(*) FROM cases_plan") == [(400,)]
    for part in ("goal", "action"):
        assert ask(
            f"SELECT count(*) FROM cases_{part} p WHERE NOT EXISTS (SELECT FROM cases_{part}version v"
            f" WHERE v.{part}_id = p.id AND v.version = p.version AND v.audience = p.audience"
            " AND v.values->>'title' = p.title)"
        ) == [(0,)]
    assert ask("SELECT count(*) > 30 FROM cases_action WHERE status = 'open' AND due_on < current_date") == [(True,)]


def test_appointments_are_kept_or_to_come_and_no_officer_is_in_two_places() -> None:
    """What is past has an outcome, but for a few of the shown officers' own; what is to come has none."""
    assert ask("SELECT count(*) FROM cases_appointment WHERE starts_at > access_now() AND outcome <> ''") == [(0,)]
    waiting = ask(
        "SELECT u.email FROM cases_appointment a JOIN agencies_user u ON u.id = a.officer_id"
        " WHERE a.starts_at < access_now() - interval '1 minute' AND a.outcome = '' GROUP BY 1"
    )
    assert {email for (email,) in waiting} <= {persona.email for persona in PERSONAS}
    running = "SELECT count(*) FROM cases_case WHERE status = 1"
    next_ones = "SELECT count(DISTINCT a.case_id) FROM cases_appointment a WHERE a.starts_at > access_now()"
    assert 0.95 < ask(next_ones)[0][0] / ask(running)[0][0] <= 1
    assert ask(
        "SELECT a.id FROM cases_appointment a JOIN cases_appointment b ON b.officer_id = a.officer_id"
        " AND b.starts_at = a.starts_at AND b.id > a.id"
    ) == []  # fmt: skip


def test_the_case_that_shows_everything() -> None:
    assert ask(
        "SELECT (SELECT count(*) FROM cases_caution x WHERE x.case_id = c.id),"
        " (SELECT count(*) FROM cases_condition x WHERE x.case_id = c.id),"
        " (SELECT count(*) FROM cases_goal x WHERE x.case_id = c.id AND x.audience = 0),"
        " (SELECT count(*) >= 5 FROM cases_action x WHERE x.case_id = c.id AND x.status = 'open'),"
        " (SELECT count(*) FROM cases_action x WHERE x.case_id = c.id AND x.status = 'open'"
        " AND x.due_on < current_date), c.offense"
        " FROM cases_case c JOIN agencies_user u ON u.id = c.officer_id"
        f" WHERE u.email = '{PERSONAS[0].email}' ORDER BY c.updated_at DESC LIMIT 1"
    ) == [(3, 7, 3, True, 1, "Carrying Concealed Firearm")]


def test_news_waits_for_the_partner_and_for_the_officer() -> None:
    told = ask(
        "SELECT a.short_name, count(*) FROM sharing_outboxevent e"
        " JOIN agencies_agency a ON a.id = e.actor_agency_id GROUP BY 1"
    )
    assert {name for name, _ in told} == {"Probation", "Alder City PD"}


def test_nobody_but_the_personas_has_a_password() -> None:
    assert ask("SELECT count(*) FROM agencies_user WHERE password NOT LIKE '!%'") == [(len(PERSONAS),)]
    emails = [email for (email,) in ask("SELECT email FROM agencies_user")]
    assert [email for email in emails if not re.fullmatch(r"[a-z.]+@[a-z]+\.example", email)] == []


def test_each_police_agency_has_a_client_whose_secret_works_and_is_for_its_owner_alone() -> None:
    place = Path(os.environ["CONCORD_MAIL_DIR"]).parent / "api-tokens.json"
    assert place.stat().st_mode & 0o777 == 0o600
    secrets = json.loads(place.read_text())
    digests = {hashlib.sha256(secret.encode()).hexdigest() for secret in secrets.values()}
    assert len(secrets) == 4
    assert {digest for (digest,) in ask("SELECT digest FROM agencies_apitoken")} == digests
