"""The feed of changes: a copy that follows it is what the list shows, whatever happens and in whatever order."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from cases.changes.tasks import forget_changes
from cases.people.services import add_address
from cases.plans.services import update_goal
from cases.supervision.models import CaseExclusion
from sharing.access.context import job_context
from sharing.access.errors import Refused
from sharing.access.registry import is_part
from sharing.access.services import end_access, share
from tests import services
from tests.access.acts import act, together
from tests.calls import V1, signed_in
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


class Copy:
    """A partner's copy: number of a case → version. It does what the document of the API says."""

    def __init__(self, world: World, who: str, limit: int = 200) -> None:
        self.client = signed_in(world.users[who])
        self.cases: dict[str, int] = {}
        self.address = f"{V1}/changes/?limit={limit}"
        self.listed: set[str] = set()

    def follow(self) -> dict[str, str]:
        """Reads to the end of what there is. Returns what was said: number → gained, changed or lost."""
        said: dict[str, str] = {}
        more = True
        while more:
            response = self.client.get(self.address)
            assert response.status_code == 200, response.content
            page = response.json()
            if page["starts"]:
                self.listed = set()
                said["starts"] = ""
            for entry in page["results"]:
                said[entry["id"]] = entry["change"]
                if entry["change"] == "lost":
                    assert entry["url"] is entry["version"] is entry["updated_at"] is None
                    self.cases.pop(entry["id"], None)
                else:
                    self.cases[entry["id"]] = entry["version"]
            if page["phase"] == "copy":
                self.listed |= {entry["id"] for entry in page["results"]}
                if not page["more"]:
                    self.cases = {number: v for number, v in self.cases.items() if number in self.listed}
            more, self.address = page["more"], page["next"]
        return said

    def listed_now(self) -> dict[str, int]:
        """What the list of cases shows, with the versions as they are."""
        rows = self.client.get(f"{V1}/cases/?limit=200&fields=id").json()["results"]
        versions = dict(services.owner("SELECT uuid::text, version FROM cases_case"))
        return {row["id"]: versions[row["id"]] for row in rows}


def give(world: World, number: int, unit: str = "police/gang", days: float = 30) -> Any:
    """Gives a unit `coordination` on a case."""
    return act(
        world,
        "olsen",
        lambda actor: share(
            actor=actor,
            record=world.cases[number],
            group_id=world.units[unit].pk,
            bundle="coordination",
            purpose="supervision",
            until=timezone.now() + datetime.timedelta(days=days),
            agreement_id=world.agreement.pk,
        ),
    )


def change_goal(world: World, progress: int = 1, version: int = 1) -> None:
    act(
        world,
        "olsen",
        lambda actor: update_goal(
            actor=actor,
            goal_uuid=world.goals[0].uuid,
            changes={"progress_now": progress},
            seen_version=version,
            reason="",
        ),
    )


def clock(ahead: str) -> None:
    """Turns the database's clock."""
    services.owner(
        "CREATE OR REPLACE FUNCTION access_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS"
        f" $$ SELECT statement_timestamp() + interval '{ahead}' $$"
    )


@pytest.mark.parametrize(("who", "limit"), [("reyes", 200), ("reyes", 3), ("olsen", 4), ("carter", 1), ("admin", 10)])
def test_a_copy_is_what_the_list_shows(world: World, who: str, limit: int) -> None:
    copy = Copy(world, who, limit)
    assert set(copy.follow().values()) <= {"", "gained"}
    assert copy.cases == copy.listed_now()
    assert copy.follow() == {}


