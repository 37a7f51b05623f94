"""Search by number: what the viewer may see is found, however many hidden records carry the same number."""

from cases.supervision.models import Case
from sharing.access.context import acting
from tests import services
from tests.worlds import World

# Three hundred other agencies, each with cases of the same numbers: agencies number theirs without each other.
# Their rows come before the visible ones in whatever order the database likes.
OTHERS = """
WITH a AS (
  INSERT INTO agencies_agency (uuid, name, short_name, kind, ori, phone, time_zone, is_active)
  SELECT gen_random_uuid(), 'Other ' || i, 'Other', 'probation_adult', '', '', 'UTC', true
    FROM generate_series(1, 300) i
  RETURNING id
), g AS (
  INSERT INTO auth_group (name) SELECT 'other ' || id FROM a RETURNING id, split_part(name, ' ', 2)::bigint AS agency_id
), u AS (
  INSERT INTO agencies_unit (group_id, agency_id, name, phone, is_root)
  SELECT id, agency_id, 'Root', '', true FROM g RETURNING group_id, agency_id
), p AS (
  INSERT INTO cases_person (uuid, agency_id, local_id, given_name, middle_name, family_name, suffix, sex, race,
                            created_at, updated_at, confirmed_at, source_digest, version)
  SELECT gen_random_uuid(), agency_id, 'L1', 'Ann', '', 'Other', '', 'U', '', now(), now(), now(), '', 1 FROM u
  RETURNING id, agency_id
)
INSERT INTO cases_case (id, uuid, number, person_id, agency_id, unit_id, kind, status, risk_level, supervision_level,
                        offense, offense_degree, restricted, created_at, updated_at, version)
SELECT -row_number() OVER (), gen_random_uuid(), n.number, p.id, p.agency_id, u.group_id, 1, 1, 0, 0,
       '', '', false, now(), now(), 1
  FROM p JOIN u USING (agency_id) CROSS JOIN unnest(%s) AS n(number)
"""


def test_hidden_cases_with_the_same_number_are_not_in_the_way(world: World) -> None:
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        theirs = {case.pk: case.number for case in Case.objects.visible_to(actor)}
    with services.connect("owner") as owner, owner.cursor() as cursor:
        cursor.execute(OTHERS, [list(theirs.values())])
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        found = Case.objects.search(actor, words=list(theirs.values()))
    assert {case.pk for case in found} == set(theirs)


def test_a_name_alone_is_found_by_no_number(world: World) -> None:
    """Neither tells whether a guessed number is right; whoever sees the supervision finds it by both."""
    numbers = (world.referred.number, world.referred.person.local_id)
    for who, seen in (("carter", set()), ("olsen", {world.referred.pk})):
        with acting(world.users[who], world.agency_of(who)) as actor:
            for number in numbers:
                found = {hit.pk for hit in Case.objects.search(actor, words=[number])}
                assert found & {world.referred.pk} == seen, (who, number)
