"""Agreements, the circle, and who was given what of which case."""

from __future__ import annotations

import datetime
import random
from typing import NamedTuple

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from agencies.directory.models import FOREVER, Agency, User
from cases.imports.staging import insert, reserve
from cases.supervision.bundles import BUNDLES
from cases.supervision.codes import CASE
from cases.supervision.models import CaseExclusion, CaseNamedPrincipal
from portal.demo.world.directory import BEATS, CIRCLE_UNITS, Directory
from portal.demo.world.terms import Term
from sharing.access.models import Circle, CircleUnit, Grant
from sharing.agreements.codes import TEMPLATES, AgreementKind
from sharing.agreements.models import Agreement, AgreementParty, AgreementVersion, Allowance, Signature
from sharing.agreements.terms import digest_of

CIRCLE = "County law enforcement"
PARTNERSHIP = "Pine County partnership agreement"
PAROLE_AND_POLICE = "Parole and police agreement"
# Title, parties, days since the start, days to the end (None: no end), what became of it.
_AGREEMENTS = (
    (PARTNERSHIP, "information", ("probation", "sheriff", "alder", "cedar"), 700, 493, ""),
    ("Probation and parole file agreement", "information", ("probation", "parole"), 500, None, ""),
    ("Harbor House referral agreement", "referral", ("probation", "provider"), 380, 350, ""),
    (PAROLE_AND_POLICE, "information", ("parole", "sheriff", "alder", "cedar"), 420, 675, ""),
    ("Warrant sweep pilot", "deterrence", ("probation", "sheriff"), 200, 165, "suspended"),
    ("Cedar Falls ride-along pilot", "joint_visits", ("probation", "cedar"), 640, 90, "ended"),
    ("Evening visits in Cedar Falls", "joint_visits", ("cedar", "probation"), 0, 365, "proposed"),
)
_AUTHORITY = "State Code 944.09 and 985.04; standing order 12 of the circuit court"
_BASES = {
    "coordination": "Agreement, section 3: daily coordination",
    "joint_plan": "Agreement, section 4: joint plans",
    "full_file": "Agreement, section 2: transfer between supervising agencies",
    "referral": "Release signed by the person",
}
_ENDS = ["Goal reached", "Moved to another beat", "Shared in error", "Referral ended"]


class Paper(NamedTuple):
    """A share to be made: which case, to whom, what, under which agreement, and its days from now."""

    term: Term
    unit: str
    bundle: str
    agreement: Agreement
    purpose: str
    issued: float
    until: float
    revoked: bool = False