def test_what_happens_is_told_to_whom_it_concerns_and_nobody_else(world: World) -> None:
    copies = {who: Copy(world, who) for who in ("olsen", "reyes", "deputy", "carter", "quist")}
    for copy in copies.values():
        copy.follow()

    def told() -> dict[str, dict[str, str]]:
        found = {who: copy.follow() for who, copy in copies.items()}
        assert all(copy.cases == copy.listed_now() for copy in copies.values())
        return {who: said for who, said in found.items() if said}

    joint, south = str(world.joint.uuid), str(world.cases[16].uuid)
    change_goal(world)
    assert told() == {who: {joint: "changed"} for who in ("olsen", "reyes", "deputy")}
    services.owner("UPDATE cases_address SET street = '1 New Road' WHERE person_id = %s", world.joint.person_id)
    assert told() == {who: {joint: "changed"} for who in ("olsen", "reyes")}
    services.owner("UPDATE cases_person SET family_name = 'Hallet' WHERE id = %s", world.joint.person_id)
    assert told() == {who: {joint: "changed"} for who in ("olsen", "reyes", "deputy")}

    # South's absconder is in no circle: given to the gang unit, and taken back.
    grant = act(
        world,
        "quist",
        lambda actor: share(
            actor=actor, record=world.cases[16], group_id=world.units["police/gang"].pk, bundle="coordination",
            purpose="absconder", until=timezone.now() + datetime.timedelta(days=9), agreement_id=world.agreement.pk,
        ),
    )  # fmt: skip
    assert told() == {"reyes": {south: "gained"}}
    act(world, "quist", lambda actor: end_access(actor=actor, grant_uuid=grant.uuid, reason="Found"))
    assert told() == {"reyes": {south: "lost"}}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        *((name, {"olsen", "reyes", "deputy"}) for name in ("condition", "caution", "alias", "identifier")),
        ("address", {"olsen", "reyes"}),
        ("riskassessment", {"olsen"}),
        ("document", {"olsen"}),
    ],
)
def test_a_part_is_told_to_those_to_whom_it_is_open(world: World, name: str, told: set[str]) -> None:
    """deputy holds the status card, reyes the joint plan, carter name and contact; all of them know the case."""
    give_referral(world, 0, days=10)
    copies = {who: Copy(world, who) for who in ("olsen", "reyes", "deputy", "carter")}
    joint = str(world.joint.uuid)
    for copy in copies.values():
        copy.follow()
        assert joint in copy.cases

    def hear() -> set[str]:
        found = {who: copy.follow() for who, copy in copies.items()}
        assert all(said in ({}, {joint: "changed"}) for said in found.values())
        return {who for who, said in found.items() if said}

    model = apps.get_model("cases", name)
    of_joint = {"case": world.joint} if hasattr(model, "case") else {"person": world.joint.person_id}
    with services.as_job(), job_context():
        part = model.objects.filter(**of_joint).first()
    table = model._meta.db_table
    services.owner(f"UPDATE {table} SET uuid = uuid WHERE id = %s", part.pk)
    assert hear() == told
    services.owner(f"DELETE FROM {table} WHERE id = %s", part.pk)
    assert hear() == told
    with services.as_job(), job_context():
        part.save(force_insert=True)
    assert hear() == told


def test_an_address_that_an_officer_adds_moves_nothing_for_a_status_card(world: World) -> None:
    """The person's version and moment move with it, and tell nothing by themselves."""
    copies = {who: Copy(world, who) for who in ("olsen", "reyes", "deputy")}
    for copy in copies.values():
        copy.follow()
    values = {"street": "1 New Road", "city": "Riverton", "state": "FL"}
    act(world, "olsen", lambda actor: add_address(actor=actor, record_uuid=world.joint.uuid, values=values))
    said = {str(world.joint.uuid): "changed"}
    assert {who: copy.follow() for who, copy in copies.items()} == {"olsen": said, "reyes": said, "deputy": {}}


def test_what_is_told_and_what_is_not_fold_into_one_word(world: World) -> None:
    deputy = Copy(world, "deputy")
    deputy.follow()
    for table in ("cases_riskassessment", "cases_condition", "cases_document"):
        services.owner(f"UPDATE {table} SET uuid = uuid WHERE case_id IN (%s, %s)", world.joint.pk, world.cases[9].pk)
    services.owner("UPDATE cases_riskassessment SET uuid = uuid WHERE case_id = %s", world.cases[3].pk)
    assert deputy.follow() == {str(case.uuid): "changed" for case in (world.joint, world.cases[9])}
    assert deputy.follow() == {}


def test_access_that_ends_by_the_clock_is_told(world: World) -> None:
    provider = Copy(world, "carter", limit=1)
    provider.follow()
    give_referral(world, 6, days=10)
    give_referral(world, 7, days=11)
    assert set(provider.follow().values()) == {"gained"}
    clock("9 days")
    assert provider.follow() == {}
    clock("12 days")
    assert provider.follow() == {str(world.cases[number].uuid): "lost" for number in (6, 7)}
    assert provider.cases == provider.listed_now()
    assert provider.follow() == {}


