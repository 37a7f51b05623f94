"""The agencies of Pine County, their units and everybody who works there."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from agencies.accounts.services import issue_token
from agencies.directory.models import Agency, AgencyKind, Membership, Unit, User
from portal.demo.personas import PASSWORD, PERSONAS
from portal.demo.world.words import FAMILY_NAMES, GIVEN_NAMES

COUNTY_PROBATION = "probation"
FIELD_OFFICERS = 38  # a field unit
DISTRICTS = ("north", "south", "cedar", "county")


class AgencyPlan(NamedTuple):
    """An agency as it is to be made: names, kind, ORI, and its units, the root first."""

    name: str
    short_name: str
    kind: AgencyKind
    ori: str
    units: dict[str, str]


AGENCIES = {
    COUNTY_PROBATION: AgencyPlan(
        "Pine County Probation",
        "Probation",
        AgencyKind.PROBATION_ADULT,
        "FL098015G",
        {
            "root": "Probation headquarters",
            "north": "North Field Unit",
            "south": "South Field Unit",
            "cedar": "Cedar Falls Field Unit",
            "county": "County Field Unit",
        },
    ),
    "sheriff": AgencyPlan(
        "Pine County Sheriff",
        "Sheriff",
        AgencyKind.SHERIFF,
        "FL0980000",
        {
            "root": "Office of the Sheriff",
            "patrol": "County Patrol",
            "warrants": "Warrants Unit",
            "dispatch": "Communications",
        },
    ),
    "alder": AgencyPlan(
        "Alder City Police",
        "Alder City PD",
        AgencyKind.MUNICIPAL_POLICE,
        "FL0980100",
        {
            "root": "Alder City headquarters",
            "north": "North Beat",
            "south": "South Beat",
            "detectives": "Investigations",
        },
    ),
    "cedar": AgencyPlan(
        "Cedar Falls Police",
        "Cedar Falls PD",
        AgencyKind.MUNICIPAL_POLICE,
        "FL0980200",
        {"root": "Cedar Falls headquarters", "patrol": "Cedar Falls Patrol"},
    ),
    "parole": AgencyPlan(
        "State Parole, Region 4",
        "Parole Region 4",
        AgencyKind.PAROLE,
        "FL098025G",
        {"root": "Region 4 office", "pine": "Pine County Parole Unit", "lakes": "Lakes Parole Unit"},
    ),
    "provider": AgencyPlan(
        "Harbor House Treatment",
        "Harbor House",
        AgencyKind.TREATMENT_PROVIDER,
        "",
        {"root": "Harbor House", "outpatient": "Outpatient Program"},
    ),
}

# Which police unit patrols where the people of a field unit live.
BEATS = {"north": "alder/north", "south": "alder/south", "cedar": "cedar/patrol", "county": "sheriff/patrol"}
POLICE_UNITS = (
    "sheriff/patrol",
    "sheriff/warrants",
    "sheriff/dispatch",
    "alder/north",
    "alder/south",
    "alder/detectives",
)
CIRCLE_UNITS = (*POLICE_UNITS, "cedar/patrol")

# Unit, how many, role, title. The personas come on top.
STAFF = (
    *((f"probation/{district}", FIELD_OFFICERS, "supervising_officer", "PO") for district in DISTRICTS),
    *((f"probation/{district}", 2, "supervisor", "SPO") for district in DISTRICTS),
    ("probation/root", 3, "treatment_officer", "PO"),
    ("probation/root", 2, "victim_officer", ""),
    ("probation/root", 1, "administrator", ""),
    ("probation/root", 1, "analyst", ""),
    ("sheriff/patrol", 18, "police_officer", "Dep."),
    ("sheriff/patrol", 2, "police_supervisor", "Sgt."),
    ("sheriff/warrants", 5, "police_officer", "Dep."),
    ("sheriff/dispatch", 6, "dispatcher", ""),
    ("alder/north", 12, "police_officer", "Ofc."),
    ("alder/north", 1, "police_supervisor", "Sgt."),
    ("alder/south", 12, "police_officer", "Ofc."),
    ("alder/south", 2, "police_supervisor", "Sgt."),
    ("alder/detectives", 6, "police_officer", "Det."),
    ("cedar/patrol", 9, "police_officer", "Ofc."),
    ("cedar/patrol", 1, "police_supervisor", "Sgt."),
    ("parole/pine", 5, "supervising_officer", "PA"),
    ("parole/lakes", 3, "supervising_officer", "PA"),
    ("parole/root", 1, "supervisor", "SPA"),
    ("provider/outpatient", 4, "provider", ""),
)
# API clients, each in the unit that works with it.
CLIENTS = {
    COUNTY_PROBATION: ("Probation case files", "probation/north"),
    "sheriff": ("Sheriff's records system", "sheriff/patrol"),
    "alder": ("Alder City records system", "alder/north"),
    "cedar": ("Cedar Falls records system", "cedar/patrol"),
}


@dataclass
class Directory:
    """Everybody, by this package's short names: agencies["alder"], units["alder/north"], staff[unit][role]."""

    agencies: dict[str, Agency] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    staff: dict[str, dict[str, list[User]]] = field(default_factory=dict)
    personas: dict[str, User] = field(default_factory=dict)

    def group(self, unit: str) -> int:
        """The number of a unit as a principal."""
        return self.units[unit].pk

    def officers(self, unit: str, role: str = "supervising_officer") -> list[User]:
        """Those who hold the role in the unit, in the order of their numbers; a persona comes first."""
        return self.staff.get(unit, {}).get(role, [])

    def agency_of(self, unit: str) -> Agency:
        """The agency a unit belongs to."""
        return self.agencies[unit.split("/")[0]]


