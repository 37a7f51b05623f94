"""One user's visit to every address that answers GET, and to search and files: what each may tell, by the oracle."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.test import Client
from django.urls import reverse

from agencies.directory.categories import Category
from agencies.directory.models import AgencyKind, User
from tests import services
from tests.access.marks import Mark, told, uuid_of
from tests.access.oracle import Grant, Oracle, Viewer
from tests.calls import bearer, signed_in
from tests.drills.addresses import FIXED, PARTS_OF_CASES, asked, kind_of, parameters

C = Category
# What beyond its own category a mark needs before it may be told: numbers tell more than name and contact.
FURTHER = {"number": C.SUPERVISION, "alias": C.SUPERVISION, "identifier": C.SUPERVISION}
# Address → what it lists whole: the marks of this kind on its answer are those that the oracle opens, no fewer.
LISTS_OF_CASE = {
    "api:case": ("number", "condition", "caution", "riskassessment", "address", "alias", "identifier"),
    "api:case-conditions": ("condition",),
    "api:contacts": ("contact",),
    "api:plan": ("plan", "goal", "action"),
    "api:plan-goals": ("goal",),
    "api:case-flags": ("flag",),
    "api:case-cautions": ("caution",),
    "api:case-appointments": ("appointment",),
    "api:case-documents": ("document",),
    "api:addresses": ("address",),
    "api:timeline": ("contact", "flag", "caution", "document"),
    "case_conditions": ("condition",),
    "case_flags": ("flag", "caution"),
    "case_documents": ("document",),
    "case_appointments": ("appointment",),
    "case_plan": ("goal", "action"),
    "case_timeline": ("contact", "flag", "caution", "document"),
}
LISTS_OF_PART = {
    "api:contact-versions": "contactversion",
    "api:goal-versions": "goalversion",
    "api:goal-actions": "action",
    "api:action-versions": "actionversion",
}
LISTS_OF_ALL = {"api:cases": "case", "api:changes": "case", "api:supervisees": "person", "api:case-export": "number"}
# Address of one thing → it answers 200 and tells of that thing to everybody who may see it.
SHOWS = (
    "api:case", "api:supervisee", "api:condition", "api:contact", "api:goal", "api:action", "api:flag",
    "api:caution", "api:appointment", "api:document", "case_overview", "contact", "appointment",
)  # fmt: skip
# What may be taken along, each thing through the door.
EXPANDED = {
    "api:cases": "cautions,conditions,plan",
    "api:condition": "case",
    "api:plan-goals": "actions,case",
    "api:goal": "actions,case",
    "api:goal-actions": "case",
    "api:action": "case",
    "api:appointment": "case",
    "api:grant": "case",
    "api:inbox": "case",
    "api:news": "case",
}
FILES = ("document_file", "api:document-file")  # of which no world has the file itself
OF_A_PLAN = ("api:plan", "api:plan-goals", "goal_add")
# What reads and is asked by POST: {name} is a family name of the world.
READ_BY_POST: dict[str, dict[str, str]] = {
    "api:searches": {"words": "{name}"},
    "api:case-export": {"purpose": "supervision"},
    "case_search": {"q": "{name}"},
    "case_export": {"purpose": "supervision", "tab": "shared"},
}
PROVIDERS = (AgencyKind.TREATMENT_PROVIDER, AgencyKind.COMMUNITY_ORGANIZATION)
SIGNED_OUT = set(range(200, 405))  # and nothing told
UNKNOWN, REFUSED, NO_FILE, EMPTY_FILE = 404, 403, 503, 400
OF_NO_RECORD = ("agreement", "item", "webhook", "client", "token", "member", "unit", "cover", "agency")
# What belongs to a person, and what of a case opens it.
PERSONAL = {
    "person": C.EXISTENCE,
    "alias": C.SUPERVISION,
    "identifier": C.SUPERVISION,
    "address": C.LOCATION,
}


class Answer(NamedTuple):
    """What an address said."""

    route: str
    subject: Mark | None  # the case or part that stands in the address
    case: int  # to which it belongs
    status: int
    marks: set[Mark]


class Visit:
    """A signed-in user at one moment of a world."""

    def __init__(
        self, oracle: Oracle, user_id: int, agency: int | None, dice: random.Random, *, system: bool = False
    ) -> None:
        self.world, self.oracle, self.dice = oracle.world, oracle, dice
        self.viewer = oracle.viewer(user_id, agency)
        self.active = self.world.users[user_id].active
        self.known = oracle.cases(self.viewer, C.EXISTENCE) if self.viewer else set()
        self.system = system  # asks with a token, and the API alone
        self.client = bearer(User.objects.get(pk=user_id)) if system else signed_in_for(user_id, agency)

    def everywhere(self) -> Iterator[str]:
        """Every sentence in which an answer differs from what the oracle says."""
        may = may_be_told(self.oracle, self.viewer)
        for answer in self.answers():
            about = f"{answer.route} of {answer.subject}: {answer.status}"
            if wrong := answer.marks - may:
                yield f"{about} tells {sorted(wrong)}"
            if missing := self.must_be_told(answer, may) - answer.marks:
                yield f"{about} hides {sorted(missing)}"
            if answer.status not in self.statuses(answer, may):
                yield about

    def must_be_told(self, answer: Answer, may: set[Mark]) -> set[Mark]:
        """What this address has to tell."""
        if self.viewer is None:
            return set()
        if answer.route in LISTS_OF_ALL:
            return {mark for mark in may if mark[0] == LISTS_OF_ALL[answer.route]}
        if answer.subject is None or answer.subject not in may:
            return set()
        number = answer.subject[1]
        if answer.route in SHOWS and answer.route not in LISTS_OF_CASE:
            return {answer.subject}
        if answer.route in LISTS_OF_PART:
            return {(LISTS_OF_PART[answer.route], number)} & may
        # What belongs to the person is told with this case where a key to this case opens it.
        found = set()
        for kind in LISTS_OF_CASE.get(answer.route, ()):
            if kind not in PERSONAL:
                found.add((kind, number))
            elif self.oracle.open_keys(self.viewer, number, int(PERSONAL[kind])):
                found.add((kind, self.world.cases[number].person))
        if ("goal", number) not in may:  # its actions stand below it
            found.discard(("action", number))
        return found & may

    def statuses(self, answer: Answer, may: set[Mark]) -> set[int]:
        """How the address may answer."""
        if not self.active:  # signed out on the spot: led to the sign-in page, or told so
            return SIGNED_OUT
        if answer.subject is None and answer.route in READ_BY_POST:
            empty = "export" in answer.route and self.viewer
            return {200 if self.viewer else REFUSED} | ({EMPTY_FILE} if empty else set())
        if answer.subject is None:
            return set(range(200, 405)) - {400}  # nothing is asked for in a way that is not understood
        if self.viewer is None:
            return {REFUSED}
        kind = answer.subject[0]
        if kind != "person" and ("case", answer.case) not in may:
            return {UNKNOWN}
        if answer.subject not in may:  # whoever may not do it at all is refused before anybody looks for the part
            return {UNKNOWN, REFUSED}
        if answer.route in SHOWS:
            return {200}
        # An action stands on its goal's page; where one side closed the goal, the other's action has none.
        homeless = kind == "action" and ("goal", answer.case) not in may
        no_plan = answer.route in OF_A_PLAN and ("plan", answer.case) not in may
        nothing_there = kind == "grant" or homeless or no_plan
        more = {UNKNOWN} if nothing_there else {NO_FILE} if answer.route in FILES else set()
        return {200, 302, REFUSED} | more

    def answers(self) -> Iterator[Answer]:
        """Every route once, mostly about a case that the user may see; and what reads and is asked by POST."""
        wanted = asked()
        for route, names in parameters():
            if route in wanted and self.may_ask(route) and (answer := self.ask(route, names)):
                yield answer
        name = self.dice.choice(list(self.world.people.values())).family
        for route, body in READ_BY_POST.items():
            if not self.may_ask(route):
                continue
            filled = {field: value.format(name=name) for field, value in body.items()}
            kind = {"content_type": "application/json"} if route.startswith("api:") else {"follow": True}
            yield said(route, self.client.post(reverse(route), filled, **kind))  # type: ignore[arg-type]

    def may_ask(self, route: str) -> bool:
        return route.startswith("api:") if self.system else True

    def ask(self, route: str, names: list[str]) -> Answer | None:
        """The answer to one route; None where the world has nothing that could stand in its address."""
        part = next((kind for kind in map(kind_of, names) if kind != "case"), None)
        more = {"expand": EXPANDED[route]} if route in EXPANDED and self.dice.random() < 0.5 else {}
        if route in FIXED or not names:
            return said(route, self.client.get(reverse(route, kwargs=FIXED.get(route)), more))
        if part in OF_NO_RECORD:
            there = services.owner(PARTS_OF_CASES[part])
            return said(route, self.client.get(reverse(route, args=self.dice.choice(there)[:1]))) if there else None
        case = self.a_case()
        subject: Mark = ("case", case)
        if part == "grant":
            alone = [grant for grant in self.world.grants if grant.kind != "standing"]
            if not alone:
                return None
            grant = self.dice.choice(alone)
            case, subject = grant.cases[0], (part, grant.id)
        elif part:
            subject = (part, self.world.cases[case].person if part in PERSONAL else case)
        filled = {name: uuid_of("case", case) if kind_of(name) == "case" else uuid_of(*subject) for name in names}
        return said(route, self.client.get(reverse(route, kwargs=filled), more), subject, case)

    def a_case(self) -> int:
        """One that the user may know of, three times in four."""
        known = self.known if self.known and self.dice.random() < 0.75 else self.world.cases
        return self.dice.choice(sorted(known))


def signed_in_for(user_id: int, agency: int | None) -> Client:
    """A browser in which this user is signed in and acts for this agency, if they can."""
    client = signed_in(User.objects.get(pk=user_id))
    session = client.session
    session["agency_id"] = agency
    session.save()
    return client


def said(route: str, response: Any, subject: Mark | None = None, case: int = 0) -> Answer:
    """The answer as it is compared."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return Answer(route, subject, case, response.status_code, told(body.decode(errors="replace")))


