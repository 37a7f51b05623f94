"""Worlds of cases, keys and people of a given size, built by COPY into the migrated tables.

Three hundred agencies in 2,005 units; one of them, the state's department, holds two cases in five. Five keys a case:
two of its owner, one of the state-wide circle, one in two cases of a county's circle, and shares to other units, some
of them dated, expired, doubled, or under an agreement that is closed. Everything is drawn from a fixed seed.
"""

import datetime
import hashlib
import io
import itertools
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agencies.directory.roles import ROLES
from cases.supervision.bundles import BUNDLES
from tests.bench import names

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

AGENCIES = 300
STATE = 1  # the agency with two cases in five
SUPERVISING = range(1, 101)
POLICE = range(101, 301)
ROOTS = AGENCIES  # group n is the root unit of agency n, up to here
STATE_UNITS = range(301, 741)
LAST_UNIT = 2005
NONE_UNIT, TEN_UNIT, STALE_UNIT, RARE_UNIT = range(2002, 2006)
STATE_CIRCLE = 2006
COUNTIES = 60
COUNTY_CIRCLES = range(2007, 2007 + COUNTIES)
OFFICERS = 20_000
SHARE_AGREEMENTS = range(62, 121)
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
FOREVER = "9999-12-31 00:00:00+00"

# State units whose members the circles leave out: personas without and with circles are told apart by them.
NO_CIRCLE = range(301, 544)

_STATUSES = [1] * 60 + [2] * 6 + [3] * 3 + [5] * 5 + [7] * 4 + [8] * 18 + [9] * 4
_LEVELS = [0] * 5 + [1] * 45 + [2] * 30 + [3] * 15 + [4] * 5


