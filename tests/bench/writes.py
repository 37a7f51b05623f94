"""Writing: what giving, ending and moving access cost beyond the bare rows, and whether anybody waits meanwhile."""

import itertools
import random
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections, transaction

from cases.supervision.bundles import BUNDLES
from sharing.access.context import job_context, open_context
from sharing.access.models import Grant
from sharing.access.services import issue_standing
from tests.bench.database import World
from tests.bench.measure import Sample
from tests.bench.pages import Viewer
from tests.bench.world import POLICE, units_of

BULK = 10_000
_GRANT = """
INSERT INTO sharing_grant (uuid, kind, record_type, record_id, group_id, bundle, mask, purpose, legal_basis,
                           agreement_id, issued_by_id, issued_at, until, revoke_reason, version)
VALUES (gen_random_uuid(), 'share', 'cases.case', %s, %s, 'joint_plan', %s, 'supervision', '', 100, %s, now(),
        '9999-12-31', '', 1) RETURNING id"""
_KEY = """
INSERT INTO cases_casekey (content_object_id, group_id, permission_id, grant_id, agreement_id, until, mask, updated_at,
                           next_review, status, risk_level, restricted)
SELECT c.id, g.group_id, p.id, g.id, coalesce(g.agreement_id, 0), g.until, g.mask, c.updated_at,
       coalesce(c.next_review, '9999-12-31'), c.status, c.risk_level, c.restricted
  FROM sharing_grant g, auth_permission p, cases_case c
 WHERE g.id = %s AND p.codename = g.bundle AND c.id = ANY (%s)"""
_REVOKE = "UPDATE sharing_grant SET revoked_at = now(), version = 2 WHERE id = %s"
_TOUCH = "UPDATE cases_case SET updated_at = now() WHERE id = ANY (%s)"


# The plain touch goes without the trigger, whose work is done afterwards, off the clock.
_NO_TRIGGER = "SET session_replication_role = replica"
_TRIGGERS = "SET session_replication_role = origin"
_COPY = """
UPDATE cases_casekey k SET updated_at = c.updated_at FROM cases_case c
 WHERE c.id = ANY (%s) AND k.content_object_id = c.id"""
_SHARES = """
INSERT INTO sharing_grant (uuid, kind, record_type, record_id, group_id, bundle, mask, purpose, legal_basis,
                           agreement_id, issued_by_id, issued_at, until, revoke_reason, version)
SELECT gen_random_uuid(), 'share', 'cases.case', c.uuid, %s, 'joint_plan', %s, 'supervision', '', 100, %s, now(),
       '9999-12-31', '', 1 FROM cases_case c WHERE c.id = ANY (%s) RETURNING id"""
_SHARED = """
SELECT array_agg(c.id), array_agg(g.id) FROM sharing_grant g JOIN cases_case c ON c.uuid = g.record_id
 WHERE g.id = ANY (%s)"""
_TAKE_BACK = """
DELETE FROM cases_casekey k USING unnest(%s, %s) AS o(case_id, grant_id)
 WHERE k.content_object_id = o.case_id AND k.grant_id = o.grant_id"""
_KEYS_OF_SHARES = """
INSERT INTO cases_casekey (content_object_id, group_id, permission_id, grant_id, agreement_id, until, mask, updated_at,
                           next_review, status, risk_level, restricted)
SELECT c.id, g.group_id, p.id, g.id, g.agreement_id, g.until, g.mask, c.updated_at,
       coalesce(c.next_review, '9999-12-31'), c.status, c.risk_level, c.restricted
  FROM sharing_grant g JOIN cases_case c ON c.uuid = g.record_id JOIN auth_permission p ON p.codename = g.bundle
 WHERE g.id = ANY (%s)"""


