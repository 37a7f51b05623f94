"""A small committed world for tests: the `world` fixture (tests/conftest.py) gives it, fresh for every test.

    probation   root, north, south    olsen, pratt (north officers), quist (south officer), mills (supervisor of north
                                      and south), tran (treatment officer, north), admin (root, opens no record)
    police      root, patrol, gang    reyes (gang officer), stone (gang supervisor), patel (patrol), system (API client)
    sheriff     root, patrol          deputy (patrol), dispatch (patrol)
    provider    root, clinic          carter
    nobody                            an account without any membership

    circle      police patrol and gang, sheriff patrol; holds `status_card` on every active case, under the agreement
    cases[0-13] of north (officer olsen, pratt by turns), cases[14-19] of south (quist); 16 absconder, 17-19 completed
    joint       cases[0]: `joint_plan` to police gang; has the plan with two goals and three actions, a caution, a
                document whose row stands without its file, and flags: [0] of probation for both, [1] of probation
                for supervision, [2] of police for police; contacts: [0] olsen for both, [1] olsen
                for supervision, [2] reyes for police
    restricted  cases[1]: named are north and the probation root; `joint_plan` to police gang opens nothing
    conflicted  cases[2]: pratt is excluded from it
    referred    cases[3]: `referral` to the clinic; contact [3] is carter's
    ended       cases[4]: `coordination` to police gang, expired
    suspect     cases[5]: `coordination` to sheriff patrol, live

    appointments  of joint: [0] with olsen yesterday, without an outcome; [1] court in three days, supervision alone;
                [2] made by the police: reyes visits tomorrow. Of suspect: [3] with pratt in two days

Everyone's password is PASSWORD.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from agencies.directory.models import FOREVER, Agency, AgencyKind, Membership, Unit, User
from cases.appointments.codes import AppointmentKind
from cases.appointments.models import Appointment
from cases.contacts.codes import ContactAudience, ContactKind
from cases.contacts.models import Contact, ContactVersion
from cases.contacts.services import values_of
from cases.documents.models import Document
from cases.flags.codes import Basis, FlagKind
from cases.flags.models import Flag
from cases.people.models import Address, Alias, Identifier, Person
from cases.plans.codes import ActionKind, Need
from cases.plans.models import Action, ActionVersion, Goal, GoalVersion, Plan
from cases.supervision.bundles import BUNDLES
from cases.supervision.codes import Audience, ConditionKind, Enforcer, RiskLevel, SupervisionStatus, SupervisionType
from cases.supervision.models import Case, CaseExclusion, CaseNamedPrincipal, Caution, Condition, RiskAssessment
from sharing.access.context import job_context
from sharing.access.models import Circle, CircleUnit, Grant, Purpose
from sharing.agreements.models import Agreement, AgreementParty

ZONE = ZoneInfo("America/New_York")  # of every agency: whose today is meant, also after midnight in UTC
PASSWORD = "a long sentence for tests"

AGENCIES = {
    "probation": ("Pine County Community Corrections", "Pine Probation", AgencyKind.PROBATION_ADULT),
    "police": ("Riverton Police Department", "Riverton PD", AgencyKind.MUNICIPAL_POLICE),
    "sheriff": ("Pine County Sheriff's Office", "Pine Sheriff", AgencyKind.SHERIFF),
    "provider": ("Harbor Treatment Center", "Harbor", AgencyKind.TREATMENT_PROVIDER),
}
UNITS = {
    "probation": ("root", "north", "south"),
    "police": ("root", "patrol", "gang"),
    "sheriff": ("root", "patrol"),
    "provider": ("root", "clinic"),
}
# Who: title, and (unit, role) of each membership.
USERS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "olsen": ("PO", [("probation/north", "supervising_officer")]),
    "pratt": ("PO", [("probation/north", "supervising_officer")]),
    "quist": ("PO", [("probation/south", "supervising_officer")]),
    "mills": ("SPO", [("probation/north", "supervisor"), ("probation/south", "supervisor")]),
    "tran": ("PO", [("probation/north", "treatment_officer")]),
    "admin": ("", [("probation/root", "administrator")]),
    "reyes": ("Det.", [("police/gang", "police_officer")]),
    "stone": ("Sgt.", [("police/gang", "police_supervisor")]),
    "patel": ("Ofc.", [("police/patrol", "police_officer")]),
    "deputy": ("Dep.", [("sheriff/patrol", "police_officer")]),
    "dispatch": ("", [("sheriff/patrol", "dispatcher")]),
    "carter": ("", [("provider/clinic", "provider")]),
    "system": ("", [("police/gang", "system_partner")]),
    "nobody": ("", []),
}
NAMES = [
    ("Tobias", "Hallett"), ("Maria", "Rodriguez"), ("Devon", "Pike"), ("Ana", "Souza"), ("Curtis", "Bell"),
    ("Irina", "Volkova"), ("Luis", "Ortega"), ("Grace", "Nwosu"), ("Peter", "Lindqvist"), ("Sean", "Whelan"),
    ("Omar", "Haddad"), ("Kim", "Tanaka"), ("Rosa", "Delgado"), ("Jamal", "Frost"), ("Erik", "Sandoval"),
    ("Wanda", "Kowalski"), ("Noah", "Birch"), ("Ruth", "Amsel"), ("Victor", "Quade"), ("Della", "Marsh"),
]  # fmt: skip


@dataclass
class World:
    """What was made, by name. The rows are as they were when the world was built; read again what a test changes."""

    agencies: dict[str, Agency] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    agreement: Agreement = field(init=False)
    circle: Circle = field(init=False)
    plan: Plan = field(init=False)
    document: Document = field(init=False)
    caution: Caution = field(init=False)

    def agency_of(self, who: str) -> Agency:
        """The agency for which this user acts."""
        memberships = USERS[who][1]
        return self.agencies[memberships[0][0].split("/")[0]]

    @property
    def joint(self) -> Case:
        return self.cases[0]

    @property
    def restricted(self) -> Case:
        return self.cases[1]

    @property
    def conflicted(self) -> Case:
        return self.cases[2]

    @property
    def referred(self) -> Case:
        return self.cases[3]

    @property
    def ended(self) -> Case:
        return self.cases[4]

    @property
    def suspect(self) -> Case:
        return self.cases[5]


def small_world() -> World:
    """Build the world and commit it. Needs a connection of the job role: see tests.services.as_job()."""
    world = World()
    with job_context():
        _directory(world)
        _agreement(world)
        _cases(world)
        _parts(world)
        _plan(world)
        _flags(world)
        _appointments(world)
        _contacts(world)
        _keys(world)
    return world


def _directory(world: World) -> None:
    for code, (name, short_name, kind) in AGENCIES.items():
        world.agencies[code] = Agency.objects.create(name=name, short_name=short_name, kind=kind, phone="555-0100")
    for code, names in UNITS.items():
        for name in names:
            group = Group.objects.create(name=f"{code}/{name}")
            world.units[f"{code}/{name}"] = Unit.objects.create(
                group=group, agency=world.agencies[code], name=name.capitalize(), is_root=name == "root"
            )
    password = make_password(PASSWORD)
    people = [
        User(
            email=f"{who}@example.org",
            name=who.capitalize(),
            title=title,
            password=password,
            kind=User.Kind.CLIENT if who == "system" else User.Kind.PERSON,
        )
        for who, (title, _) in USERS.items()
    ]
    world.users = dict(zip(USERS, User.objects.bulk_create(people), strict=True))
    Membership.objects.bulk_create(
        Membership(user=world.users[who], group_id=world.units[unit].pk, role=role)
        for who, (_, memberships) in USERS.items()
        for unit, role in memberships
    )


def _agreement(world: World) -> None:
    begun = timezone.now() - datetime.timedelta(days=400)
    world.agreement = Agreement.objects.create(title="Pine County information sharing", starts_at=begun)
    AgreementParty.objects.bulk_create(
        AgreementParty(agreement=world.agreement, agency=agency) for agency in world.agencies.values()
    )
    world.circle = Circle.objects.create(
        group=Group.objects.create(name="circle/law enforcement"),
        name="Pine County law enforcement",
        agreement=world.agreement,
    )
    CircleUnit.objects.bulk_create(
        CircleUnit(circle=world.circle, unit=world.units[unit])
        for unit in ("police/patrol", "police/gang", "sheriff/patrol")
    )


def _cases(world: World) -> None:
    today = timezone.localdate(timezone=ZONE)
    probation = world.agencies["probation"]
    people = Person.objects.bulk_create(
        Person(
            agency=probation,
            local_id=f"P{number:05}",
            given_name=given,
            family_name=family,
            birth_date=datetime.date(1980 + number, 3, 9),
            sex="M" if number % 2 == 0 else "F",
        )
        for number, (given, family) in enumerate(NAMES)
    )
    status = {16: SupervisionStatus.ABSCONDER} | dict.fromkeys((17, 18, 19), SupervisionStatus.COMPLETED)
    officers = [world.users["olsen"], world.users["pratt"]]
    world.cases = Case.objects.bulk_create(
        Case(
            number=f"C{number:05}",
            person=person,
            agency=probation,
            unit=world.units["probation/north" if number < 14 else "probation/south"],
            officer=officers[number % 2] if number < 14 else world.users["quist"],
            kind=SupervisionType.PROBATION,
            status=status.get(number, SupervisionStatus.ACTIVE),
            risk_level=RiskLevel.values[number % 5],
            offense="Burglary",
            term_start=today - datetime.timedelta(days=100),
            term_end=today + datetime.timedelta(days=500),
            next_review=today + datetime.timedelta(days=number) if number % 3 else None,
            restricted=number == 1,
            updated_at=timezone.now() - datetime.timedelta(hours=number),
        )
        for number, person in enumerate(people)
    )
    CaseExclusion.objects.create(record=world.conflicted, user=world.users["pratt"], reason="A relative")
    CaseNamedPrincipal.objects.bulk_create(
        CaseNamedPrincipal(record=world.restricted, group_id=world.units[unit].pk, reason="Employee of the county")
        for unit in ("probation/north", "probation/root")
    )


def more_cases(world: World, officer: User, number: int) -> None:
    """That many further cases of the south unit, worked by one officer. Needs a connection of the job role."""
    with job_context():
        probation = world.agencies["probation"]
        people = Person.objects.bulk_create(
            Person(agency=probation, local_id=f"Q{number}-{n}", given_name="Ada", family_name=f"Quill {n}")
            for n in range(number)
        )
        cases = Case.objects.bulk_create(
            Case(
                number=person.local_id,
                person=person,
                agency=probation,
                unit=world.units["probation/south"],
                officer=officer,
                kind=SupervisionType.PROBATION,
                status=SupervisionStatus.ACTIVE,
                term_start=timezone.localdate(timezone=ZONE),
            )
            for person in people
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT case_own(%s::bigint[], %s)", [[case.pk for case in cases], BUNDLES["own_case"].mask])


def _parts(world: World) -> None:
    today = timezone.localdate(timezone=ZONE)
    Caution.objects.bulk_create(
        Caution(case=case, rank=1, text="Firearm", detail="Seen with a pistol", set_on=today)
        for case in world.cases[::4]
    )
    Condition.objects.bulk_create(
        Condition(
            case=case,
            kind=ConditionKind.CURFEW,
            text="At home from 9 p.m. to 6 a.m.",
            enforcer=Enforcer.POLICE_ENFORCE,
            starts_on=today,
        )
        for case in world.cases
    )
    RiskAssessment.objects.bulk_create(
        RiskAssessment(case=case, tool="COMPAS", assessed_on=today, risk_decile=7) for case in world.cases[:6]
    )
    world.document = Document.objects.create(
        case=world.joint,
        title="Order of probation",
        kind="order",
        file_name="order.pdf",
        file_type="pdf",
        size=9,
        digest="0" * 64,
        stored_as=f"00/{uuid.uuid4().hex}",  # the files of one test are not found by another
        scan_state="unscanned",
        added_by=world.users["olsen"],
        added_by_agency=world.agencies["probation"],
    )
    for case in world.cases[:6]:
        Alias.objects.create(person_id=case.person_id, given_name="Ace", family_name="Of Spades")
        Identifier.objects.create(person_id=case.person_id, kind=Identifier.Kind.STATE_ID, value=f"FL{case.pk:08}")
        Address.objects.create(person_id=case.person_id, street="12 Elm Street", city="Riverton", state="FL")


def _plan(world: World) -> None:
    author = {"changed_by": world.users["olsen"]}
    world.plan = Plan.objects.create(case=world.joint, purpose="Steady work and no new offence", strengths="A trade")
    inside = {"case": world.joint, "plan": world.plan, **author}
    world.goals = [
        Goal.objects.create(
            **inside, title="Keep a job", need=Need.EMPLOYMENT, target="Six months in one job", progress_target=6
        ),
        Goal.objects.create(
            **inside, title="Finish the program", need=Need.THINKING, target="Twelve sessions",
            audience=Audience.SUPERVISION, position=2,
        ),
    ]  # fmt: skip
    first, second = world.goals
    world.actions = [
        Action.objects.create(**inside, goal=first, title="Talk with the employer", owner_text="PO Olsen"),
        Action.objects.create(
            **inside, goal=first, title="Drive past the shop", kind=ActionKind.ENFORCE, audience=Audience.POLICE,
            owner_agency=world.agencies["police"], position=2,
        ),
        Action.objects.create(**inside, goal=second, title="Book the sessions", audience=Audience.SUPERVISION),
    ]  # fmt: skip
    for model, name, parts in ((GoalVersion, "goal", world.goals), (ActionVersion, "action", world.actions)):
        for part in parts:
            model.objects.create(
                **{name: part},
                case=world.joint,
                plan=world.plan,
                audience=part.audience,
                version=1,
                values={column: getattr(part, part._meta.get_field(column).attname) for column in part.VERSIONED},
                changed_by=world.users["olsen"],
                changed_by_agency=world.agencies["probation"],
            )


def _flags(world: World) -> None:
    today = timezone.localdate(timezone=ZONE)
    probation, police = world.agencies["probation"], world.agencies["police"]
    shared = {"case": world.joint, "set_on": today, "review_on": today + datetime.timedelta(days=90)}
    mine = {**shared, "agency": probation, "set_by": world.users["olsen"]}
    theirs = {**shared, "agency": police, "set_by": world.users["reyes"]}
    world.flags = [
        Flag.objects.create(
            **mine, kind=FlagKind.PROLIFIC, basis=Basis.ASSESSMENT, evidence="Panel of May 4", level=RiskLevel.HIGH
        ),
        Flag.objects.create(
            **mine, kind=FlagKind.MENTAL_ILLNESS, basis=Basis.SELF_REPORT, evidence="Intake",
            audience=Audience.SUPERVISION,
        ),
        Flag.objects.create(
            **theirs, kind=FlagKind.STALKING, basis=Basis.AGENCY_REPORT, evidence="Report 26-118",
            audience=Audience.POLICE,
        ),
    ]  # fmt: skip
    world.caution = Caution.objects.get(case=world.joint)


def _appointments(world: World) -> None:
    noon = timezone.localtime(timezone=ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    rows: list[tuple[Case, str, str, int, dict[str, object]]] = [
        (world.joint, "probation", "olsen", -1, {"place": "Room 3", "purpose": "Plan review"}),
        (world.joint, "probation", "olsen", 3, {"kind": AppointmentKind.COURT, "audience": Audience.SUPERVISION}),
        (world.joint, "police", "reyes", 1, {"kind": AppointmentKind.HOME, "others": "PO Olsen"}),
        (world.suspect, "probation", "pratt", 2, {}),
    ]
    for case, agency, who, days, more in rows:
        user = world.users[who]
        world.appointments.append(
            Appointment.objects.create(
                case=case, agency=world.agencies[agency], made_by=user, officer=user,
                starts_at=noon + datetime.timedelta(days=days), **more,
            )
        )  # fmt: skip


def _contacts(world: World) -> None:
    now = timezone.now()
    for days, (case, who, audience, kind, note) in enumerate(
        (
            (world.joint, "olsen", ContactAudience.BOTH, ContactKind.OFFICE_VISIT, "Came on time with the pay slip."),
            (world.joint, "olsen", ContactAudience.SUPERVISION, ContactKind.COLLATERAL, "The sister called."),
            (world.joint, "reyes", ContactAudience.POLICE, ContactKind.FIELD_INTERVIEW, "With two friends."),
            (world.referred, "carter", ContactAudience.TREATMENT, ContactKind.SESSION, "First session."),
        ),
        start=1,
    ):
        author, agency = world.users[who], world.agency_of(who)
        contact = Contact.objects.create(
            case=case,
            author=author,
            author_agency=agency,
            changed_by=author,
            audience=audience,
            kind=kind,
            note=note,
            occurred_at=now - datetime.timedelta(days=days),
        )
        ContactVersion.objects.create(
            contact=contact,
            case=case,
            author=author,
            author_agency=agency,
            audience=audience,
            version=1,
            values=values_of(contact),
            changed_fields=list(Contact.VERSIONED),
            changed_by=author,
        )
        world.contacts.append(contact)


def _keys(world: World) -> None:
    ids = [case.pk for case in world.cases]
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_own(%s::bigint[], %s)", [ids, BUNDLES["own_case"].mask])
    world.grants["circle"] = _grant(
        world, "status_card", world.circle.pk, kind=Grant.Kind.STANDING, purpose=Purpose.OFFICER_SAFETY
    )
    active = [case.pk for case in world.cases if case.status == SupervisionStatus.ACTIVE]
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_issue_many(%s, %s::bigint[])", [world.grants["circle"].pk, active])
    now = timezone.now()
    for name, bundle, unit, until in (
        ("joint", "joint_plan", "police/gang", FOREVER),
        ("restricted", "joint_plan", "police/gang", FOREVER),
        ("referred", "referral", "provider/clinic", now + datetime.timedelta(days=30)),
        ("ended", "coordination", "police/gang", now - datetime.timedelta(days=1)),
        ("suspect", "coordination", "sheriff/patrol", now + datetime.timedelta(days=30)),
    ):
        case: Case = getattr(world, name)
        world.grants[name] = _grant(world, bundle, world.units[unit].pk, record_id=case.uuid, until=until)
        with connection.cursor() as cursor:
            cursor.execute("SELECT case_issue(%s)", [world.grants[name].pk])


def _grant(world: World, bundle: str, group_id: int, **fields: object) -> Grant:
    return Grant.objects.create(
        **{
            "kind": Grant.Kind.SHARE,
            "purpose": Purpose.SUPERVISION,
            "record_type": "cases.case",
            "bundle": bundle,
            "mask": BUNDLES[bundle].mask,
            "group_id": group_id,
            "agreement": world.agreement,
            "issued_by": world.users["olsen"],
            **fields,
        }
    )
