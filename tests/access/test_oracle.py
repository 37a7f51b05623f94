"""Random worlds: door, has_perm, the database's policies, lists, counts and search all say what the oracle says."""

from __future__ import annotations

import datetime
import os
import random

import pytest
from django.db import connection, transaction

from agencies.directory.categories import Category
from agencies.directory.models import User
from cases.people.models import Person
from cases.supervision.models import Case
from cases.supervision.querysets import ALL, LATEST, MINE, REVIEW, SHARED, UNIT, CaseFilter
from sharing.access.actors import Actor
from sharing.access.context import open_context
from sharing.access.explain import opened_masks, why
from sharing.access.querysets import seen_in
from sharing.access.rows import Arguments, read_kept
from tests import services
from tests.access import marks
from tests.access.describing import model_of
from tests.access.loading import Loader
from tests.access.oracle import Oracle, Viewer, World, keys_of
from tests.access.random_worlds import (
    CASE_PARTS,
    FAMILIES,
    PERSON_PARTS,
    lookers,
    moments,
    move_ends,
    random_world,
    shake,
)

IN_A_TEST_RUN = 200
IN_DRILLS = int(os.environ.get("CONCORD_WORLDS", "10000"))
PARTS = 20
ENDS_MOVE_FROM = 100  # the worlds named in README.md are below
BATCH = 50


@pytest.mark.parametrize("first", range(0, IN_A_TEST_RUN, BATCH))
def test_everything_agrees_with_the_oracle(loader: Loader, first: int) -> None:
    if first % (2 * BATCH):
        loader.as_in_a_large_world()
    for seed in range(first, first + BATCH):
        check_world(loader, seed)


@pytest.mark.drill
@pytest.mark.parametrize("part", range(PARTS))
def test_everything_agrees_in_very_many_worlds(loader: Loader, part: int) -> None:
    """The second half of the parts is asked as a large world is."""
    if part >= PARTS // 2:
        loader.as_in_a_large_world()
    for number in range(part, IN_DRILLS, PARTS):
        check_world(loader, 1_000_000 + number)


def check_world(loader: Loader, seed: int) -> None:
    """Loads the world of the seed, lets some time pass in it, and compares."""
    dice = random.Random(f"look at {seed}")
    world = random_world(seed)
    loader.load(world)
    for act in shake(world, dice):
        loader.act(*act)
    if seed >= ENDS_MOVE_FROM:
        for act in move_ends(world, random.Random(f"ends of {seed}")):
            loader.act(*act)
    wanted = {(k.case, k.group, k.mask, k.until, k.agreement, k.grant, True) for k in keys_of(world)}
    assert loader.keys() == wanted, f"seed {seed}: keys are not what the grants say"
    assert loader.drifted() == 0, f"seed {seed}: a copy drifted"
    for now in moments(world, dice):
        loader.turn_clock(now)
        if seed % 2:
            first_wall_alone(loader, world, now, dice, seed)
        for user_id, agency in lookers(world, now, dice):
            try:
                with transaction.atomic():
                    Look(world, now, user_id, agency, dice).at_everything()
            except AssertionError as error:
                raise AssertionError(
                    f"seed {seed}, at {now:%d %H:%M:%S}, user {user_id} for {agency}: {error}"
                ) from None


def first_wall_alone(loader: Loader, world: World, now: datetime.datetime, dice: random.Random, seed: int) -> None:
    """The door as a queryset, on a connection for which the database lets everything through."""
    user_id, agency = lookers(world, now, dice)[0]
    oracle = Oracle(world, now)
    viewer = oracle.viewer(user_id, agency)
    with services.standing_in(loader.past_the_wall):
        loader.turn_clock(now)
        with transaction.atomic():
            actor = open_context(User(pk=user_id), agency)
            if actor is None or viewer is None:
                return
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('access.job', 'on', true)")
            where = f"seed {seed}, at {now:%d %H:%M:%S}, user {user_id} for {agency}, first wall alone"
            assert Case.objects.count() == len(world.cases)
            for category in dice.sample(list(Category), 2):
                wanted = oracle.cases(viewer, int(category))
                same(f"{where}: {category.name}", keys(Case.objects.permitted(actor, category)), wanted)
            for name in dice.sample([*CASE_PARTS, *PERSON_PARTS], 2):
                seen = {p.id for p in world.parts if p.model == name and oracle.sees_part(viewer, p)}
                same(f"{where}: {name}", keys(model_of(name).objects.visible_to(actor)), seen)
                write = Arguments()
                rule = seen_in(model_of(name), "t", actor, write)
                kept = read_kept(f"SELECT t.id FROM cases_{name} t WHERE {rule}", write.values)
                same(f"{where}: {name} in a kept statement", {number for (number,) in kept}, seen)