def may_be_told(oracle: Oracle, viewer: Viewer | None) -> set[Mark]:
    """Every mark of which this viewer may be told, wherever it stands."""
    if viewer is None:
        return set()
    world = oracle.world
    cases = oracle.cases(viewer, C.EXISTENCE)
    found: set[Mark] = {("case", number) for number in cases}
    found |= {("person", world.cases[number].person) for number in cases}
    found |= {("number", number) for number in oracle.cases(viewer, C.EXISTENCE | C.SUPERVISION)}
    found |= {(p.model, p.id) for p in world.parts if oracle.sees_part(viewer, p, FURTHER.get(p.model, 0))}
    return found | {("grant", grant.id) for grant in world.grants if _knows_of(oracle, viewer, grant)}


def _knows_of(oracle: Oracle, viewer: Viewer, grant: Grant) -> bool:
    """Who holds a paper knows of it, and who may share one of its cases; of a provider's if they read treatment."""
    if grant.group in viewer.masks:
        return True
    unit = oracle.world.units.get(grant.group)
    provider = unit and oracle.world.agencies[unit.agency].kind in PROVIDERS
    return any(
        oracle.open_keys(viewer, case, int(C.SHARE))
        and (not provider or oracle.open_keys(viewer, case, int(C.TREATMENT)))
        for case in grant.cases
    )