def give_referral(world: World, number: int, days: float) -> Any:
    return act(
        world,
        "olsen",
        lambda actor: share(
            actor=actor, record=world.cases[number], group_id=world.units["provider/clinic"].pk, bundle="referral",
            purpose="service_referral", until=timezone.now() + datetime.timedelta(days=days),
            agreement_id=world.agreement.pk,
        ),
    )  # fmt: skip


def test_restriction_and_exclusion_shut_out_and_let_in(world: World) -> None:
    reyes, pratt = Copy(world, "reyes"), Copy(world, "pratt")
    reyes.follow()
    pratt.follow()
    case, number = world.cases[3], str(world.cases[3].uuid)
    services.owner("UPDATE cases_case SET restricted = true WHERE id = %s", case.pk)
    assert (reyes.follow(), pratt.follow()) == ({number: "lost"}, {number: "lost"})
    services.owner(
        "INSERT INTO cases_casenamedprincipal (record_id, group_id, reason, created_at) VALUES (%s, %s, '', now())",
        case.pk,
        world.units["probation/north"].pk,
    )
    assert (reyes.follow(), pratt.follow()) == ({}, {number: "gained"})
    with services.as_job(), job_context():
        excluded = CaseExclusion.objects.create(record=case, user=world.users["pratt"], reason="A friend")
    assert pratt.follow() == {number: "lost"}
    services.owner("UPDATE cases_case SET updated_at = now() WHERE id = %s", case.pk)
    assert pratt.follow() == {}
    with services.as_job(), job_context():
        excluded.delete()
    assert pratt.follow() == {number: "gained"}
    services.owner("UPDATE cases_case SET restricted = false WHERE id = %s", case.pk)
    assert reyes.follow() == {number: "gained"}
    assert reyes.cases == reyes.listed_now()


def test_who_never_saw_a_case_is_not_told_that_it_went(world: World) -> None:
    reyes, pratt = Copy(world, "reyes"), Copy(world, "pratt")
    reyes.follow()
    pratt.follow()
    # reyes' unit holds a key to the restricted case that opens nothing; pratt is excluded from the conflicted one.
    for grant in ("restricted", "ended"):
        services.owner("UPDATE sharing_grant SET revoked_at = now() WHERE id = %s", world.grants[grant].pk)
        services.owner("SELECT case_withdraw(ARRAY[%s]::bigint[])", world.grants[grant].pk)
    services.owner("DELETE FROM cases_casekey WHERE content_object_id = %s", world.conflicted.pk)
    said = reyes.follow()
    assert str(world.restricted.uuid) not in said
    assert said.get(str(world.ended.uuid)) == "changed"  # still on the circle's status card
    assert pratt.follow() == {}


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE sharing_agreement SET suspended_at = now()",
        "UPDATE sharing_agreement SET ends_at = now()",
        "UPDATE sharing_circleunit c SET until = now() FROM agencies_unit u WHERE group_id = unit_id AND name = 'Gang'",
        "UPDATE agencies_membership SET role = 'dispatcher' WHERE role = 'police_officer'",
    ],
)
def test_what_moves_many_cases_at_once_begins_a_new_copy(world: World, act: str) -> None:
    reyes, quist = Copy(world, "reyes"), Copy(world, "quist")
    reyes.follow()
    quist.follow()
    services.owner(act)
    assert "starts" in reyes.follow()
    assert reyes.cases == reyes.listed_now()
    assert "starts" not in reyes.follow()
    if "agreement" not in act:
        assert quist.follow() == {}


def test_a_cursor_that_is_too_old_or_of_another_database_begins_a_new_copy(world: World) -> None:
    olsen = Copy(world, "olsen")
    olsen.follow()
    kept = olsen.address
    clock("31 days")
    assert "starts" in olsen.follow()
    clock("0 days")
    olsen.address = kept
    services.owner(
        "CREATE OR REPLACE FUNCTION change_epoch() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'restored' $$"
    )
    assert "starts" in olsen.follow()


