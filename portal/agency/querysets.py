"""Who works for the agency, how much each carries, and whose cases one covers: what the agency's pages show."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Window
from django.db.models.functions import JSONObject
from django.utils import timezone

from agencies.accounts.models import AccountLetter
from agencies.directory.categories import Category
from agencies.directory.clock import DatabaseNow
from agencies.directory.models import Cover, Membership, Unit, User
from agencies.directory.querysets import covers_in_force, members_of, memberships_in_force
from agencies.directory.roles import ADMINISTRATORS
from cases.lists.addresses import list_address
from cases.supervision.codes import OPEN_STATUSES
from cases.supervision.models import Case
from cases.supervision.querysets import LATEST, OWN_OPEN_BY_REVIEW, CaseFilter
from sharing.access.actors import Actor

HERE, INVITED, SUSPENDED, LEFT = "here", "invited", "suspended", "left"
STATES = (HERE, INVITED, SUSPENDED, LEFT)
NO_PASSWORD = "!"  # noqa: S105 - how Django marks that there is none

DUE_WITHIN = datetime.timedelta(days=14)
COVERED_AT_MOST = 200
CASELOAD_AT_MOST = 300


def people_of(agency_id: int, state: str = HERE, unit: int | None = None, words: str = "") -> QuerySet[User]:
    """People of an agency in one state, by name; each with its roles in force there in `roles_here`.

    With `words`, those in whose name or address each of them stands.

    Whoever is away has in `cover` who answers: {until, title, name, phone}. `total` is how many there are in all.
    """
    now = DatabaseNow()
    ever: QuerySet[Any] = Membership.objects.filter(group__unit__agency_id=agency_id)
    live = memberships_in_force().filter(group__unit__agency_id=agency_id)
    chosen = live.filter(group_id=unit) if unit else live
    people = User.objects.filter(kind=User.Kind.PERSON)
    if state == SUSPENDED:
        those = chosen if unit else ever
        people = people.filter(is_active=False, pk__in=those.values("user_id"))
    elif state == LEFT:
        people = people.filter(is_active=True, pk__in=ever.values("user_id")).exclude(pk__in=live.values("user_id"))
    else:
        people = people.filter(is_active=True, pk__in=chosen.values("user_id"))
        written_to = Exists(AccountLetter.objects.filter(user=OuterRef("pk")))
        waiting = Q(password__startswith=NO_PASSWORD, last_login__isnull=True) & written_to
        people = people.filter(waiting) if state == INVITED else people.exclude(waiting)
    for word in words.split():
        people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
    roles = live.filter(starts_at__lte=now).select_related("group__unit").order_by("group__unit__name", "role")
    covers = covers_in_force(agency_id).filter(officer_id=OuterRef("pk")).order_by("until")
    told = JSONObject(
        until="until", title="colleague__title", name="colleague__name", phone="colleague__phone"
    )  # one statement fewer than to read them by themselves
    people = people.annotate(cover=Subquery(covers.values(told=told)[:1]), total=Window(Count("pk")))
    return people.prefetch_related(Prefetch("memberships", roles, to_attr="roles_here")).order_by("name", "pk")


def stand_in(person: Any) -> dict[str, Any] | None:
    """Who answers for somebody read by people_of(): {until, name, phone}; None where they are not away."""
    cover = person.cover
    if not cover:
        return None
    return {
        "until": datetime.datetime.fromisoformat(cover["until"]),
        "name": f"{cover['title']} {cover['name']}".strip(),
        "phone": cover["phone"],
    }


def units_of(agency_id: int, *, closed: bool = False) -> QuerySet[Unit]:
    """The units of an agency, the root first, each with the number of people who work in it in `people`."""
    now = DatabaseNow()
    here = Q(
        group__memberships__starts_at__lte=now,
        group__memberships__until__gt=now,
        group__memberships__user__is_active=True,
        group__memberships__user__kind=User.Kind.PERSON,
    )
    rows = Unit.objects.filter(agency_id=agency_id)
    rows = rows if closed else rows.filter(closed_at__isnull=True)
    people = Count("group__memberships__user", filter=here, distinct=True)
    return rows.annotate(people=people).order_by("closed_at", "-is_root", "name")


def letters_to(user: User) -> list[AccountLetter]:
    """The latest letters about an account, newest first: whether an invitation went out, and when."""
    return list(user.letters.order_by("-created_at")[:5])


def administrators_of(agency_id: int) -> QuerySet[Any]:
    """The accounts that administer an agency now, by their numbers."""
    rows = memberships_in_force().filter(
        role__in=ADMINISTRATORS, group__unit__agency_id=agency_id, user__is_active=True
    )
    return rows.values("user_id").distinct()


def roles_here(agency_id: int, person: User) -> list[Any]:
    """The roles in force of one person in the agency."""
    rows = memberships_in_force().filter(user=person, group__unit__agency_id=agency_id)
    return list(rows.select_related("group__unit").order_by("group__unit__name", "role"))


@dataclass(slots=True)
class Load:
    """What one officer or unit carries: open cases, reviews due soon, reviews overdue; and where these stand."""

    name: str
    unit: str
    cases: int = 0
    due: int = 0
    overdue: int = 0
    cases_url: str = ""
    reviews_url: str = ""

    @property
    def on_time(self) -> int:
        """Cases whose review is neither due soon nor overdue."""
        return self.cases - self.due - self.overdue

    def stand_on(self, by_review: CaseFilter) -> None:
        """Lead to this list: reviews in its order, cases as they changed."""
        self.cases_url = list_address(replace(by_review, sort=LATEST))
        self.reviews_url = list_address(by_review)

    def add(self, other: Load) -> None:
        """Count another's work in."""
        self.cases, self.due, self.overdue = (
            self.cases + other.cases,
            self.due + other.due,
            self.overdue + other.overdue,
        )


