"""Who may see what, said a second time in plain Python, from a description of a world and nothing else.

It imports nothing from `sharing.access` and asks no database: where it and the product disagree, one of them is wrong.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from agencies.directory.categories import Category, with_prerequisites
from agencies.directory.models import AgencyKind
from agencies.directory.roles import ROLES

Time = datetime.datetime


@dataclass
class Agency:
    id: int
    kind: str
    active: bool = True


@dataclass
class Unit:
    id: int
    agency: int
    root: bool = False


@dataclass
class User:
    id: int
    active: bool = True


@dataclass
class Membership:
    id: int
    user: int
    unit: int
    role: str
    start: Time
    until: Time


@dataclass
class Agreement:
    id: int
    start: Time
    end: Time
    suspended: Time | None = None
    ended: Time | None = None
    end_at_first: Time | None = None  # where it was moved since keys were made

    def in_force(self, now: Time) -> bool:
        stopped = [moment for moment in (self.suspended, self.ended) if moment is not None]
        return self.start <= now < self.end and all(moment > now for moment in stopped)


@dataclass
class CirclePlace:
    circle: int
    unit: int
    joined: Time
    until: Time


@dataclass
class Case:
    id: int
    person: int
    agency: int
    unit: int
    officer: int | None
    number: str
    status: int
    risk: int
    updated: Time
    review: datetime.date | None
    restricted: bool = False
    named: set[int] = field(default_factory=set)
    excluded: set[int] = field(default_factory=set)


@dataclass
class Person:
    id: int
    agency: int
    family: str
    alias: str | None = None


@dataclass
class Grant:
    """`cases` are those for which keys were asked; owner grants are not described, they follow from the case."""

    id: int
    kind: str
    group: int
    bundle: str
    mask: int
    until: Time
    agreement: int | None
    cases: list[int]
    revoked: Time | None = None


@dataclass
class Part:
    """A row of something that belongs to a case or to a person.

    Audience 3 is open to those who may read treatment as well, of whatever side. `author` wrote it for that agency, and
    reads it by the category in `own`.
    """

    model: str
    id: int
    category: Category
    case: int | None = None
    person: int | None = None
    audience: int = 0
    author: tuple[int, int] | None = None
    own: Category = Category.CONTACT_ADD


@dataclass(frozen=True)
class Key:
    case: int
    group: int
    mask: int
    until: Time
    agreement: int | None
    grant: int | None  # None for an owner's


@dataclass
class World:
    now: Time
    own_mask: int
    agencies: dict[int, Agency] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    memberships: list[Membership] = field(default_factory=list)
    agreements: dict[int, Agreement] = field(default_factory=dict)
    circles: dict[int, int] = field(default_factory=dict)  # circle → agreement
    places: list[CirclePlace] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


@dataclass
class Viewer:
    """Somebody at one moment: for which agency they act, and the categories their roles allow by principal."""

    user: int
    agency: Agency
    masks: dict[int, int]

    @property
    def side(self) -> int:
        return int(AgencyKind(self.agency.kind).side)


class Oracle:
    """Answers for one world at one moment."""

    def __init__(self, world: World, now: Time) -> None:
        self.world, self.now = world, now
        self.keys: dict[int, list[Key]] = {}
        for key in keys_of(world):
            self.keys.setdefault(key.case, []).append(key)

    def viewer(self, user_id: int, wanted_agency: int | None) -> Viewer | None:
        """As whom the user acts; None without any live membership."""
        world = self.world
        live = [
            m
            for m in world.memberships
            if m.user == user_id
            and m.start <= self.now < m.until
            and world.users[user_id].active
            and world.agencies[world.units[m.unit].agency].active
        ]
        if not live:
            return None
        live.sort(key=lambda m: (world.units[m.unit].agency != wanted_agency, m.id))
        agency = world.agencies[world.units[live[0].unit].agency]
        masks: dict[int, int] = {}
        for m in live:
            if world.units[m.unit].agency == agency.id:
                masks[m.unit] = masks.get(m.unit, 0) | int(with_prerequisites(ROLES[m.role].mask))
        circles: dict[int, int] = {}
        for place in world.places:
            if place.unit in masks and place.joined <= self.now < place.until:
                circles[place.circle] = circles.get(place.circle, 0) | masks[place.unit]
        return Viewer(user_id, agency, masks | circles)

    def open_keys(self, viewer: Viewer, case_id: int, category: int) -> list[Key]:
        """The viewer's keys that open the whole category of the case now."""
        case = self.world.cases[case_id]
        if viewer.user in case.excluded:
            return []
        return [
            key
            for key in self.keys.get(case_id, [])
            if viewer.masks.get(key.group, 0) & category == category
            and key.mask & category == category
            and key.until > self.now
            and (key.agreement is None or self.world.agreements[key.agreement].in_force(self.now))
            and (not case.restricted or key.group in case.named)
        ]

    def cases(self, viewer: Viewer, category: int) -> set[int]:
        """Numbers of the cases of which the viewer may use the category."""
        return {case_id for case_id in self.world.cases if self.open_keys(viewer, case_id, category)}

    def people(self, viewer: Viewer, category: int) -> set[int]:
        """Numbers of the people one of whose cases opens the category."""
        return {self.world.cases[case_id].person for case_id in self.cases(viewer, category)}

    def sees_part(self, viewer: Viewer, part: Part, category: int = 0) -> bool:
        """Whether the part's category (and a further one) and its audience let the viewer see it."""
        wanted = int(part.category) | category
        own = part.case is not None and part.author == (viewer.user, viewer.agency.id)
        if own and self.open_keys(viewer, part.case, int(part.own) | category):
            return True
        if part.audience == 3:
            wanted |= int(Category.TREATMENT)
        elif part.audience not in (0, viewer.side):
            return False
        if part.case is not None:
            return bool(self.open_keys(viewer, part.case, wanted))
        return part.person in self.people(viewer, wanted)

    def told(self, case_id: int, category: int, part: Part | None) -> set[tuple[int, int]]:
        """Who is told that the case or the part changed, and for which agency: (user, agency).

        Members of units that hold a key with the category, as far as they may see it: the officer of record, of the
        owner those who sign, and never the members of a root unit as such.
        """
        world, case = self.world, self.world.cases[case_id]
        masks: dict[tuple[int, int], int] = {}
        for m in world.memberships:
            if m.start <= self.now < m.until:
                place = (m.user, m.unit)
                masks[place] = masks.get(place, 0) | int(with_prerequisites(ROLES[m.role].mask))
        holders = {k.group for k in self.keys.get(case_id, []) if k.until > self.now and k.mask & category == category}
        found = set()
        for (user, place), mask in masks.items():
            unit = world.units[place]
            concerned = not unit.root and (unit.agency != case.agency or mask & Category.PLAN_SIGN)
            if place not in holders or mask & category != category or not (concerned or user == case.officer):
                continue
            viewer = self.viewer(user, unit.agency)
            if viewer is None or viewer.agency.id != unit.agency or not self.open_keys(viewer, case_id, category):
                continue
            if part is None or self.sees_part(viewer, part, category):
                found.add((user, unit.agency))
        return found

    def listed(
        self,
        viewer: Viewer,
        *,
        scope: str,
        statuses: tuple[int, ...],
        risk_levels: tuple[int, ...],
        sort: str,
    ) -> list[int]:
        """The list's cases in its order. Whoever narrows or sorts by a status must be allowed to know it."""
        tells = bool(statuses or risk_levels or sort == "review")
        category = Category.EXISTENCE | Category.SUPERVISION if tells else Category.EXISTENCE
        found = []
        for case in self.world.cases.values():
            keys = self.open_keys(viewer, case.id, int(category))
            if scope == "mine" and case.officer != viewer.user:
                continue
            if scope == "unit":
                keys = [key for key in keys if key.mask & Category.MANAGE]
            if scope == "shared":
                keys = [key for key in keys if not key.mask & Category.MANAGE]
            if not keys or (statuses and case.status not in statuses) or (risk_levels and case.risk not in risk_levels):
                continue
            found.append(case)
        if sort == "review":
            found.sort(key=lambda case: (case.review or datetime.date(9999, 12, 31), case.id))
        else:
            found.sort(key=lambda case: (case.updated, case.id), reverse=True)
        return [case.id for case in found]


def keys_of(world: World) -> list[Key]:
    """Every key that must exist: what the grants say, ended in time or not, and nothing that was revoked."""
    keys = []
    forever = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)
    for case in world.cases.values():
        roots = {unit.id for unit in world.units.values() if unit.root and unit.agency == case.agency}
        keys += [Key(case.id, group, world.own_mask, forever, None, None) for group in roots | {case.unit}]
    for grant in world.grants:
        if grant.revoked is None:
            until = grant.until
            if grant.agreement is not None:
                paper = world.agreements[grant.agreement]
                until = min(until, paper.end_at_first or paper.end)
            keys += [Key(case_id, grant.group, grant.mask, until, grant.agreement, grant.id) for case_id in grant.cases]
    return keys
