"""The rows of a described world: what stands in each table, marked so that it is known again wherever it shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, models
from psycopg2.extras import execute_values

from agencies.directory import models as directory
from cases.appointments import models as appointments
from cases.contacts import models as contacts
from cases.documents import models as documents
from cases.flags import models as flags
from cases.people import models as people
from cases.plans import models as plans
from cases.supervision import models as supervision
from sharing.access import models as access
from sharing.agreements import models as agreements
from tests.access.marks import uuid_of, word
from tests.access.oracle import Grant, Part, World


def insert(cursor: Any, rows: Iterable[models.Model]) -> None:
    """Adds unsaved instances of one model as they are, without asking the database anything."""
    listed = list(rows)
    if not listed:
        return
    fields = listed[0]._meta.concrete_fields
    values = [[f.get_db_prep_save(f.pre_save(row, True), connection) for f in fields] for row in listed]
    columns = ", ".join(f'"{f.column}"' for f in fields)
    execute_values(cursor, f"INSERT INTO {listed[0]._meta.db_table} ({columns}) VALUES %s", values, page_size=1000)


def insert_world(cursor: Any, world: World) -> None:
    """Adds the rows of a world, without its keys."""
    groups = [*world.units, *world.circles]
    insert(cursor, (Group(id=number, name=f"group {number}") for number in groups))
    insert(
        cursor,
        (
            directory.Agency(id=a.id, name=f"Agency {a.id}", short_name=f"A{a.id}", kind=a.kind, is_active=a.active)
            for a in world.agencies.values()
        ),
    )
    insert(
        cursor,
        (
            directory.Unit(group_id=u.id, agency_id=u.agency, name=f"Unit {u.id}", is_root=u.root)
            for u in world.units.values()
        ),
    )
    insert(
        cursor,
        (
            directory.User(id=u.id, email=f"user{u.id}@example.org", name=f"User {u.id}", is_active=u.active)
            for u in world.users.values()
        ),
    )
    insert(
        cursor,
        (
            directory.Membership(
                id=m.id, user_id=m.user, group_id=m.unit, role=m.role, starts_at=m.start, until=m.until
            )
            for m in world.memberships
        ),
    )
    insert(
        cursor,
        (
            agreements.Agreement(
                id=g.id,
                title=f"Agreement {g.id}",
                starts_at=g.start,
                ends_at=g.end,
                suspended_at=g.suspended,
                ended_at=g.ended,
            )
            for g in world.agreements.values()
        ),
    )
    parties = [(agreement, agency) for agreement in world.agreements for agency in world.agencies]
    insert(
        cursor,
        (
            agreements.AgreementParty(id=number, agreement_id=agreement, agency_id=agency)
            for number, (agreement, agency) in enumerate(parties, 1)
        ),
    )
    insert(
        cursor,
        (
            access.Circle(group_id=circle, name=f"Circle {circle}", agreement_id=agreement)
            for circle, agreement in world.circles.items()
        ),
    )
    insert(
        cursor,
        (
            access.CircleUnit(id=number, circle_id=p.circle, unit_id=p.unit, joined_at=p.joined, until=p.until)
            for number, p in enumerate(world.places, 1)
        ),
    )
    _insert_records(cursor, world)
    insert(cursor, (_grant(world, grant) for grant in world.grants))


def _insert_records(cursor: Any, world: World) -> None:
    insert(
        cursor,
        (
            people.Person(
                id=p.id,
                uuid=uuid_of("person", p.id),
                agency_id=p.agency,
                local_id=f"L{p.id}",
                given_name="Ines",
                middle_name=word("person", p.id),
                family_name=p.family,
            )
            for p in world.people.values()
        ),
    )
    cases = {
        c.id: supervision.Case(
            id=c.id,
            uuid=uuid_of("case", c.id),
            number=c.number,
            person_id=c.person,
            agency_id=c.agency,
            unit_id=c.unit,
            officer_id=c.officer,
            offense=f"Theft {c.number}",
            status=c.status,
            risk_level=c.risk,
            updated_at=c.updated,
            next_review=c.review,
            restricted=c.restricted,
        )
        for c in world.cases.values()
    }
    insert(cursor, cases.values())
    named = [(c.id, group) for c in world.cases.values() for group in c.named]
    insert(
        cursor,
        (
            supervision.CaseNamedPrincipal(id=number, record_id=case, group_id=group, reason="named")
            for number, (case, group) in enumerate(named, 1)
        ),
    )
    excluded = [(c.id, user) for c in world.cases.values() for user in c.excluded]
    insert(
        cursor,
        (
            supervision.CaseExclusion(id=number, record_id=case, user_id=user, reason="conflict")
            for number, (case, user) in enumerate(excluded, 1)
        ),
    )
    by_model: dict[str, list[Part]] = {}
    for part in world.parts:
        by_model.setdefault(part.model, []).append(part)
    for name in (*_CASE_PARTS, "alias", "identifier", "address"):
        insert(cursor, (_part(world, part) for part in by_model.get(name, [])))


_CASE_PARTS = (
    "condition",
    "caution",
    "riskassessment",
    "flag",
    "plan",
    "goal",
    "action",
    "goalversion",
    "actionversion",
    "document",
    "appointment",
    "contact",
    "contactversion",
)


def _part(world: World, part: Part) -> models.Model:
    made = _described(world, part)
    made.uuid = uuid_of(part.model, part.id)  # type: ignore[attr-defined]
    return made


def _described(world: World, part: Part) -> models.Model:
    said = word(part.model, part.id)
    today = world.now.date()
    number = part.id
    in_plan = {"case_id": part.case, "plan_id": part.case, "audience": part.audience}
    match part.model:
        case "condition":
            return supervision.Condition(id=number, case_id=part.case, kind="curfew", text=f"Home by nine {said}")
        case "caution":
            return supervision.Caution(id=number, case_id=part.case, text=f"Firearm {said}", set_on=today)
        case "riskassessment":
            return supervision.RiskAssessment(id=number, case_id=part.case, tool=f"COMPAS {said}", risk_decile=7)
        case "flag":
            return flags.Flag(
                id=number, case_id=part.case, audience=part.audience, agency_id=world.cases[part.case or 0].agency,
                kind="veteran", basis="court", evidence=f"Papers {said}", set_on=today,
            )  # fmt: skip
        case "plan":
            return plans.Plan(id=number, case_id=part.case, purpose=f"Steady work {said}")
        case "goal":
            return plans.Goal(id=number, **in_plan, title=f"Keep a job {said}", need="employment", target="Six months")
        case "action":
            return plans.Action(id=number, **in_plan, goal_id=part.case, title=f"Call {said}")
        case "goalversion":
            return plans.GoalVersion(id=number, **in_plan, goal_id=part.case, version=1, values={"title": said})
        case "actionversion":
            return plans.ActionVersion(id=number, **in_plan, action_id=part.case, version=1, values={"title": said})
        case "document":
            return documents.Document(
                id=number, case_id=part.case, title=f"Order {said}", file_name="order.pdf", file_type="pdf", size=1,
                digest="0", stored_as=f"00/{number}", scan_state="clean",
                added_by_id=min(world.users), added_by_agency_id=1,
            )  # fmt: skip
        case "appointment":
            return _appointment(world, part)
        case "contact" | "contactversion":
            author, agency = part.author or (0, 0)
            by = {"author_id": author, "author_agency_id": agency, "changed_by_id": author}
            by |= {"id": number, "case_id": part.case, "audience": part.audience}
            if part.model == "contact":
                return contacts.Contact(**by, kind=1, occurred_at=world.now, note=said)
            return contacts.ContactVersion(**by, contact_id=part.case, version=1, values={"note": said})
        case "alias":
            family = world.people[number].alias
            return people.Alias(id=number, person_id=part.person, given_name=said, family_name=family)
        case "identifier":
            return people.Identifier(id=number, person_id=part.person, kind="fbi", value=said.upper())
    return people.Address(id=number, person_id=part.person, street=f"12 {said} Street", city="Riverton", state="FL")


def _appointment(world: World, part: Part) -> models.Model:
    somebody = next(iter(world.users))
    return appointments.Appointment(
        id=part.id,
        case_id=part.case,
        audience=part.audience,
        agency_id=1,
        made_by_id=somebody,
        officer_id=somebody,
        starts_at=world.now,
        purpose=word("appointment", part.id),
    )


def _grant(world: World, grant: Grant) -> models.Model:
    return access.Grant(
        id=grant.id,
        uuid=uuid_of("grant", grant.id),
        kind=grant.kind,
        record_type="cases.case",
        record_id=None if grant.kind == "standing" else uuid_of("case", grant.cases[0]),
        group_id=grant.group,
        bundle=grant.bundle,
        mask=grant.mask,
        purpose="supervision",
        agreement_id=grant.agreement,
        issued_at=world.now,
        until=grant.until,
    )


def model_of(name: str) -> type[models.Model]:
    """The model of a part by its name."""
    return apps.get_model("cases", name)
