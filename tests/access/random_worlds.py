"""Random worlds: small, crowded and unfair, so that every condition of the door decides something."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable

from agencies.directory.categories import Category, with_prerequisites
from agencies.directory.models import FOREVER, AgencyKind
from agencies.directory.roles import ROLES
from cases.supervision.bundles import BUNDLES
from tests.access.marks import word
from tests.access.oracle import (
    Agency,
    Agreement,
    Case,
    CirclePlace,
    Grant,
    Membership,
    Oracle,
    Part,
    Person,
    Unit,
    User,
    World,
)

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
STEPS = [datetime.timedelta(seconds=1), datetime.timedelta(hours=1), datetime.timedelta(days=3)]
LONG_AGO = NOW - datetime.timedelta(days=300)
FAMILIES = ["Okonkwo", "Lindqvist", "Farrugia", "Zebrowski"]  # no two resemble each other
FIRST_GRANT = 10_000_000  # above anything the sequence gives to owner grants
KINDS = [AgencyKind.PROBATION_ADULT, AgencyKind.MUNICIPAL_POLICE, AgencyKind.SHERIFF, AgencyKind.TREATMENT_PROVIDER]
CASE_PARTS = {
    "condition": Category.CONDITIONS,
    "caution": Category.CAUTIONS,
    "riskassessment": Category.ASSESSMENT,
    "flag": Category.FLAGS,
    "plan": Category.PLAN_VIEW,
    "goal": Category.PLAN_VIEW,
    "action": Category.PLAN_VIEW,
    "goalversion": Category.PLAN_VIEW,
    "actionversion": Category.PLAN_VIEW,
    "document": Category.DOCUMENTS,
    "appointment": Category.CONTACT_VIEW,
    "contact": Category.CONTACT_VIEW,
    "contactversion": Category.CONTACT_VIEW,
}
FOR_BOTH = ("condition", "caution", "riskassessment", "plan", "document")  # have no audience
AUTHORED = ("contact", "contactversion")
PERSON_PARTS = {"alias": Category.EXISTENCE, "identifier": Category.EXISTENCE, "address": Category.LOCATION}


def random_world(seed: int) -> World:
    """The world of this seed, always the same."""
    return _Maker(random.Random(seed)).world


class _Maker:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.world = World(now=NOW, own_mask=BUNDLES["own_case"].mask)
        self.people()
        self.agreements()
        self.records()
        self.parts()
        self.grants()
        self.contacts()

    def often(self, share: float) -> bool:
        return self.dice.random() < share

    def end(self, never: float = 0.6) -> datetime.datetime:
        if self.often(never):
            return FOREVER
        return NOW + self.dice.choice(STEPS) * self.dice.choice([1, 1, -1])

    def begin(self) -> datetime.datetime:
        return LONG_AGO if self.often(0.85) else NOW + self.dice.choice(STEPS)

    def people(self) -> None:
        world, dice = self.world, self.dice
        unit = 0
        crowded = dice.choice([0] * 12 + [8, 65])  # many principals take other paths through the page
        for number in range(1, dice.randint(2, 4) + 1):
            kind = KINDS[0] if number == 1 else dice.choice(KINDS)
            world.agencies[number] = Agency(number, kind, active=number == 1 or self.often(0.95))
            for place in range(dice.randint(2, 3) + (crowded if number == 2 else 0)):
                unit += 1
                world.units[unit] = Unit(unit, number, root=place == 0)
        for user in range(1, dice.randint(3, 5) + 1):
            world.users[user] = User(user, active=self.often(0.97))
            wanted = dice.randint(0, 3)
            units = dice.sample(sorted(world.units), min(wanted, len(world.units)))
            if crowded and user == 1:
                units = [u.id for u in world.units.values() if u.agency == 2]
            for place in units:
                for role in dice.sample(sorted(ROLES), dice.choice([1, 1, 1, 2])):
                    start, until = self.begin(), self.end(0.8)
                    if until > start:
                        world.memberships.append(
                            Membership(len(world.memberships) + 1, user, place, role, start, until)
                        )

    def agreements(self) -> None:
        world, dice = self.world, self.dice
        for number in range(1, dice.randint(1, 3) + 1):
            start, end = self.begin(), self.end(0.7)
            stop = [NOW + dice.choice(STEPS) * dice.choice([1, -1]) if self.often(0.12) else None for _ in range(2)]
            world.agreements[number] = Agreement(number, start, max(end, start + STEPS[0]), *stop)
        for number in range(dice.randint(0, 2)):
            circle = 500 + number
            world.circles[circle] = dice.choice(list(world.agreements))
            for unit in dice.sample(sorted(world.units), dice.randint(1, min(5, len(world.units)))):
                world.places.append(CirclePlace(circle, unit, self.begin(), self.end(0.8)))

    def records(self) -> None:
        world, dice = self.world, self.dice
        holders = [1, 1, 1, *world.agencies]
        principals = [*world.units, *world.circles]
        for person in range(1, dice.randint(4, 8) + 1):
            agency = dice.choice(holders)
            world.people[person] = Person(
                person, agency, dice.choice(FAMILIES), dice.choice(FAMILIES) if self.often(0.3) else None
            )
            for _ in range(dice.choice([1, 1, 1, 2])):
                number = len(world.cases) + 1
                world.cases[number] = Case(
                    number,
                    person,
                    agency,
                    unit=dice.choice([u.id for u in world.units.values() if u.agency == agency]),
                    officer=dice.choice([None, *world.users]),
                    number=word("number", number).upper(),
                    status=dice.choice([1, 1, 2, 8]),
                    risk=dice.choice([0, 1, 3]),
                    updated=NOW - dice.choice(STEPS) * dice.choice([0, 1, 1, 2]),  # ties are wanted
                    review=dice.choice([None, NOW.date(), NOW.date() + STEPS[2]]),
                    restricted=self.often(0.25),
                    named={dice.choice(principals) for _ in range(dice.randint(0, 3))},
                    excluded={user for user in world.users if self.often(0.08)},
                )

    def parts(self) -> None:
        world, dice = self.world, self.dice
        for case in world.cases.values():
            # What a case may lack; a plan carries its goals, actions and their versions.
            lacks = {name for name in (*FOR_BOTH, "appointment", "flag") if self.often(0.3)}
            of_goal = 0
            for model, category in CASE_PARTS.items():
                if model in AUTHORED or model in lacks or ("plan" in lacks and category == Category.PLAN_VIEW):
                    continue
                audience = 0 if model in FOR_BOTH else dice.choice([0, 1, 2])
                if model == "goal":
                    of_goal = audience
                elif model == "action":  # never wider than its goal
                    audience = audience or of_goal
                world.parts.append(Part(model, case.id, category, case=case.id, audience=audience))
        for person in world.people.values():
            for model, category in PERSON_PARTS.items():
                if person.alias if model == "alias" else self.often(0.7):
                    world.parts.append(Part(model, person.id, category, person=person.id))

    def contacts(self) -> None:
        """A contact and a version of it a case, by anybody for any agency, for any audience. Drawn last."""
        world, dice = self.world, self.dice
        for case in world.cases.values():
            author = (dice.choice(list(world.users)), dice.choice(list(world.agencies)))
            for model in AUTHORED:
                audience = dice.choice([0, 0, 1, 2, 3])
                world.parts.append(
                    Part(model, case.id, CASE_PARTS[model], case=case.id, audience=audience, author=author)
                )

    def grants(self) -> None:
        world, dice = self.world, self.dice
        principals = [*world.units, *world.circles, *world.circles]
        for number in range(dice.randint(3, 12)):
            kind = dice.choice(["share", "share", "share", "standing", "request", "referral", "emergency"])
            bundle = BUNDLES[dice.choice(["status_card", "coordination", "joint_plan", "full_file", "referral"])]
            wide = kind == "standing"
            needs = kind in ("standing", "request", "referral")
            world.grants.append(
                Grant(
                    FIRST_GRANT + number,
                    kind,
                    dice.choice(principals),
                    bundle.code,
                    self.narrowed(bundle.mask),
                    self.end(0.5),
                    dice.choice(list(world.agreements)) if needs or self.often(0.7) else None,
                    dice.sample(sorted(world.cases), dice.randint(1, len(world.cases)) if wide else 1),
                )
            )

    def narrowed(self, mask: int) -> int:
        """The bundle, sometimes without a category or two and what rests on them."""
        left = Category(mask)
        for category in self.dice.sample(list(Category), self.dice.choice([0, 0, 1, 3])):
            if category is not Category.EXISTENCE:
                left &= ~category
        return int(
            Category(sum(c for c in Category if c & left and with_prerequisites(c) & left == with_prerequisites(c)))
        )


def shake(world: World, dice: random.Random) -> list[tuple[str, int, object]]:
    """Later acts on a loaded world, as (what, number, value); the description is brought up to date.

    Revoked, end moved, restricted or not, touched, moved to another unit: what the loader then does by the product's
    own functions.
    """
    acts: list[tuple[str, int, object]] = []
    for grant in world.grants:
        fate = dice.random()
        if fate < 0.12:
            grant.revoked = NOW - STEPS[0]
            acts.append(("revoke", grant.id, grant.revoked))
        elif fate < 0.22:
            grant.until = NOW + dice.choice(STEPS) * dice.choice([1, 1, -1])
            acts.append(("extend", grant.id, grant.until))
    for case in dice.sample(list(world.cases.values()), min(3, len(world.cases))):
        what = dice.choice(["restrict", "touch", "move"])
        if what == "restrict":
            case.restricted = not case.restricted
            acts.append((what, case.id, case.restricted))
        elif what == "touch":
            case.updated, case.status = NOW, 1
            acts.append((what, case.id, NOW))
        else:
            case.unit = dice.choice([u.id for u in world.units.values() if u.agency == case.agency])
            acts.append((what, case.id, case.unit))
    return acts


def move_ends(world: World, dice: random.Random) -> list[tuple[str, int, object]]:
    """Agreements get another end, as acts like those of shake(). The keys under them stay as they are."""
    acts: list[tuple[str, int, object]] = []
    for paper in world.agreements.values():
        end = NOW + dice.choice(STEPS) * dice.choice([1, -1])
        if dice.random() < 0.4 and end > paper.start:
            paper.end_at_first, paper.end = paper.end, end
            acts.append(("move end", paper.id, end))
    return acts


def moments(world: World, dice: random.Random) -> list[datetime.datetime]:
    """Now, and the very moment at which something begins or ends, or the second before it."""
    ends = {grant.until for grant in world.grants}
    edges = {m.until for m in world.memberships} | {m.start for m in world.memberships}
    edges |= {place.until for place in world.places} | {place.joined for place in world.places}
    for agreement in world.agreements.values():
        edges |= {agreement.start, agreement.end} | {m for m in (agreement.suspended, agreement.ended) if m}
    near = [sorted(edge for edge in kind if NOW < edge < FOREVER) for kind in (ends, edges)]
    near = [kind for kind in near if kind]
    later = [dice.choice(dice.choice(near)) - dice.choice([0, 0, 1]) * STEPS[0]] if near else []
    return [NOW, *later]


def lookers(
    world: World, now: datetime.datetime, dice: random.Random, *, of: Iterable[int] | None = None
) -> list[tuple[int, int | None]]:
    """Who of these users looks, and for which agency: anybody, and somebody who sees much, or did a second ago."""
    oracle = Oracle(world, now - datetime.timedelta(seconds=1))
    choices = [(user, agency) for user in of or world.users for agency in (None, *world.agencies)]

    def reach(choice: tuple[int, int | None]) -> int:
        viewer = oracle.viewer(*choice)
        return len(oracle.cases(viewer, Category.EXISTENCE)) if viewer else 0

    dice.shuffle(choices)
    much = max(choices[1:], key=reach)
    return [much, choices[0]] if now == world.now else [much]
