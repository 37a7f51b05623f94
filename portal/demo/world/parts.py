"""Conditions, cautions and addresses of every case."""

from __future__ import annotations

import datetime
import random
from typing import Any

from cases.imports.staging import insert
from cases.people.models import Address
from cases.supervision.models import Caution, Condition
from portal.demo.world.offenses import cautions_for, conditions_for, hours_of
from portal.demo.world.terms import Term
from portal.demo.world.words import STATE, STREET_KINDS, STREETS, TOWNS

CONDITION_COLUMNS = ["case_id", "kind", "text", "enforcer", "starts_on", "ends_on", "daily_from", "daily_until"]
CAUTION_COLUMNS = ["case_id", "rank", "text", "detail", "set_on", "review_on", "set_by_id", "created_at"]


def add_parts(rng: random.Random, terms: list[Term], now: datetime.datetime, today: datetime.date) -> None:
    """Write what fits the charge and the risk of each case. Those tagged "shown" get their own elsewhere."""
    conditions: list[tuple[Any, ...]] = []
    cautions: list[tuple[Any, ...]] = []
    addresses: list[tuple[Any, ...]] = []
    for term in terms:
        term.street = f"{rng.choice(STREETS)} {rng.choice(STREET_KINDS)}"
        where = f"{rng.randint(101, 9899)} {term.street}" + (
            f", apt {rng.randint(1, 24)}" if rng.random() < 0.4 else ""
        )
        confirmed = today - datetime.timedelta(days=rng.choice([2, 9, 17, 30, 45, 60, 95, 160]))
        phone = f"(555) 014-{rng.randint(1000, 9999)}"
        addresses.append(
            (term.person_id, "residence", where, TOWNS[term.district], STATE, phone, max(confirmed, term.term_start))
        )
        if rng.random() < 0.35:
            where = f"{rng.randint(1, 980)} {rng.choice(STREETS)} {rng.choice(STREET_KINDS)}"
            addresses.append((term.person_id, "work", where, rng.choice(list(TOWNS.values())), STATE, "", None))
        if "shown" in term.tags:
            continue
        for kind, text, enforcer in conditions_for(rng, term.family, term.risk, term.street):
            conditions.append((term.id, kind, text, enforcer, term.term_start, term.term_end, *hours_of(text)))
        for rank, text, detail in cautions_for(rng, term.family, term.risk):
            set_on = term.term_start + (today - term.term_start) * rng.random()
            review = today + datetime.timedelta(days=rng.randint(-20, 180)) if rng.random() < 0.6 else None
            created = datetime.datetime.combine(set_on, datetime.time(15), datetime.UTC)
            author = term.officer and term.officer.pk
            cautions.append((term.id, rank, text, detail, set_on, review, author, created))
    insert(Condition, CONDITION_COLUMNS, conditions)
    insert(Caution, CAUTION_COLUMNS, cautions)
    insert(Address, ["person_id", "kind", "street", "city", "state", "phone", "confirmed_on"], addresses)