def make_directory(rng: random.Random) -> None:
    """Create agencies, units and accounts. Personas have a password that the demo page tells; nobody else has one."""
    units: dict[str, Unit] = {}
    for code, plan in AGENCIES.items():
        agency = Agency.objects.create(
            name=plan.name, short_name=plan.short_name, kind=plan.kind, ori=plan.ori, phone=_phone(rng)
        )
        for unit, name in plan.units.items():
            group = Group.objects.create(name=f"{plan.name}: {name}")
            units[f"{code}/{unit}"] = Unit.objects.create(
                group=group, agency=agency, name=name, phone=_phone(rng), is_root=unit == "root"
            )
    users: list[User] = []
    places: list[tuple[Unit, str]] = []
    known = make_password(PASSWORD)
    for persona in PERSONAS:
        users.append(User(email=persona.email, name=persona.name, title=persona.title, password=known))
        places.append((units[persona.unit], persona.role))
    names = _names(rng)
    for unit, count, role, title in STAFF:
        for _ in range(count - sum(p.unit == unit and p.role == role for p in PERSONAS)):
            name = next(names)
            users.append(User(email=_email(name, unit), name=name, title=title, password="!"))  # noqa: S106
            places.append((units[unit], role))
    for user in users:
        user.phone, user.badge = _phone(rng), f"{rng.randint(1000, 9999)}"
    for code, (name, unit) in CLIENTS.items():
        users.append(User(kind=User.Kind.CLIENT, email=f"records@{code}.example", name=name, password="!"))  # noqa: S106
        places.append((units[unit], "system_partner"))
    User.objects.bulk_create(users)
    Membership.objects.bulk_create(
        Membership(user=user, group_id=unit.pk, role=role) for user, (unit, role) in zip(users, places, strict=True)
    )


def issue_secrets(now: datetime.datetime) -> dict[str, str]:
    """A token for each API client, for ninety days: client's name → secret."""
    until = now + datetime.timedelta(days=90)
    clients = User.objects.filter(kind=User.Kind.CLIENT, name__in=[name for name, _ in CLIENTS.values()])
    return {
        client.name: issue_token(client=client, label="Demo", expires_at=until)[1] for client in clients.order_by("pk")
    }


def read_directory() -> Directory:
    """The directory as the database holds it."""
    found = Directory()
    by_name = {plan.name: code for code, plan in AGENCIES.items()}
    for agency in Agency.objects.filter(name__in=by_name):
        found.agencies[by_name[agency.name]] = agency
    for code, plan in AGENCIES.items():
        names = {name: unit for unit, name in plan.units.items()}
        for unit in Unit.objects.filter(agency=found.agencies[code]):
            found.units[f"{code}/{names[unit.name]}"] = unit
    of_group = {unit.pk: name for name, unit in found.units.items()}
    for place in Membership.objects.filter(group__in=of_group).select_related("user").order_by("user_id"):
        found.staff.setdefault(of_group[place.group_id], {}).setdefault(place.role, []).append(place.user)
    emails = {persona.email: persona.code for persona in PERSONAS}
    for user in User.objects.filter(email__in=emails):
        found.personas[emails[user.email]] = user
    return found


def _names(rng: random.Random) -> Iterator[str]:
    """Names, none twice."""
    taken = {persona.name for persona in PERSONAS}
    while True:
        name = f"{rng.choice(GIVEN_NAMES)} {rng.choice(FAMILY_NAMES)}"
        if name not in taken:
            taken.add(name)
            yield name


def _email(name: str, unit: str) -> str:
    return f"{name.lower().replace(' ', '.').replace(chr(39), '')}@{unit.split('/')[0]}.example"


def _phone(rng: random.Random) -> str:
    return f"(555) 014-{rng.randint(1000, 9999)}"
