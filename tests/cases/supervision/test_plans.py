"""Plan guards: no persona's list, detail or search reads all cases or all keys.

On a hundred thousand analysed cases and with the planner's settings untouched, auto_explain gives the plan of every
statement that runs, those inside the database's functions included, with the settings those functions carry.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agencies.directory.categories import Category
from cases.supervision.models import Case
from tests import services
from tests.bench import world as bench
from tests.bench.database import World
from tests.bench.pages import FILTERED, Viewer
from tests.bench.personas import PERSONAS

CASES = 100_000
DATABASE = "concord_plans"
GUARDED = {"cases_case", "cases_casekey"}

OWN = "one officer's cases by the door"

# Asked as a request asks it, behind both walls.
QUESTIONS: dict[str, Callable[[Viewer], Callable[..., Any]]] = {
    "first page": lambda viewer: viewer.page(),
    "page 3": lambda viewer: viewer.page(after=viewer.cursor_of_page(3)),
    "filter": lambda viewer: viewer.page(**FILTERED),
    "next review": lambda viewer: viewer.page(sort="review"),
    "my unit": lambda viewer: viewer.page(scope="unit"),
    "shared": lambda viewer: viewer.page(scope="shared"),
    "mine": lambda viewer: viewer.page(scope="mine"),
    "list with count": lambda viewer: lambda actor: Case.objects.page(actor, viewer.asked(), full=True),
    "count of filter": lambda viewer: viewer.count(**FILTERED),
    "name": lambda viewer: lambda actor: Case.objects.search(actor, words=["Smith"]),
    "two names": lambda viewer: lambda actor: Case.objects.search(actor, words=["Maria", "Garcia"]),
    "number": lambda viewer: lambda actor: Case.objects.search(actor, words=["C-0001234"]),
}


class _Server:
    """The test run's server, as worlds want it."""

    environment = staticmethod(lambda database: services.running().environment(database))
    connect = staticmethod(lambda database: services.connect("admin", database))


class _Plans(list[dict[str, Any]]):
    """Takes psycopg2's notices and keeps the plans among them."""

    def append(self, notice: Any) -> None:
        """Keeps the plan that a notice of auto_explain holds."""
        if found := re.search(r"plan:\s*(\{.*\})\s*$", str(notice), re.DOTALL):
            super().append(json.loads(found[1]))


@pytest.fixture(scope="module")
def viewers(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Viewer]]:
    """Every persona of a world of a hundred thousand cases, on a connection whose plans are told."""
    with django_db_blocker.unblock():
        services.clone_database(DATABASE)
        admin = services.connect("admin", DATABASE)
        bench.build(admin, CASES, officers=2_000, guardian=False)
        settings = {"log_min_duration": "0", "log_nested_statements": "on", "log_format": "json", "log_level": "notice"}
        with admin.cursor() as cursor:
            here = f"ALTER ROLE concord_app IN DATABASE {DATABASE} SET"
            cursor.execute(f"{here} session_preload_libraries = 'auto_explain'")
            for name, value in settings.items():
                cursor.execute(f"{here} auto_explain.{name} = '{value}'")
        admin.close()
        world = World(_Server(), CASES, DATABASE)  # type: ignore[arg-type]
        yield [Viewer(world, persona) for persona in PERSONAS]
        world.close()


def plans_of(viewer: Viewer, ask: Callable[..., Any]) -> list[dict[str, Any]]:
    """The plans of all statements of a question; asked often enough that kept plans are the kept ones."""
    app = viewer.world.app
    app.ensure_connection()
    run = viewer.behind_both(ask)
    for _ in range(6):
        app.connection.notices = plans = _Plans()
        run()
    return plans


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes, from the top."""
    yield node
    for child in node.get("Plans", ()):
        yield from nodes_of(child)


def faults_of(plan: dict[str, Any]) -> list[str]:
    """Sequential scans of a guarded table, and hashed subplans over one."""
    nodes = list(nodes_of(plan["Plan"]))
    hashed = set(re.findall(r"hashed (SubPlan \d+)", json.dumps(plan["Plan"])))
    found = [f"scan of {n['Relation Name']}" for n in nodes if n["Node Type"] == "Seq Scan" and guarded(n)]
    for node in nodes:
        if node.get("Subplan Name") in hashed and any(guarded(each) for each in nodes_of(node)):
            found.append(f"hashed {node['Subplan Name']}")
    return [f"{fault}: {plan['Query Text'].strip()[:200]}" for fault in found]


def keys_before_cases(plan: dict[str, Any]) -> list[str]:
    """Reads of keys that do not ask for one case's: the door would begin with all that somebody may see."""
    nodes = [node for node in nodes_of(plan["Plan"]) if node.get("Relation Name") == "cases_casekey"]
    return [f"keys by {n.get('Index Cond')}" for n in nodes if "content_object_id = " not in n.get("Index Cond", "")]


def guarded(node: dict[str, Any]) -> bool:
    """Whether a node reads a table that grows with the cases."""
    return node.get("Relation Name") in GUARDED


@pytest.mark.django_db(databases=[])
@pytest.mark.parametrize("code", [persona.code for persona in PERSONAS])
def test_no_question_reads_every_case_or_key(viewers: list[Viewer], code: str, django_db_blocker: Any) -> None:
    """List, filter, sorts, scopes, count, search and one case: by index for every persona."""
    viewer = next(each for each in viewers if each.persona.code == code)
    faults: dict[str, list[str]] = {}
    with django_db_blocker.unblock():
        first = viewer.behind_both(viewer.page())()
        questions = {name: make(viewer) for name, make in QUESTIONS.items()}
        if first:
            questions["one case"] = lambda actor: Case.objects.open_one(actor, first[0].uuid)
            questions["one case by the door"] = lambda actor: Case.objects.visible_to(actor).get(uuid=first[0].uuid)
            questions[OWN] = lambda actor: list(
                Case.objects.permitted(actor, Category.SUPERVISION).filter(officer_id=first[0].officer_id)
            )
        for name, ask in questions.items():
            plans = plans_of(viewer, ask)
            assert plans, f"{name}: auto_explain told no plan"
            wrong = [fault for plan in plans for fault in faults_of(plan)]
            if name == OWN:
                wrong += [fault for plan in plans for fault in keys_before_cases(plan)]
            if wrong:
                faults[name] = wrong
    assert not faults


def test_a_scan_would_be_noticed(viewers: list[Viewer], django_db_blocker: Any) -> None:
    """The guard itself: a question without an index is told."""
    with django_db_blocker.unblock():
        plans = plans_of(viewers[0], lambda actor: list(Case.objects.filter(offense="none such")[:1]))
    assert any("scan of cases_case" in fault for plan in plans for fault in faults_of(plan))