class Shares:
    """Draws and writes agreements, circle, grants and exceptions."""

    def __init__(self, rng: random.Random, directory: Directory, now: datetime.datetime) -> None:
        self.rng, self.directory, self.now = rng, directory, now
        self.papers: list[Paper] = []
        self.agreements = self._make_agreements()

    def make_circle(self, terms: list[Term]) -> None:
        """The circle, and its standing status card of every active case: one paper for each agency that supervises."""
        group = Group.objects.create(name=CIRCLE)
        agreement = self.agreements[PARTNERSHIP]
        circle = Circle.objects.create(group=group, name=CIRCLE, agreement=agreement)
        CircleUnit.objects.bulk_create(
            CircleUnit(circle=circle, unit=self.directory.units[unit], joined_at=agreement.starts_at)
            for unit in CIRCLE_UNITS
        )
        parole_supervisor, *_ = self.directory.officers("parole/root", "supervisor")
        active = [term for term in terms if term.active]
        for agency, agreement, issuer in (
            ("probation", self.agreements[PARTNERSHIP], self.directory.personas["supervisor"]),
            ("parole", self.agreements[PAROLE_AND_POLICE], parole_supervisor),
        ):
            self._give_cards(group, agreement, issuer, [term.id for term in active if term.agency == agency])

    def draw(self, terms: list[Term]) -> None:
        """Share about a third of the cases further; plans mostly with the beat where the person lives."""
        for term in terms:
            if "shown" in term.tags:
                continue
            planned = "plan" in term.tags
            if not planned and self.rng.random() > 0.305:
                continue
            if planned and self.rng.random() < 0.72:
                bundle = "joint_plan"
            else:
                bundle = self.rng.choices(["coordination", "joint_plan", "full_file", "referral"], [48, 8, 18, 26])[0]
            if term.agency == "parole":
                bundle = self.rng.choice(["coordination", "coordination", "joint_plan"])
            self.give(term, bundle)
            if self.rng.random() < 0.12 and term.agency == "probation":
                self.give(term, "referral" if bundle != "referral" else "coordination")

    def give(self, term: Term, bundle: str) -> None:
        """Share one case with whom it concerns, for some months; some of it is past, revoked, or under dead paper."""
        unit = {"full_file": "parole/pine", "referral": "provider/outpatient"}.get(bundle, BEATS[term.district])
        title = {"full_file": "Probation and parole file agreement", "referral": "Harbor House referral agreement"}.get(
            bundle, PARTNERSHIP
        )
        chance = self.rng.random()
        if term.agency == "parole":
            title = PAROLE_AND_POLICE
        elif chance < 0.03 and unit.startswith("sheriff"):
            title, unit = "Warrant sweep pilot", "sheriff/warrants"
        elif chance < 0.06 and unit.startswith("cedar"):
            title = "Cedar Falls ride-along pilot"
        purpose = {"referral": "service_referral", "joint_plan": "supervision", "full_file": "supervision"}.get(
            bundle, "officer_safety"
        )
        if term.status == 2:
            purpose = "absconder"
        issued = self.rng.uniform(1, min(240, max(2, (self.now.date() - term.term_start).days)))
        until = self.rng.uniform(20, 300)
        revoked = 0.90 < chance < 0.94
        if chance > 0.985:
            until = self.rng.uniform(0.2, 3)
        elif chance > 0.94:
            until = -self.rng.uniform(0.1, issued * 0.5)
        self.papers.append(Paper(term, unit, bundle, self.agreements[title], purpose, issued, until, revoked))

    def save(self) -> None:
        """Write the papers, and the keys of those that were not revoked."""
        numbers = reserve("sharing_grant", len(self.papers))
        rows = []
        for number, paper in zip(numbers, self.papers, strict=True):
            giver = paper.term.officer and paper.term.officer.pk
            issued = self.now - datetime.timedelta(days=paper.issued)
            ended = self.now - datetime.timedelta(days=self.rng.uniform(0, paper.issued)) if paper.revoked else None
            rows.append(
                (
                    number, "share", CASE, paper.term.uuid, self.directory.group(paper.unit), paper.bundle,
                    BUNDLES[paper.bundle].mask, paper.purpose, _BASES[paper.bundle], paper.agreement.pk, giver, issued,
                    self._end(paper.until), ended, giver if ended else None, self.rng.choice(_ENDS) if ended else "",
                )
            )  # fmt: skip
        insert(
            Grant,
            [
                "id", "kind", "record_type", "record_id", "group_id", "bundle", "mask", "purpose", "legal_basis",
                "agreement_id", "issued_by_id", "issued_at", "until", "revoked_at", "revoked_by_id", "revoke_reason",
            ],
            rows,
        )  # fmt: skip
        live = [
            (number, paper.term.id) for number, paper in zip(numbers, self.papers, strict=True) if not paper.revoked
        ]
        live.sort(key=lambda pair: pair[1])  # locks in the order of the cases
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sum(case_issue_many(g, ARRAY[c])) FROM unnest(%s::bigint[], %s::bigint[]) AS x(g, c)",
                [[number for number, _ in live], [case for _, case in live]],
            )

    def make_exceptions(self, terms: list[Term]) -> None:
        """A few restricted cases with the units named on them, and a few people kept from a case."""
        root = self.directory.group("probation/root")
        named, excluded = [], []
        for place, term in enumerate(term for term in terms if term.restricted):
            groups = [root, self.directory.group(term.unit)] if place % 3 else [root]
            if place % 2:
                groups.append(self.directory.group("alder/detectives"))
            named += [(term.id, group, "Named in the order that restricts the case") for group in groups]
        kept = [
            paper.term
            for paper in self.papers
            if paper.unit == "alder/north" and paper.bundle == "joint_plan" and "shown" not in paper.term.tags
        ]
        excluded.append((kept[0].id, self.directory.personas["police_officer"].pk, "Sister-in-law of the person"))
        excluded.append((kept[1].id, self.directory.personas["sergeant"].pk, "Arresting officer, complaint pending"))
        for term, other in zip(
            self.rng.sample(terms, 6), self.rng.sample(self.directory.officers("probation/south"), 6), strict=True
        ):
            excluded.append((term.id, other.pk, "Neighbor of the person"))
        insert(CaseNamedPrincipal, ["record_id", "group_id", "reason"], named)
        insert(CaseExclusion, ["record_id", "user_id", "reason"], excluded)

    def _give_cards(self, group: Group, agreement: Agreement, issuer: User, cases: list[int]) -> None:
        grant = Grant.objects.create(
            kind=Grant.Kind.STANDING,
            record_type=CASE,
            group=group,
            bundle="status_card",
            mask=BUNDLES["status_card"].mask,
            purpose="officer_safety",
            legal_basis="Agreement, section 1: officer safety",
            agreement=agreement,
            issued_by=issuer,
            issued_at=agreement.starts_at,
            until=FOREVER,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT case_issue_many(%s, %s)", [grant.pk, cases])

    def _make_agreements(self) -> dict[str, Agreement]:
        made = {}
        for title, kind, parties, since, left, fate in _AGREEMENTS:
            made[title] = Agreement.objects.create(
                title=title,
                kind=kind,
                made_by=self.directory.agencies[parties[0]],
                signed_at=None if fate == "proposed" else self.now - datetime.timedelta(days=since),
                starts_at=self.now - datetime.timedelta(days=since),
                ends_at=self._end(left) if left else FOREVER,
                suspended_at=self.now - datetime.timedelta(days=12) if fate == "suspended" else None,
                ended_at=self.now - datetime.timedelta(days=40) if fate == "ended" else None,
            )
            AgreementParty.objects.bulk_create(
                AgreementParty(agreement=made[title], agency=self.directory.agencies[code]) for code in parties
            )
            self._make_terms(made[title], [self.directory.agencies[code] for code in parties])
        return made

    def _make_terms(self, agreement: Agreement, parties: list[Agency]) -> None:
        """The template's terms as the first version, signed by each party; by its writer alone while it is proposed."""
        template, start = TEMPLATES[AgreementKind(agreement.kind)], timezone.localdate(agreement.starts_at)
        purposes = {*template.purposes, "supervision", "officer_safety"}
        version = AgreementVersion.objects.create(
            agreement=agreement,
            made_by=parties[0],
            purposes=sorted(purposes),
            legal_authority=_AUTHORITY,
            text=template.text,
            max_days=730,
            starts_on=start,
            ends_on=timezone.localdate(agreement.ends_at),
            review_on=start + 3 * datetime.timedelta(days=364),
            proposed_at=agreement.starts_at,
            signed_at=agreement.signed_at,
        )
        Allowance.objects.bulk_create(
            Allowance(version=version, receiver_kind=kind, bundle=bundle)
            for kind, bundles in template.bundles.items()
            for bundle in bundles
        )
        for agency in parties if agreement.signed_at else parties[:1]:
            chief = User.objects.filter(memberships__group__unit__agency=agency).order_by("pk")[0]
            Signature.objects.create(
                version=version,
                agency=agency,
                user=chief,
                capacity="Head of the agency",
                signed_at=agreement.starts_at,
                digest=digest_of(agreement, version),
            )

    def _end(self, days: float) -> datetime.datetime:
        """That many days from now; ends that are days away fall on the last minute of a day, as people give them."""
        end: datetime.datetime = self.now + datetime.timedelta(days=days)
        return end.replace(hour=4, minute=59, second=0, microsecond=0) if days > 4 else end