@dataclass(slots=True)
class Workload:
    """The work of the units whose cases the viewer may see, by unit and by officer."""

    units: dict[int, Load] = field(default_factory=dict)
    officers: dict[int, list[Load]] = field(default_factory=dict)


def workload(actor: Actor) -> Workload:
    """Open cases of the actor's agency that the actor may see the status of, counted by unit and officer. One query."""
    today = timezone.localdate()
    cases = Case.objects.permitted(actor, Category.EXISTENCE | Category.SUPERVISION)
    rows = (
        cases.filter(agency=actor.agency, status__in=OPEN_STATUSES)
        .values("unit_id", "unit__name", "officer_id", "officer__title", "officer__name")
        .annotate(
            cases=Count("pk"),
            due=Count("pk", filter=Q(next_review__gte=today, next_review__lte=today + DUE_WITHIN)),
            overdue=Count("pk", filter=Q(next_review__lt=today)),
        )
        .order_by("unit__name", "-cases", "officer__name")
    )
    found = Workload()
    places = Counter(row["officer_id"] for row in rows)
    for row in rows:
        name = f"{row['officer__title'] or ''} {row['officer__name'] or 'No officer of record'}".strip()
        load = Load(name, row["unit__name"], row["cases"], row["due"], row["overdue"])
        # No list holds the cases without an officer, nor those of one unit of an officer who works in several.
        if row["officer_id"] and places[row["officer_id"]] == 1:
            load.stand_on(replace(OWN_OPEN_BY_REVIEW, officer=row["officer_id"]))
        found.units.setdefault(row["unit_id"], Load(row["unit__name"], row["unit__name"])).add(load)
        found.officers.setdefault(row["unit_id"], []).append(load)
    return found


def managed(actor: Actor) -> QuerySet[Case]:
    """Open cases of the actor's agency that the actor may give to somebody else."""
    wanted = Category.EXISTENCE | Category.SUPERVISION | Category.MANAGE
    return Case.objects.permitted(actor, wanted).filter(agency=actor.agency, status__in=OPEN_STATUSES)


def caseloads(actor: Actor) -> list[dict[str, Any]]:
    """Officers of record whose open cases the actor manages: number, name, how many; by name. Two queries.

    An officer who may no longer work cases is marked `gone`: their caseload waits to be moved.
    """
    rows = managed(actor).exclude(officer=None).values("officer_id", "officer__title", "officer__name")
    working = set(
        members_of(units_of(actor.agency_id).values("pk"), having=Category.SHARE).values_list("pk", flat=True)
    )
    return [
        {
            "id": row["officer_id"],
            "name": f"{row['officer__title']} {row['officer__name']}".strip(),
            "cases": row["cases"],
            "gone": row["officer_id"] not in working,
        }
        for row in rows.annotate(cases=Count("pk")).order_by("officer__name", "officer_id")
    ]


def caseload(actor: Actor, officer_id: int) -> list[Case]:
    """Open cases of one officer that the actor manages, by name, up to CASELOAD_AT_MOST."""
    rows = managed(actor).filter(officer_id=officer_id).select_related("person", "unit")
    return list(rows.order_by("person__family_name", "person__given_name", "pk")[:CASELOAD_AT_MOST])


def own_covers(actor: Actor) -> QuerySet[Cover]:
    """The actor's covers that are not over, the next one first."""
    return covers_of(actor, actor.user)


def covers_of(actor: Actor, officer: User) -> QuerySet[Cover]:
    """An officer's covers in the actor's agency that are not over, the next one first."""
    rows = Cover.objects.filter(officer=officer, agency=actor.agency, until__gt=DatabaseNow())
    return rows.select_related("colleague").order_by("starts_at")


def covered_by(actor: Actor) -> QuerySet[Cover]:
    """For whom the actor answers now."""
    rows: QuerySet[Cover] = covers_in_force(actor.agency_id).filter(colleague=actor.user)
    return rows.select_related("officer").order_by("until")


def covered_cases(actor: Actor, cover: Cover) -> list[Any]:
    """Open cases of the covered officer that the actor's own keys open, the next review first."""
    cases = Case.objects.permitted(actor, Category.EXISTENCE | Category.SUPERVISION)
    rows = cases.filter(agency=actor.agency, officer_id=cover.officer_id, status__in=OPEN_STATUSES)
    rows = rows.select_related("person", "unit")
    return list(rows.order_by("next_review", "pk")[: COVERED_AT_MOST + 1])