class Look:
    """One user's look at one world at one moment, in one transaction with one context."""

    def __init__(
        self, world: World, now: datetime.datetime, user_id: int, agency: int | None, dice: random.Random
    ) -> None:
        self.world, self.dice = world, dice
        self.oracle = Oracle(world, now)
        self.expected = self.oracle.viewer(user_id, agency)
        self.user = User(pk=user_id, is_active=world.users[user_id].active)
        self.actor = open_context(self.user, agency)

    def at_everything(self) -> None:
        if self.expected is None or self.actor is None:
            same("acting", self.actor, self.expected)
            self.nothing()
            return
        viewer, actor = self.expected, self.actor
        same("agency", actor.agency_id, viewer.agency.id)
        same("principals", {p.group_id: int(p.mask) for p in actor.principals}, viewer.masks)
        self.records(viewer, actor)
        self.parts(viewer, actor)
        self.one_by_one(viewer, actor)
        self.lists(viewer, actor)
        self.search(viewer, actor)
        self.explanations(viewer, actor)

    def nothing(self) -> None:
        """An account without a live membership sees no row even where every filter was forgotten."""
        for model in (Case, Person, *map(model_of, (*CASE_PARTS, *PERSON_PARTS))):
            same(f"{model.__name__} without membership", model.objects.count(), 0)

    def records(self, viewer: Viewer, actor: Actor) -> None:
        for category in self.dice.sample(list(Category), 2):
            same(f"permitted {category.name}", keys(Case.objects.permitted(actor, category)), self.cases(category))
        known = self.cases(Category.EXISTENCE)
        same("policy of cases", keys(Case.objects.all()), known)
        same("visible cases", keys(Case.objects.visible_to(actor)), known)
        both = Category.CAUTIONS | Category.PLAN_VIEW
        same("two categories by one key", keys(Case.objects.permitted(actor, both)), self.cases(both))
        people = self.oracle.people(viewer, Category.EXISTENCE)
        same("policy of people", keys(Person.objects.all()), people)
        same("visible people", keys(Person.objects.visible_to(actor)), people)

    def cases(self, category: int) -> set[int]:
        assert self.expected is not None
        return self.oracle.cases(self.expected, int(category))

    def parts(self, viewer: Viewer, actor: Actor) -> None:
        further = self.dice.choice([Category.PLAN_CHANGE, Category.SHARE])
        for name in self.dice.sample([*CASE_PARTS, *PERSON_PARTS], 2):
            model = model_of(name)
            mine = [part for part in self.world.parts if part.model == name]
            seen = {part.id for part in mine if self.oracle.sees_part(viewer, part)}
            same(f"policy of {name}", keys(model.objects.all()), seen)
            same(f"visible {name}", keys(model.objects.visible_to(actor)), seen)
        wider = {part.id for part in mine if self.oracle.sees_part(viewer, part, int(further))}
        same(f"{name} with {further.name}", keys(model.objects.permitted(actor, further)), wider)

    def one_by_one(self, viewer: Viewer, actor: Actor) -> None:
        """has_perm, object by object, for one category; and no answer without an object."""
        self.user.actor = actor  # type: ignore[attr-defined]
        category = self.dice.choice(list(Category))
        name = f"cases.{category.name}"
        asked = set(self.dice.sample(sorted(self.world.cases), 2))
        allowed = {number for number in asked if self.user.has_perm(name, Case(pk=number))}
        same(f"has_perm {name} of {asked}", allowed, self.cases(category) & asked)
        same(f"has_perm {name} without an object", self.user.has_perm(name), False)
        for part in self.dice.sample(self.world.parts, min(2, len(self.world.parts))):
            category = self.dice.choice([part.category, Category.PLAN_CHANGE, Category.LOCATION])
            same(
                f"has_perm {category.name} of {part.model} {part.id}",
                self.user.has_perm(category.name.lower(), model_of(part.model)(pk=part.id)),
                self.oracle.sees_part(viewer, part, int(category)),
            )

    def lists(self, viewer: Viewer, actor: Actor) -> None:
        choices = [(sort, scope) for sort in (LATEST, REVIEW) for scope in (ALL, MINE, UNIT, SHARED)]
        for sort, scope in self.dice.sample(choices, 2):
            narrowed = CaseFilter(
                scope=scope,
                sort=sort,
                statuses=self.dice.choice([(), (), (1,), (1, 8)]),
                risk_levels=self.dice.choice([(), (), (0,), (1, 3)]),
            )
            wanted = self.oracle.listed(
                viewer, scope=scope, sort=sort, statuses=narrowed.statuses, risk_levels=narrowed.risk_levels
            )
            listed: list[int] = []
            after, limit, full = None, self.dice.choice([1, 3, 25]), self.dice.random() < 0.5
            while True:
                page = Case.objects.page(actor, narrowed, after=after, limit=limit, full=full)
                if full:
                    same(f"count with {narrowed}", tuple(page.count or ()), (len(wanted), True))
                    same("opened", {c.pk: int(c.opened) for c in page.cases}, self.opened(page.cases))
                listed += [case.pk for case in page.cases]
                after = page.next
                if after is None:
                    break
                same("a page that goes on is full", len(page.cases), limit)
            same(f"pages of {narrowed}", listed, wanted)
            same(f"count of {narrowed}", tuple(Case.objects.capped_count(actor, narrowed)), (len(wanted), True))

    def opened(self, cases: list[Case]) -> dict[int, int]:
        """What the viewer may use of each case, as one mask."""
        assert self.expected is not None
        return {
            case.pk: sum(int(c) for c in Category if self.oracle.open_keys(self.expected, case.pk, int(c)))
            for case in cases
        }

    def search(self, viewer: Viewer, actor: Actor) -> None:
        known = self.cases(Category.EXISTENCE)
        name = self.dice.choice(FAMILIES)
        case = self.dice.choice(list(self.world.cases.values()))
        people = {p.id for p in self.world.people.values() if name in (p.family, p.alias)}
        # A number tells more than name and contact.
        more = self.cases(Category.EXISTENCE | Category.SUPERVISION)
        numbered = {part.person for part in self.world.parts if part.model == "identifier"} & {case.person}
        ids = {number for number in known if self.world.cases[number].person in numbered}
        word, wanted = self.dice.choice(
            [
                (name.upper(), {number for number in known if self.world.cases[number].person in people}),
                (case.number, {case.id} & more),
                (f"L{case.person}", {number for number in more if self.world.cases[number].person == case.person}),
                (marks.word("identifier", case.person).upper(), more & ids),
            ]
        )
        found = {hit.pk for hit in Case.objects.search(actor, words=[word], limit=500)}
        same(f"search for {word}", found, wanted)
        first = {hit.pk for hit in Case.objects.search(actor, words=[word], limit=1)}
        same(f"the first found for {word}", (len(first), first <= wanted), (min(1, len(wanted)), True))

    def explanations(self, viewer: Viewer, actor: Actor) -> None:
        """What the pages say is withheld, and why one sees a case, follow from the same keys."""
        cases = list(Case.objects.order_by("pk"))
        masks = {number: int(mask) for number, mask in opened_masks(actor, cases).items()}
        same("opened masks", masks, self.opened(cases))
        for case in cases[:1]:
            ways = {way.grant.pk if way.grant.kind != "owner" else None for way in why(actor, case)}
            reasons = {key.grant for key in self.oracle.open_keys(viewer, case.pk, int(Category.EXISTENCE))}
            same(f"why case {case.pk}", ways, reasons)
            same("opened alone", int(Case.objects.open_one(actor, case.uuid).opened), masks[case.pk])


def keys(rows: object) -> set[int]:
    """Primary keys of a queryset."""
    return set(rows.values_list("pk", flat=True))  # type: ignore[attr-defined]


def same(what: str, product: object, oracle: object) -> None:
    """Fails with a sentence where product and oracle differ."""
    assert product == oracle, f"{what}: the product says {product}, the oracle {oracle}"


def test_a_second_after_the_end_nothing_is_open(loader: Loader) -> None:
    """No worker ran, no row changed: the clock alone ends it."""
    world = random_world(3)
    loader.load(world)
    with loader.owner.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_casekey")
        before = cursor.fetchone()
    loader.turn_clock(datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC))
    for user in world.users:
        with transaction.atomic():
            assert open_context(User(pk=user), None) is None
            assert not Case.objects.exists()
    with loader.owner.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_casekey")
        assert cursor.fetchone() == before
    connection.close()