class Writer:
    """Pairs of a write as Concord does it and the same rows written plainly, timed in turn."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.world: World = viewer.world
        self.rng = random.Random(5)
        self.admin = self.world.admin()
        self.plain = self.world.plain()
        cursor = self.admin.cursor()
        unit = viewer.persona.memberships[0][0]
        cursor.execute(
            """SELECT id, uuid::text FROM cases_case WHERE unit_id = %s AND NOT restricted
                  AND id NOT IN (SELECT record_id FROM cases_caseexclusion WHERE user_id = %s) ORDER BY id""",
            [unit, viewer.user.pk],
        )
        self.own = cursor.fetchall()
        self.receivers = units_of(POLICE[5])

    def keys_a_case(self) -> float:
        """How many keys the cases have that are written here, on average."""
        cursor = self.admin.cursor()
        cursor.execute(
            "SELECT count(*)::float / count(DISTINCT content_object_id) FROM cases_casekey"
            " WHERE content_object_id = ANY (%s)",
            [[case_id for case_id, _ in self.own]],
        )
        return float(cursor.fetchone()[0])

    def single(self, rounds: int) -> dict[str, tuple[Sample, Sample]]:
        """Grant, revoke and touch of one case: name → (ours, plain). Each commits; the context is open beforehand."""
        found = {name: (Sample(), Sample()) for name in ("grant", "revoke", "touch")}
        for turn in range(rounds + 10):
            for ours in self.rng.sample([True, False], 2):
                case_id, case_uuid = self.rng.choice(self.own)
                run = self._ours if ours else self._plain
                for name, taken in run(case_id, case_uuid).items():
                    if turn >= 10:
                        found[name][0 if ours else 1].times.append(taken)
        return found

    def _ours(self, case_id: int, case_uuid: str) -> dict[str, float]:
        times = {}
        with self.world.acting_as(self.world.app):
            times["grant"], grant = self._timed(
                lambda cursor: self._give(cursor, case_uuid, lambda g: cursor.execute("SELECT case_issue(%s)", [g]))
            )
            times["revoke"], _ = self._timed(
                lambda cursor: (cursor.execute(_REVOKE, [grant]), cursor.execute("SELECT case_withdraw(%s)", [[grant]]))
            )
            times["touch"], _ = self._timed(lambda cursor: cursor.execute(_TOUCH, [[case_id]]))
        return times

    def _timed(self, write: Callable[[Any], Any], *, context: bool = True) -> tuple[float, Any]:
        with transaction.atomic():
            if context:
                open_context(self.viewer.user, self.viewer.persona.agency_id)
            cursor = connection.cursor()
            begun = time.perf_counter()
            result = write(cursor)
        return (time.perf_counter() - begun) * 1000, result

    def _give(self, cursor: Any, case_uuid: str, issue: Callable[[int], Any]) -> int:
        mask = BUNDLES["joint_plan"].mask
        cursor.execute(_GRANT, [case_uuid, self.rng.choice(self.receivers), mask, self.viewer.user.pk])
        grant: int = cursor.fetchone()[0]
        issue(grant)
        return grant

    def _plain(self, case_id: int, case_uuid: str) -> dict[str, float]:
        times = {}
        take_back = "DELETE FROM cases_casekey WHERE content_object_id = %s AND grant_id = %s"
        with self.world.acting_as(self.plain):
            times["grant"], grant = self._timed(
                lambda cursor: self._give(cursor, case_uuid, lambda g: cursor.execute(_KEY, [g, [case_id]])),
                context=False,
            )
            times["revoke"], _ = self._timed(
                lambda cursor: (cursor.execute(_REVOKE, [grant]), cursor.execute(take_back, [case_id, grant])),
                context=False,
            )
            with connection.cursor() as cursor:
                cursor.execute(_NO_TRIGGER)
            times["touch"], _ = self._timed(lambda cursor: cursor.execute(_TOUCH, [[case_id]]), context=False)
            with connection.cursor() as cursor:
                cursor.execute(_TRIGGERS)
                cursor.execute(_COPY, [[case_id]])
        return times

    def bulk(self, rounds: int = 7) -> dict[str, tuple[Sample, Sample]]:
        """Grant, revoke and touch of ten thousand cases: name → (ours, plain)."""
        cursor = self.admin.cursor()
        found = {name: (Sample(), Sample()) for name in ("grant", "revoke", "touch")}
        for _ in range(rounds):
            cursor.execute("SELECT array_agg(id) FROM (SELECT id FROM cases_case ORDER BY random() LIMIT %s) c", [BULK])
            ids = cursor.fetchone()[0]
            for ours in self.rng.sample([True, False], 2):
                for name, taken in self._bulk(ours, ids).items():
                    found[name][0 if ours else 1].times.append(taken)
        return found

    def _bulk(self, ours: bool, ids: list[int]) -> dict[str, float]:
        """One round: by the job role's functions, or plainly."""
        cursor = self.admin.cursor()
        times = {}

        def timed(name: str, *statements: Callable[[], Any]) -> None:
            begun = time.perf_counter()
            for run in statements:
                run()
            times[name] = (time.perf_counter() - begun) * 1000

        paper = self._standing(self.receivers[0])
        if ours:
            timed("grant", lambda: _run(self.world, "SELECT case_issue_many(%s, %s)", paper, ids))
        else:
            timed("grant", lambda: cursor.execute(_KEY, [paper, ids]))
        self._forget_standing(paper)

        mask = BUNDLES["joint_plan"].mask
        cursor.execute(_SHARES, [self.receivers[0], mask, self.viewer.user.pk, ids])
        shares = [row[0] for row in cursor.fetchall()]
        cursor.execute(_SHARED, [shares])
        shared = cursor.fetchone()
        cursor.execute(_KEYS_OF_SHARES, [shares])
        revoke = "UPDATE sharing_grant SET revoked_at = now(), version = 2 WHERE id = ANY (%s)"
        if ours:
            timed("revoke", lambda: _run(self.world, f"{revoke}; SELECT case_withdraw(%s)", shares, shares))
        else:
            timed(
                "revoke",
                lambda: cursor.execute(revoke, [shares]),
                lambda: cursor.execute(_TAKE_BACK, shared),
            )
        self._forget(shares)

        if not ours:
            cursor.execute(_NO_TRIGGER)
        timed("touch", lambda: _run(self.world, _TOUCH, ids) if ours else cursor.execute(_TOUCH, [ids]))
        if not ours:
            cursor.execute(_TRIGGERS)
            cursor.execute(_COPY, [ids])
        return times

    def standing(self) -> tuple[float, float, float, int]:
        """A standing grant over all cases, while one person reads and another changes cases.

        Returns seconds taken, the longest read and the longest write beside it in milliseconds, and the keys made.
        """
        grant = self._standing(self.receivers[0])
        ended = threading.Event()
        reads, touches = Sample(), Sample()
        reader = threading.Thread(target=self._keep_reading, args=(ended, reads))
        toucher = threading.Thread(target=self._keep_touching, args=(ended, touches))
        reader.start()
        toucher.start()
        try:
            with self.world.acting_as(self.world.job):
                ids = list(range(1, self.world.cases + 1))
                begun = time.perf_counter()
                made = issue_standing(grant=Grant(pk=grant, record_type="cases.case"), record_ids=ids)
                seconds = time.perf_counter() - begun
        finally:
            ended.set()
            reader.join()
            toucher.join()
        self._forget_standing(grant)
        return seconds, max(reads.times), max(touches.times), made

    def _keep_reading(self, ended: threading.Event, sample: Sample) -> None:
        world = World(self.world.server, self.world.cases, self.world.database)
        viewer = Viewer(world, self.viewer.persona)
        read = viewer.behind_both(viewer.page())
        while not ended.wait(0.05):
            begun = time.perf_counter()
            read()
            sample.times.append((time.perf_counter() - begun) * 1000)
        world.close()
        connections.close_all()

    def _keep_touching(self, ended: threading.Event, sample: Sample) -> None:
        admin = self.world.admin()
        cursor = admin.cursor()
        for case_id, _ in itertools.cycle(self.own):
            if ended.wait(0.05):
                break
            begun = time.perf_counter()
            cursor.execute(_TOUCH, [[case_id]])
            sample.times.append((time.perf_counter() - begun) * 1000)
        admin.close()

    def hidden_after_revoke(self) -> float:
        """Ends the access of somebody who sees a case; returns the milliseconds until their next page lacks it.

        NaN where the page still shows it, or never did.
        """
        receiver = Viewer(self.world, _persona("none"))
        page = receiver.behind_both(receiver.page())
        case_id, case_uuid = self.own[0]
        cursor = self.admin.cursor()
        cursor.execute(_GRANT, [case_uuid, receiver.persona.memberships[0][0], 1, self.viewer.user.pk])
        grant = cursor.fetchone()[0]
        cursor.execute(_KEY, [grant, [case_id]])
        before = [case.pk for case in page()]
        begun = time.perf_counter()
        with self.world.acting_as(self.world.app), transaction.atomic():
            open_context(self.viewer.user, self.viewer.persona.agency_id)
            with connection.cursor() as ours:
                ours.execute(_REVOKE, [grant])
                ours.execute("SELECT case_withdraw(%s)", [[grant]])
        after = [case.pk for case in page()]
        taken = (time.perf_counter() - begun) * 1000
        return taken if before == [case_id] and not after else float("nan")

    def tidy(self) -> None:
        """Leaves the world as it was found, but for the sort column of what was touched."""
        cursor = self.admin.cursor()
        cursor.execute("SELECT array_agg(id) FROM sharing_grant WHERE revoked_at IS NOT NULL")
        self._forget(cursor.fetchone()[0])
        cursor.execute("VACUUM cases_case, cases_casekey, sharing_grant")

    def _forget_standing(self, grant: int) -> None:
        self.admin.cursor().execute(
            "DELETE FROM cases_casekey k USING sharing_grant g WHERE g.id = %s AND k.group_id = g.group_id"
            " AND k.grant_id = g.id",
            [grant],
        )
        self._forget([grant])

    def _forget(self, grants: list[int]) -> None:
        """Removes papers without asking whether a key points to them: no index leads from a grant to its keys."""
        cursor = self.admin.cursor()
        cursor.execute(_NO_TRIGGER)
        cursor.execute("DELETE FROM sharing_grant WHERE id = ANY (%s)", [grants])
        cursor.execute(_TRIGGERS)

    def _standing(self, group: int) -> int:
        cursor = self.admin.cursor()
        cursor.execute(
            """INSERT INTO sharing_grant (uuid, kind, record_type, group_id, bundle, mask, purpose, legal_basis,
                                          agreement_id, issued_at, until, revoke_reason, version)
            VALUES (gen_random_uuid(), 'standing', 'cases.case', %s, 'status_card', %s, 'officer_safety', '', 1, now(),
                    '9999-12-31', '', 1) RETURNING id""",
            [group, BUNDLES["status_card"].mask],
        )
        return int(cursor.fetchone()[0])


def _run(world: World, sql: str, *arguments: Any) -> None:
    with world.acting_as(world.job), job_context(), connection.cursor() as cursor:
        cursor.execute(sql, list(arguments))


def _persona(code: str) -> Any:
    from tests.bench.personas import PERSONAS

    return next(persona for persona in PERSONAS if persona.code == code)


def ratio(pair: tuple[Sample, Sample]) -> float:
    """How many times the plain write ours takes, by medians."""
    return statistics.median(pair[0].times) / statistics.median(pair[1].times)
