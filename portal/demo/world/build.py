"""Makes the demo world: the agencies, the import of the real extract, and everything around the imported people."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from agencies.directory.clock import database_now
from agencies.directory.models import Agency
from cases.imports.models import ImportRun
from cases.imports.services import import_extract
from portal.demo.world import showcase
from portal.demo.world.accounts import furnish_accounts
from portal.demo.world.appointments import Appointments
from portal.demo.world.connections import add_webhook
from portal.demo.world.contacts import Contacts
from portal.demo.world.directory import AGENCIES, COUNTY_PROBATION, issue_secrets, make_directory, read_directory
from portal.demo.world.documents import add_documents
from portal.demo.world.flags import add_flags
from portal.demo.world.lists import keep_filters
from portal.demo.world.parts import add_parts
from portal.demo.world.plans import Plans
from portal.demo.world.sharing import CIRCLE, Shares
from portal.demo.world.terms import Term, add_parolees, assign, describe, imported_terms, save
from sharing.access.context import job_context
from sharing.access.models import Circle

EXTRACT = Path(__file__).parents[1] / "data" / "probation_supervisees.csv.gz"
SEED = "Pine County"
PLANS = 400
RESTRICTED = 6

Step = Callable[[str, int, int], None]
"""Told what is being made, and how far it has come: done, of all."""


def is_made() -> bool:
    """Whether the whole world is there; its last step is one transaction, in which the circle is made."""
    return Circle.objects.filter(name=CIRCLE).exists()


def make_world(step: Step) -> dict[str, str]:
    """Make the world; returns the secrets of the API clients by name, which cannot be read again.

    What an earlier, killed attempt left is taken up. For the job role, outside any transaction.
    """
    rng = random.Random(SEED)  # noqa: S311 - a world that is the same every time
    step("agencies and officers", 0, 5)
    if not Agency.objects.filter(name=AGENCIES[COUNTY_PROBATION].name).exists():
        with job_context():
            make_directory(random.Random(SEED))  # noqa: S311
    step("the extract", 1, 5)
    directory = read_directory()
    import_extract(agency=directory.agencies[COUNTY_PROBATION], path=EXTRACT, mode=ImportRun.Mode.FULL)
    with job_context():
        now = database_now()
        today = now.astimezone(ZoneInfo("America/New_York")).date()
        step("terms and officers of record", 2, 5)
        terms = imported_terms(directory)
        assign(rng, directory, terms)
        describe(rng, terms, now, today)
        shown = showcase.choose(terms, directory)
        showcase.describe(shown, now, today)
        _tag(rng, terms, shown)
        save(terms, directory)
        parolees = add_parolees(rng, directory, now, today)
        save(parolees, directory)
        everybody = [*terms, *parolees]
        step("conditions, cautions and addresses", 3, 5)
        add_parts(rng, everybody, now, today)
        add_flags(directory, everybody, today)
        step("plans and shares", 4, 5)
        plans, shares = Plans(rng, directory, now, today), Shares(rng, directory, now)
        showcase.furnish(shown, plans, shares)
        for term in terms:
            if "plan" in term.tags and term is not shown:
                plans.draw(term)
        plans.save()
        contacts = Contacts(directory, now)
        contacts.furnish(shown)
        contacts.draw(terms, shown)
        contacts.save()
        shares.draw(everybody)
        shares.save()
        add_documents(directory, terms, shown, now)
        shares.make_circle(everybody)
        shares.make_exceptions(terms)
        _tag_news(terms, shown, shares)
        appointments = Appointments(directory, now, today)
        appointments.fill_days(shown, everybody)
        appointments.draw(everybody)
        appointments.save()
        keep_filters(directory)
        furnish_accounts(directory, now)
        secrets = issue_secrets(now)
        add_webhook(directory, now)
    showcase.make_news(directory, terms)
    step("done", 5, 5)
    return secrets


def _tag(rng: random.Random, terms: list[Term], shown: Term) -> None:
    """Choose which cases get a plan and which are restricted: of the officer's own more than of others'."""
    active = [term for term in terms if term.active and term is not shown]
    own = [term for term in active if term.officer == shown.officer]
    others = [term for term in active if term.officer != shown.officer and term.risk >= 2]
    for term in [*rng.sample(own, 12), *rng.sample(others, PLANS - 13)]:
        term.tags.add("plan")
    for term in rng.sample([term for term in active if "plan" not in term.tags], RESTRICTED):
        term.restricted = True


def _tag_news(terms: list[Term], shown: Term, shares: Shares) -> None:
    """Choose shared plans of the officer's, and a few of her colleagues', on which something happened this morning."""
    live = {
        p.term.id
        for p in shares.papers
        if p.unit == "alder/north" and p.bundle == "joint_plan" and not p.revoked and p.until > 0
    }
    candidates = [t for t in terms if t.id in live and "plan" in t.tags and t.active]
    own = [t for t in candidates if t.officer == shown.officer]
    others = [t for t in candidates if t.officer != shown.officer]
    for term in [shown, *own[:7], *others[4:10]]:
        term.tags.add("news")