def stamp() -> str:
    """Returns a digest of whatever a world is made by: this code, the migrations, the bundles and roles."""
    sources = [HERE / "world.py", HERE / "names.py", HERE / "guardian.py", *sorted(ROOT.glob("*/migrations/[0-9]*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    digest.update(repr(sorted((b.code, b.mask) for b in BUNDLES.values())).encode())
    digest.update(repr(sorted((r.code, int(r.mask)) for r in ROLES.values())).encode())
    return digest.hexdigest()[:20]


def build(admin: Any, cases: int, *, officers: int = OFFICERS, guardian: bool = True) -> None:
    """Fills a migrated, empty database. `admin` is a superuser's connection in autocommit.

    Foreign keys and triggers rest meanwhile; what they would have made is made here by one statement each.
    """
    rng = random.Random(cases)
    cursor = admin.cursor()
    cursor.execute(
        "SET session_replication_role = replica; SET max_parallel_workers_per_gather = 0; SELECT setseed(0.5)"
    )
    _directory(cursor, rng, officers)
    with _without_indexes(
        cursor, "cases_person", "cases_case", "cases_casekey", "sharing_grant", "cases_personnametoken"
    ):
        _people_and_cases(cursor, rng, cases, officers)
        cursor.execute("CREATE TEMP TABLE case_of AS SELECT uuid, id FROM cases_case; ANALYZE case_of")
        _grants(cursor, cases)
        _keys(cursor)
        _names(cursor)
    cursor.execute("ANALYZE cases_case, cases_casekey")
    _exceptions(cursor, cases, officers)
    if guardian:
        _guardian(cursor)
    _sequences(cursor)
    cursor.execute("RESET session_replication_role; RESET max_parallel_workers_per_gather")
    cursor.execute("VACUUM (ANALYZE)")


def units_of(agency: int) -> list[int]:
    """Returns an agency's units but its root."""
    if agency == STATE:
        return list(STATE_UNITS)
    return [unit for unit in range(STATE_UNITS.stop, LAST_UNIT + 1) if _agency_of(unit) == agency]


def _agency_of(unit: int) -> int:
    """Which agency a unit belongs to: the state's, then seven each of other departments, then police."""
    if unit <= ROOTS:
        return unit
    if unit in STATE_UNITS:
        return STATE
    place = unit - STATE_UNITS.stop
    departments = len(SUPERVISING) - 1
    if place < departments * 7:
        return 2 + place % departments
    if unit in (NONE_UNIT, TEN_UNIT, STALE_UNIT, RARE_UNIT):
        return POLICE[-1]
    return POLICE[place % len(POLICE)]


def copy(cursor: Any, table: str, columns: str, rows: Iterable[Iterable[Any]]) -> None:
    """Sends rows by COPY, a batch at a time. None is NULL; texts are ours and hold neither tab nor backslash."""
    listed = iter(rows)
    while batch := list(itertools.islice(listed, 50_000)):
        text = "".join("\t".join("\\N" if v is None else str(v) for v in row) + "\n" for row in batch)
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(text))


def _directory(cursor: Any, rng: random.Random, officers: int) -> None:
    """Agencies, units, circles, agreements, officers and their memberships."""
    uuids = (f"{n:032x}" for n in itertools.count(1))
    units = range(1, LAST_UNIT + 1)
    circles = {STATE_CIRCLE: 1, **{circle: 2 + n for n, circle in enumerate(COUNTY_CIRCLES)}}
    copy(cursor, "auth_group", "id, name", ((n, f"principal {n}") for n in [*units, *circles]))
    kinds = (
        {STATE: "parole"} | dict.fromkeys(range(2, 101), "probation_adult") | dict.fromkeys(POLICE, "municipal_police")
    )
    copy(
        cursor,
        "agencies_agency",
        "id, uuid, name, short_name, kind, ori, phone, time_zone, is_active",
        ((n, next(uuids), f"Agency {n}", f"A{n}", kind, "", "", "America/New_York", "t") for n, kind in kinds.items()),
    )
    copy(
        cursor,
        "agencies_unit",
        "group_id, agency_id, name, phone, is_root",
        ((n, _agency_of(n), f"Unit {n}", "", "t" if n <= ROOTS else "f") for n in units),
    )
    day = datetime.timedelta(days=1)
    suspended, early = NOW - day, NOW - 2 * day
    copy(
        cursor,
        "sharing_agreement",
        "id, uuid, title, starts_at, ends_at, suspended_at, ended_at",
        (
            (n, next(uuids), f"Agreement {n}", NOW + 900 * day if n == 65 else NOW - 900 * day, FOREVER,
             suspended if n in (62, 63) else None, early if n == 64 else None)
            for n in range(1, SHARE_AGREEMENTS.stop)
        ),
    )  # fmt: skip
    copy(cursor, "sharing_circle", "group_id, name, agreement_id", ((n, f"Circle {n}", a) for n, a in circles.items()))
    inside = [n for n in units if n > 1 and n not in NO_CIRCLE and n < NONE_UNIT]
    county = {n: COUNTY_CIRCLES[(n if n in STATE_UNITS else _agency_of(n)) % COUNTIES] for n in inside}
    copy(
        cursor,
        "sharing_circleunit",
        "circle_id, unit_id, joined_at, until",
        ((circle, n, NOW - 800 * day, FOREVER) for n in inside for circle in (STATE_CIRCLE, county[n])),
    )
    from tests.bench.personas import PERSONAS, USER_COLUMNS, user_row

    copy(cursor, "agencies_user", USER_COLUMNS, (user_row(n, f"Officer {n}") for n in range(1, officers + 1)))
    copy(cursor, "agencies_user", USER_COLUMNS, (user_row(p.user_id, p.label) for p in PERSONAS))
    members = [(p.user_id, unit, role) for p in PERSONAS for unit, role in p.memberships]
    by_agency = {agency: units_of(agency) for agency in (*SUPERVISING, *POLICE)}
    plain_units = [n for n in units if ROOTS < n < NONE_UNIT]
    for n in range(1, officers + 1):
        home = plain_units[n % len(plain_units)]
        others = by_agency[_agency_of(home)]
        role = "police_officer" if _agency_of(home) in POLICE else "supervising_officer"
        members += [(n, unit, role) for unit in {home, *rng.choices(others, k=rng.randrange(5))}]
    copy(
        cursor,
        "agencies_membership",
        "user_id, group_id, role, starts_at, until",
        ((user, unit, role, NOW - 700 * day, FOREVER) for user, unit, role in members),
    )


def _people_and_cases(cursor: Any, rng: random.Random, cases: int, officers: int) -> None:
    """Cases, and a person for each; every twentieth case is another one of an earlier person of the same agency."""
    draw = names.chooser(rng)
    by_agency = {agency: units_of(agency) for agency in SUPERVISING}
    plain_units = [n for n in range(1, LAST_UNIT + 1) if ROOTS < n < NONE_UNIT]
    staff: dict[int, list[int]] = {}
    for n in range(1, officers + 1):
        staff.setdefault(plain_units[n % len(plain_units)], []).append(n)
    people: list[tuple[Any, ...]] = []
    rows: list[tuple[Any, ...]] = []
    latest_of: dict[int, int] = {}
    old = max(1, cases // 2000)
    today = NOW.date()
    statuses, levels = rng.choices(_STATUSES, k=cases), rng.choices(_LEVELS, k=cases)
    for n in range(1, cases + 1):
        agency = STATE if rng.random() < 0.4 else rng.randrange(2, 101)
        unit = by_agency[agency][int(rng.random() * len(by_agency[agency]))]
        person = latest_of.get(agency) if n % 20 == 0 else None
        if person is None:
            given, family = draw()
            born = datetime.date(1950, 1, 1) + datetime.timedelta(days=int(rng.random() * 20_000))
            people.append((n, f"{rng.getrandbits(128):032x}", agency, f"P-{n:07}", given, rng.choice("ABCDEFGJKLMRST"),
                           family, "", born, rng.choice("MMMMF"), "", NOW, NOW, NOW, "", 1))  # fmt: skip
            latest_of[agency] = person = n
        days = 2600 + rng.random() * 600 if n % old == 5 % old else min(rng.expovariate(1 / 200), 1800)
        review = today + datetime.timedelta(days=int(rng.random() * 365) - 90) if rng.random() < 0.6 else None
        rows.append((n, f"{rng.getrandbits(128):032x}", f"C-{n:07}", person, agency, unit,
                     rng.choice(staff[unit]) if staff.get(unit) else None, 1, statuses[n - 1], levels[n - 1],
                     rng.randrange(1, 6), "Offense", "F", review, "t" if rng.random() < 0.005 else "f", NOW,
                     NOW - datetime.timedelta(days=days), 1))  # fmt: skip
        if len(rows) == 50_000 or n == cases:
            copy(cursor, "cases_person", _PERSON, people)
            copy(cursor, "cases_case", _CASE, rows)
            people, rows = [], []


_PERSON = (
    "id, uuid, agency_id, local_id, given_name, middle_name, family_name, suffix, birth_date, sex, race, created_at, "
    "updated_at, confirmed_at, source_digest, version"
)
_CASE = (
    "id, uuid, number, person_id, agency_id, unit_id, officer_id, kind, status, risk_level, supervision_level, "
    "offense, offense_degree, next_review, restricted, created_at, updated_at, version"
)


def _grants(cursor: Any, cases: int) -> None:
    """One owner grant a unit, one standing grant a circle, and shares of single cases."""
    masks = {code: bundle.mask for code, bundle in BUNDLES.items()}
    base = (
        "INSERT INTO sharing_grant (uuid, kind, record_type, record_id, group_id, bundle, mask, purpose, legal_basis, "
        "agreement_id, issued_by_id, issued_at, until, revoke_reason, version) "
    )
    cursor.execute(
        base
        + "SELECT gen_random_uuid(), 'owner', 'cases.case', NULL, group_id, 'own_case', %s, 'supervision', '', NULL, "
        "NULL, now(), %s, '', 1 FROM agencies_unit WHERE agency_id <= %s",
        [masks["own_case"], FOREVER, SUPERVISING[-1]],
    )
    cursor.execute(
        base
        + "SELECT gen_random_uuid(), 'standing', 'cases.case', NULL, group_id, 'status_card', %s, 'officer_safety', "
        "'', agreement_id, NULL, now(), %s, '', 1 FROM sharing_circle",
        [masks["status_card"], FOREVER],
    )
    # A unit that two in five cases are shared with, for the rare category: one in two hundred of them with treatment.
    cursor.execute(
        base
        + "SELECT gen_random_uuid(), 'standing', 'cases.case', NULL, %s, 'coordination', %s, 'officer_safety', '', 1, "
        "NULL, now(), %s, '', 1",
        [RARE_UNIT, masks["coordination"], FOREVER],
    )
    supervising = [unit for agency in SUPERVISING for unit in units_of(agency)]
    police = [unit for agency in POLICE for unit in units_of(agency) if unit < NONE_UNIT]
    cursor.execute(
        """CREATE TEMP TABLE share AS
        SELECT c.id, c.uuid, CASE WHEN random() < 0.15 THEN (%(sup)s::int[])[1 + floor(random() * %(sup_n)s)::int]
                                  ELSE (%(pol)s::int[])[1 + floor(random() * %(pol_n)s)::int] END AS unit,
               (ARRAY['coordination', 'joint_plan', 'full_file', 'status_card'])[1 + floor(random() * 4)::int]
                 AS bundle,
               random() AS dice, random() AS twice
          FROM cases_case c CROSS JOIN LATERAL generate_series(1, (c.id %% 4)::int) n""",
        {"sup": supervising, "sup_n": len(supervising), "pol": police, "pol_n": len(police)},
    )
    cursor.execute(
        "INSERT INTO share SELECT id, uuid, unit, bundle, 1 - dice, 1 FROM share WHERE twice < 0.02;"
        # Thirteen that open something (the first four agreements are closed): _exceptions() takes three away again.
        "INSERT INTO share SELECT id, uuid, %(ten)s, 'joint_plan', 0.9, 1 FROM cases_case"
        " WHERE id %% (%(n)s / 20) = 3 AND id %% %(of)s >= 4 AND NOT restricted ORDER BY id LIMIT 13;"
        "INSERT INTO share SELECT id, uuid, %(stale)s, 'joint_plan', 0.9, 1 FROM cases_case"
        " WHERE updated_at < now() - interval '2500 days';"
        "INSERT INTO share SELECT id, uuid, %(rare)s, 'treatment', 0.9, 1 FROM cases_case WHERE id %% 500 = 0",
        {"ten": TEN_UNIT, "stale": STALE_UNIT, "rare": RARE_UNIT, "n": cases, "of": len(SHARE_AGREEMENTS)},
    )
    # One in twenty has expired, four in five end some day, the rest never do.
    cursor.execute(
        base
        + """SELECT gen_random_uuid(), 'share', 'cases.case', s.uuid, s.unit,
               CASE s.bundle WHEN 'treatment' THEN 'joint_plan' ELSE s.bundle END, m.mask, 'supervision', '',
               %(first)s + (s.id %% %(agreements)s)::int, 1, now() - interval '300 days',
               CASE WHEN s.dice < 0.05 THEN now() - s.dice * interval '2000 days'
                    WHEN s.dice < 0.85 THEN now() + interval '2 years' + s.dice * interval '8 years'
                    ELSE %(forever)s END, '', 1
          FROM share s JOIN unnest(%(codes)s, %(masks)s) AS m(code, mask) ON m.code = s.bundle ORDER BY s.id""",
        {
            "first": SHARE_AGREEMENTS.start,
            "agreements": len(SHARE_AGREEMENTS),
            "forever": FOREVER,
            "codes": [*masks, "treatment"],
            "masks": [*masks.values(), masks["joint_plan"] | 1 << 13],
        },
    )


def _keys(cursor: Any) -> None:
    """A key for every grant and record, with the copies that case_make_keys() would make."""
    base = """
    INSERT INTO cases_casekey (content_object_id, group_id, permission_id, grant_id, agreement_id, until, mask,
                               updated_at, next_review, status, risk_level, restricted)
    SELECT c.id, g.group_id, p.id, g.id, coalesce(g.agreement_id, 0), g.until, g.mask,
           c.updated_at, coalesce(c.next_review, '9999-12-31'), c.status, c.risk_level, c.restricted
      FROM sharing_grant g JOIN auth_permission p ON p.codename = g.bundle """
    cursor.execute("ANALYZE sharing_grant, cases_case")
    cursor.execute(
        base
        + """JOIN agencies_unit u ON u.group_id = g.group_id AND u.is_root
             JOIN cases_case c ON c.agency_id = u.agency_id WHERE g.kind = 'owner'"""
    )
    cursor.execute(base + "JOIN cases_case c ON c.unit_id = g.group_id WHERE g.kind = 'owner'")
    cursor.execute(base + "JOIN cases_case c ON c.uuid = g.record_id WHERE g.kind = 'share'")
    cursor.execute(
        base + "JOIN cases_case c ON g.group_id = %s OR (c.id & 1023) %% 5 IN (0, 2)"
        " WHERE g.kind = 'standing' AND g.group_id IN (%s, %s)",
        [STATE_CIRCLE, STATE_CIRCLE, RARE_UNIT],
    )
    cursor.execute(
        base + "JOIN cases_case c ON g.group_id = %s + (c.agency_id + c.unit_id) %% %s AND c.id %% 2 = 0"
        " WHERE g.kind = 'standing'",
        [COUNTY_CIRCLES.start, COUNTIES],
    )


def _names(cursor: Any) -> None:
    """Distinct words of names, and who bears them."""
    cursor.execute("""
    CREATE TEMP TABLE word_of AS
    SELECT n.name, w AS word FROM (SELECT given_name AS name FROM cases_person
                                   UNION SELECT middle_name FROM cases_person
                                   UNION SELECT family_name FROM cases_person) n, name_words(n.name) AS w;
    INSERT INTO cases_nametoken (token) SELECT DISTINCT word FROM word_of ORDER BY word;
    ANALYZE word_of, cases_nametoken;
    INSERT INTO cases_personnametoken (token_id, person_id)
    SELECT DISTINCT t.id, p.id
      FROM cases_person p CROSS JOIN LATERAL unnest(ARRAY[p.given_name, p.middle_name, p.family_name]) AS n(name)
      JOIN word_of w ON w.name = n.name JOIN cases_nametoken t ON t.token = w.word""")


def _exceptions(cursor: Any, cases: int, officers: int) -> None:
    """Who is named on restricted cases, and who is excluded from some: personas from cases on their own first page."""
    from tests.bench.personas import PERSONAS

    cursor.execute("""
    INSERT INTO cases_casenamedprincipal (record_id, group_id, reason, created_at)
    SELECT DISTINCT c.id, k.group_id, 'restricted', now()
      FROM cases_case c JOIN cases_casekey k ON k.content_object_id = c.id
     WHERE c.restricted AND (k.group_id = c.unit_id OR (k.grant_id + c.id) % 3 = 0)""")
    cursor.execute(
        """INSERT INTO cases_caseexclusion (user_id, record_id, reason, created_at)
        SELECT 1 + floor(random() * %s)::int, 1 + floor(random() * %s)::int, 'conflict', now()
          FROM generate_series(1, %s) ON CONFLICT DO NOTHING""",
        [officers, cases, cases // 25],
    )
    for persona in PERSONAS:
        cursor.execute(
            """INSERT INTO cases_caseexclusion (user_id, record_id, reason, created_at)
            SELECT %s, k.content_object_id, 'conflict', now()
              FROM cases_casekey k WHERE k.group_id = %s ORDER BY k.updated_at DESC LIMIT 3 OFFSET 2
            ON CONFLICT DO NOTHING""",
            [persona.user_id, persona.memberships[0][0]],
        )


def _guardian(cursor: Any) -> None:
    """The same permissions once more, in tables as guardian has them, for the baseline."""
    from tests.bench.guardian import GENERIC_TABLE, OWN_TABLE

    cursor.execute(f"{OWN_TABLE} GRANT SELECT ON bench_ownkey TO concord_owner")
    with _without_indexes(cursor, "guardian_groupobjectpermission"):
        cursor.execute(GENERIC_TABLE)


def _sequences(cursor: Any) -> None:
    """Sets each sequence behind the highest number that was written by hand."""
    cursor.execute("""
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> '' WHERE c.relkind = 'r'""")
    for table, column in cursor.fetchall():
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false)"
            f" FROM {table}"
        )


@contextmanager
def _without_indexes(cursor: Any, *tables: str) -> Iterator[None]:
    """Takes indexes, unique constraints and the keys' primary key off for the load and builds them anew afterwards.

    Primary keys that are a number in the order of arrival stay: others point to them.
    """
    cursor.execute(
        """SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
                  format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                         pg_get_constraintdef(oid))
             FROM pg_constraint
            WHERE (contype = 'u' OR (contype = 'p' AND cardinality(conkey) > 1))
              AND conrelid = ANY (%(tables)s::regclass[])
        UNION ALL
        SELECT format('DROP INDEX %%s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
          FROM pg_index i WHERE i.indrelid = ANY (%(tables)s::regclass[])
           AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)""",
        {"tables": list(tables)},
    )
    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)
    yield
    for _, create in found:
        cursor.execute(create)