def test_changes_are_forgotten_when_no_cursor_may_ask_for_them(world: World) -> None:
    """A day after that: a page that began in time is still read to its end."""
    services.owner("DELETE FROM cases_change")
    for more in ("1.5 days", "30.5 days", "0 days"):  # what was changed before grows older too: 32, 30.5 and 0 days
        services.owner("UPDATE cases_case SET version = version + 1 WHERE id = %s", world.cases[6].pk)
        services.owner("UPDATE cases_change SET at = at - %s::interval", more)
    for _ in range(2):  # run twice, it leaves what one run leaves
        with services.as_job():
            forget_changes()
        assert services.owner("SELECT count(*) FROM cases_change") == [(2,)]


def test_a_cursor_is_its_callers_own(world: World) -> None:
    olsen = Copy(world, "olsen")
    olsen.follow()
    assert signed_in(world.users["reyes"]).get(olsen.address).status_code == 400
    assert olsen.client.get(f"{V1}/changes/?cursor=none").json()["errors"][0]["pointer"] == "#/cursor"


def test_a_change_that_commits_late_is_not_passed_by(world: World) -> None:
    olsen = Copy(world, "olsen")
    olsen.follow()
    late = services.connect("owner")
    late.autocommit = False
    with late.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET version = version + 1 WHERE id = %s", [world.cases[5].pk])
    services.owner("UPDATE cases_case SET version = version + 1 WHERE id = %s", world.cases[6].pk)
    assert olsen.follow() == {}  # the later one waits for the earlier
    late.commit()
    late.close()
    assert olsen.follow() == {str(world.cases[number].uuid): "changed" for number in (5, 6)}


def test_a_copy_that_follows_while_many_write_ends_up_the_same(world: World) -> None:
    copies = [Copy(world, "reyes", limit=7), Copy(world, "olsen", limit=50)]
    over = threading.Event()

    def following() -> None:
        while not over.is_set():
            for copy in copies:
                copy.follow()

    def writing(start: int) -> Callable[[], None]:
        def write() -> None:
            try:
                for turn in range(6):
                    number = 5 + (start + turn * 3) % 9
                    try:
                        grant = give(world, number)
                    except Refused:  # another writer has given it just now
                        continue
                    services.owner("UPDATE cases_case SET version = version + 1 WHERE id = %s", world.cases[number].pk)
                    if turn % 2:
                        act(world, "olsen", lambda a, g=grant: end_access(actor=a, grant_uuid=g.uuid, reason="Over"))
            finally:
                writers.release()

        return write

    writers = threading.Semaphore(0)

    def finish() -> None:
        for _ in range(3):
            writers.acquire(timeout=60)
        over.set()

    results = together(following, writing(0), writing(1), writing(2), finish)
    assert not [result for result in results if isinstance(result, Exception) and not isinstance(result, Refused)]
    for copy in copies:
        copy.follow()
        assert copy.cases == copy.listed_now()


def test_every_part_of_a_case_that_changes_is_told() -> None:
    """Parts whose services touch the case need no trigger of their own; all others have three."""
    touched = {
        "cases_appointment",
        "cases_contact",
        "cases_contactversion",
        "cases_flag",
        "cases_plan",
        "cases_goal",
        "cases_action",
        "cases_goalversion",
        "cases_actionversion",
        "cases_person",
    }
    rows = services.owner(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname ~ '^case_log_' GROUP BY 1 HAVING count(*) = 3"
    )
    with_trigger = {table for (table,) in rows}
    parts = {model._meta.db_table for model in apps.get_models() if is_part(model)}
    assert parts - touched <= with_trigger, "touch the case in the service, or add triggers as 0014_changes does"


def test_a_page_costs_the_same_however_long_it_is(world: World, django_assert_max_num_queries: Any) -> None:
    services.owner("UPDATE cases_case SET version = version + 1")
    client = signed_in(world.users["olsen"])
    with django_assert_max_num_queries(14):
        first = client.get(f"{V1}/changes/?limit=200").json()
    services.owner("UPDATE cases_case SET version = version + 1")
    with django_assert_max_num_queries(15):
        assert len(client.get(first["next"]).json()["results"]) == 14
