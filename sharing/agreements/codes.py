"""What agreements are about: kinds, rules of onward sharing, states; and the templates that make a first one quick."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db import models

from agencies.directory.models import AgencyKind, Side

LONGEST_WITHOUT_REVIEW = datetime.timedelta(days=3 * 365)
"""CJIS Security Policy 6.0 CA-3-c: an agreement is looked at again within three years."""
EXPIRING = datetime.timedelta(days=60)
"""How long before its end an agreement is shown as expiring."""

POLICE = tuple(kind for kind in AgencyKind if kind.side == Side.POLICE)
SUPERVISION = tuple(kind for kind in AgencyKind if kind.side == Side.SUPERVISION)
PROVIDERS = (AgencyKind.TREATMENT_PROVIDER, AgencyKind.COMMUNITY_ORGANIZATION)


class Purpose(models.TextChoices):
    """Why access is given or used (field list 1.9.11)."""

    SUPERVISION = "supervision", "Supervision"
    OFFICER_SAFETY = "officer_safety", "Officer safety"
    INVESTIGATION = "investigation", "Investigation"
    ABSCONDER = "absconder", "Finding an absconder"
    REGISTRATION_CHECK = "registration_check", "Registration check"
    VICTIM_SAFETY = "victim_safety", "Victim safety"
    SERVICE_REFERRAL = "service_referral", "Service referral"
    PROBLEM_SOLVING = "problem_solving", "Problem-solving analysis"
    AUDIT = "audit", "Audit"
    TRAINING = "training", "Training"


class AgreementKind(models.TextChoices):
    """What an agreement is for; each is a template that begins one."""

    INFORMATION = "information", "Information sharing"
    JOINT_VISITS = "joint_visits", "Joint visits"
    DETERRENCE = "deterrence", "Focused deterrence"
    REFERRAL = "referral", "Treatment referral"
    STATUS_CIRCLE = "status_circle", "State-wide status circle"


class Onward(models.TextChoices):
    """Whether a receiver may pass on what it sees."""

    NEVER = "never", "Never"
    ASK = "ask", "Only when the owning agency has said yes"
    LAW = "law", "Only where the law requires it, and the owning agency is told"


class State(models.TextChoices):
    """Where an agreement stands, by its rows and the clock."""

    DRAFT = "draft", "Draft"
    PROPOSED = "proposed", "Waiting for signatures"
    WAITING = "waiting", "Signed, not begun"
    ACTIVE = "active", "In force"
    EXPIRING = "expiring", "In force, ends soon"
    SUSPENDED = "suspended", "Suspended"
    ENDED = "ended", "Ended"


@dataclass(frozen=True, slots=True)
class Template:
    """What a new agreement of a kind begins with; every word and number can be changed."""

    explanation: str
    purposes: tuple[str, ...]
    bundles: dict[str, tuple[str, ...]]  # kind of the receiving agency → bundles
    text: str
    max_days: int
    years: int = 2
    joinable: bool = False


def _each(kinds: tuple[AgencyKind, ...], *bundles: str) -> dict[str, tuple[str, ...]]:
    return {kind.value: bundles for kind in kinds}


TEMPLATES = {
    AgreementKind.INFORMATION: Template(
        "Supervision and police see the same people and tell each other what safety and supervision need.",
        ("supervision", "officer_safety", "absconder", "investigation", "registration_check"),
        _each(POLICE, "status_card", "coordination", "joint_plan")
        | _each(SUPERVISION, "status_card", "coordination", "joint_plan", "full_file"),
        "The parties share what officers need to supervise people in the community and to keep one another safe.",
        max_days=365,
    ),
    AgreementKind.JOINT_VISITS: Template(
        "Officers of both sides visit together, and see beforehand what the other knows.",
        ("supervision", "officer_safety"),
        _each(POLICE, "status_card", "coordination") | _each(SUPERVISION, "status_card", "coordination"),
        "The parties visit people under supervision together, at times and for reasons that both have agreed to.",
        max_days=90,
        years=1,
    ),
    AgreementKind.DETERRENCE: Template(
        "The few people at highest risk of violence are told and helped by both sides, with one plan.",
        ("supervision", "officer_safety", "problem_solving"),
        _each(POLICE, "status_card", "coordination", "joint_plan")
        | _each(SUPERVISION, "status_card", "coordination", "joint_plan"),
        "The parties give focused attention to named people at high risk of violence: a clear message, and help.",
        max_days=180,
        years=1,
    ),
    AgreementKind.REFERRAL: Template(
        "A provider gets a name and a way to reach the person, and says whether they came.",
        ("service_referral",),
        _each(PROVIDERS, "referral"),
        "The supervising agency refers people to the provider, who answers whether the person was accepted, attended "
        "and finished, and nothing of what was said in treatment.",
        max_days=365,
    ),
    AgreementKind.STATUS_CIRCLE: Template(
        "Every agency that joins sees the status card of the cases that the others supervise.",
        ("officer_safety", "absconder", "registration_check"),
        _each(POLICE, "status_card") | _each(SUPERVISION, "status_card"),
        "The parties let one another see who is under supervision, and what an officer who meets them must know.",
        max_days=365,
        years=3,
        joinable=True,
    ),
}
