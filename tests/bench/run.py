"""The whole run: worlds, pages, searches, writes, HTTP; tables into docs/benchmarks.md; the exit status."""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from cases.supervision.models import Case
from tests.bench import http, pages
from tests.bench.database import World
from tests.bench.definition import Definition
from tests.bench.measure import DatabaseClock, Sample, compare
from tests.bench.pages import FILTERED, Viewer
from tests.bench.personas import PERSONAS
from tests.bench.report import Report, growth_chart, machine
from tests.bench.server import ROOT, SETTINGS, BenchServer
from tests.bench.writes import Writer, ratio

FULL = 1_000_000
SIZES = (10_000, 100_000, FULL)
OUR_OFFICERS = ("officer", "circles")
DOCS = ROOT / "docs"


def main(words: list[str]) -> int:
    """Runs the benchmark and returns its exit status: 1 where a target that must be kept is missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--cases", type=int, default=FULL, help="size of the world; below a million figures only")
    parser.add_argument("--seconds", type=float, help="how long each comparison takes")
    parser.add_argument("--only", help="comma-separated personas")
    options = parser.parse_args(words)
    full = options.cases == FULL
    seconds = options.seconds or (6.0 if full else 0.5)
    personas = [p for p in PERSONAS if not options.only or p.code in options.only.split(",")]
    report = Report(options.cases, full)
    begun = time.monotonic()
    with BenchServer() as server:
        world = World(server, options.cases, server.prepare(options.cases))
        with closing(world.admin()) as admin:
            _introduce(report, admin, world)
        viewers = [Viewer(world, persona) for persona in personas]
        _correct(report, world, viewers)
        _pages(report, world, viewers, seconds)
        _guardian(report, world, viewers, seconds)
        _variants(report, world, viewers, seconds)
        _searches(report, world, viewers, seconds)
        if full and not options.only:
            _growth(report, server, world)
        http.measure(report, world, viewers, seconds)
        _writes(report, viewers[0])
        world.close()
    report.say(f"The run took {(time.monotonic() - begun) / 60:.0f} minutes.")
    sys.stdout.write(f"\n{report.summary()}\n\n")
    if full and not options.only:
        write_document(report)
    for verdict in report.missed:
        sys.stdout.write(f"MISSED: {verdict.operation}, {verdict.who}: {verdict.value:.2f} {verdict.unit}\n")
    return 1 if report.missed else 0


def write_document(report: Report) -> None:
    """Writes docs/benchmarks.md: the summary first, then every table."""
    (DOCS / "benchmarks.md").write_text(_HEAD + "\n" + report.summary() + "\n\n" + "\n\n".join(report.parts) + "\n")


_HEAD = """# What permissions cost

`make bench` measures the permission engine against the same pages without one and against django-guardian's own
helper, and writes this page. All variants of a line run in turn in one process, in an order drawn anew for each round:
**trust the ratio inside a line**, not milliseconds across lines. "Unfiltered" is the same page through the ORM, with
the same joins, for somebody who may see everything, on a connection outside row security. "First wall" is the page
function alone; "both walls" is what a request does: BEGIN, context, page under row security, COMMIT. The context costs
the same with one wall: it says who asks. So what the second wall adds is the difference between both walls and the same
request on a connection outside row security. It is judged on a page of cases, as it was when the limits were found; the
list reads a second table behind the wall, the people's. "Database" is the time spent in statements; "ORM" is the rest:
making objects, and behind both walls the commit. Over HTTP the server says how long its statements took. Of few runs
the p95 is the slowest.

Where a bare limit stands beside a must, it was found in another world, and the must is what it comes to in this one:
[decision 12](decisions/0012-where-a-yardstick-moved.md) says how. A figure can keep the must and miss the bare limit.
"""


def _introduce(report: Report, admin: Any, world: World) -> None:
    cursor = admin.cursor()
    cursor.execute("SHOW server_version")
    version = cursor.fetchone()[0]
    cursor.execute(
        "SELECT (SELECT count(*) FROM cases_case), (SELECT count(*) FROM cases_casekey),"
        " (SELECT count(*) FROM sharing_grant),"
        " (SELECT count(*) FROM agencies_user), pg_size_pretty(pg_table_size('cases_casekey')),"
        " pg_size_pretty(pg_indexes_size('cases_casekey'))"
    )
    cases, keys, grants, users, heap, indexes = cursor.fetchone()
    report.say(machine(version))
    report.say(
        f"The world: {cases:,} cases, {keys:,} keys (table {heap}, indexes {indexes}), {grants:,} grants, "
        f"{users:,} accounts, "
        f"300 agencies in 2,005 units, 61 circles. Server settings besides PostgreSQL's own: "
        f"{', '.join(f'{name} {value}' for name, value in SETTINGS.items())}. Planner settings are untouched."
    )


def _unfiltered(world: World, run: Callable[..., Any], *arguments: Any, **named: Any) -> Callable[[], Any]:
    """The question for somebody who may see everything, outside row security."""

    def ask() -> Any:
        with world.acting_as(world.owner):
            return run(*arguments, **named)

    return ask


def _correct(report: Report, world: World, viewers: list[Viewer]) -> None:
    """Every kind of page must show what the definition says, behind one wall and behind both."""
    rows = []
    with closing(world.admin()) as admin:
        for viewer in viewers:
            visible, wrong = _differences(admin, viewer)
            label = viewer.persona.label
            report.judge("Pages that differ from the definition", label, len(wrong), 0, unit="pages", sized=False)
            rows.append((label, f"{visible:,}", ", ".join(wrong) or "none"))
    report.table("Against the definition", ("Persona", "Visible cases", "Differences"), rows)


def _differences(admin: Any, viewer: Viewer) -> tuple[int, list[str]]:
    plain = Definition(admin, viewer.persona, viewer.asked().category)
    total = plain.count()
    wrong: list[str] = []

    def check(name: str, expected: list[int], ask: Callable[..., list[Case]]) -> None:
        for wall, run in (("first wall", viewer.as_owner(ask)), ("both walls", viewer.behind_both(ask))):
            if [case.pk for case in run()] != expected:
                wrong.append(f"{name} ({wall})")

    check("first page", plain.latest(25), viewer.page())
    cursor = viewer.cursor_of_page(5)
    if cursor:
        check("page 5", plain.latest(25, skip=(min(5, -(-total // 25)) - 1) * 25), viewer.page(after=cursor))
    asked = viewer.asked(**FILTERED).category
    narrowed = Definition(admin, viewer.persona, asked)
    check("filter", narrowed.latest(25, "status = 1 AND risk_level = 3"), viewer.page(**FILTERED))
    check("next review", narrowed.next_review(25), viewer.page(sort="review"))
    count = viewer.as_owner(viewer.count())()
    if (count.exact and count.number != total) or (not count.exact and count.number > total):
        wrong.append("count")
    return total, wrong


def _pages(report: Report, world: World, viewers: list[Viewer], seconds: float) -> None:
    """First page, by wall, beside the unfiltered one; and of its cases alone, by wall."""
    rows, alone = [], []
    for viewer in viewers:
        clock = DatabaseClock()
        page, records = viewer.page(), viewer.records()
        with (
            world.owner.execute_wrapper(clock),
            viewer.outside.execute_wrapper(clock),
            world.app.execute_wrapper(clock),
        ):
            found = compare(
                {
                    "plain": _unfiltered(world, pages.unfiltered),
                    "first": viewer.as_owner(page),
                    "first, context": viewer.with_context(page),
                    "both": viewer.behind_both(page),
                    "cases": viewer.as_owner(records),
                    "cases, context": viewer.with_context(records),
                    "cases, both": viewer.behind_both(records),
                },
                seconds=seconds,
                clock=clock,
            )
        plain, first, both = found["plain"], found["first"], found["both"]
        many, label = viewer.persona.many, viewer.persona.label
        added = found["cases, both"].median - found["cases, context"].median
        report.judge("First page, first wall ÷ unfiltered", label, first.median / plain.median, 2.2 if many else 1.5,
                     1.8 if many else 1.1)  # fmt: skip
        report.judge("First page, both walls ÷ unfiltered", label, both.median / plain.median, 3.5 if many else 2.5,
                     2.2 if many else 1.5)  # fmt: skip
        report.judge("Second wall, added to a page of cases", label, added, 2.0 if many else 1.2, 0.3, unit="ms")
        rows.append((label, *_apart(plain), *_apart(first), first.median / plain.median, *_apart(both),
                     both.median / plain.median, both.median - found["first, context"].median,
                     len(plain.times)))  # fmt: skip
        context = found["cases, context"].median - found["cases"].median
        alone.append((label, *_apart(found["cases"]), *_apart(found["cases, both"]), context, added))
    header = ("Persona", "Unfiltered", "of it database", "ORM", "First wall", "database", "ORM", "÷", "Both walls",
              "database", "ORM", "÷", "Second wall adds, ms", "runs")  # fmt: skip
    report.table("First page of 25: median / p95 in ms, of it database and the rest, and ratios", header, rows)
    header = ("Persona", "First wall", "database", "ORM", "Both walls", "database", "ORM",
              "Transaction and context add, ms", "Second wall adds, ms")  # fmt: skip
    report.table("The same page's cases, without people, units, agencies and officers", header, alone)


def _apart(sample: Sample) -> tuple[str, float, float]:
    return sample.shown, sample.database, sample.orm


def _guardian(report: Report, world: World, viewers: list[Viewer], seconds: float) -> None:
    """A page of cases by django-guardian's helper, few runs each, for it is slow; and the list with what it joins."""
    rows = []
    for viewer in viewers:
        found = compare(
            {
                "plain": _unfiltered(world, pages.unfiltered_records),
                "ours": viewer.as_owner(viewer.records()),
                "direct": viewer.guardian(False),
                "generic": viewer.guardian(True),
                "our list": viewer.as_owner(viewer.page()),
                "list": viewer.guardian(False, joined=True),
            },
            seconds=seconds,
            least=5,
            warm=2,
        )
        plain, ours, direct, generic, our_list, listed = (sample.median for sample in found.values())
        officer = viewer.persona.code in OUR_OFFICERS
        name = "Pages a second ÷ guardian on direct keys" + (", officers" if officer else "")
        # Where guardian is quick, not even the page without any filter is so many times faster; then no more is asked
        # than a page which keeps the first wall's own limit can reach.
        reachable = direct / plain / (2.2 if viewer.persona.many else 1.5)
        must, aim = (15, 20) if officer else (50, 100)
        report.judge(name, viewer.persona.label, direct / ours, min(must, reachable), aim, least=True, bare=must)
        shown = {name: sample.shown for name, sample in found.items()}
        rows.append((viewer.persona.label, shown["plain"], shown["ours"], shown["direct"], direct / ours,
                     direct / plain, shown["generic"], generic / ours, shown["our list"], shown["list"],
                     listed / our_list, len(found["direct"].times)))  # fmt: skip
    header = ("Persona", "Unfiltered", "Ours", "Guardian, direct keys", "÷ ours", "÷ unfiltered",
              "Guardian, generic table", "÷ ours", "Our list with joins", "Guardian's", "÷ ours", "runs")  # fmt: skip
    report.table("Against `get_objects_for_user`, median / p95 in ms: a page of cases, and the list with what it joins",
                 header, rows)  # fmt: skip


def _variants(report: Report, world: World, viewers: list[Viewer], seconds: float) -> None:
    """Page 40, filter, second sort key, count, and one case with all categories."""
    rows = []
    for viewer in viewers:
        label, many = viewer.persona.label, viewer.persona.many
        cursor = viewer.cursor_of_page(40)
        first = viewer.as_owner(viewer.page())()
        seen = first[0] if first else Case(pk=0)
        plain: dict[str, Callable[[], Any]] = {
            "Page 40": _unfiltered(world, pages.unfiltered, after=cursor),
            "Filter": _unfiltered(world, pages.unfiltered, **FILTERED),
            "Next review": _unfiltered(world, pages.unfiltered, sort="review"),
        }
        ours = {
            "Page 40": viewer.as_owner(viewer.page(after=cursor)),
            "Filter": viewer.as_owner(viewer.page(**FILTERED)),
            "Next review": viewer.as_owner(viewer.page(sort="review")),
        }
        more = {
            "count": viewer.as_owner(viewer.count()),
            "count of filter": viewer.as_owner(viewer.count(**FILTERED)),
            "count of all": _unfiltered(world, pages.unfiltered_count),
        }
        if first:
            more["one"] = viewer.behind_both(pages.detail(seen.uuid))
            more["by key"] = _unfiltered(world, pages.by_primary_key, seen.pk)
        found = compare(
            {**{f"plain {name}": run for name, run in plain.items()}, **ours, **more}, seconds=seconds * 1.5
        )
        ratios = {name: found[name].median / found[f"plain {name}"].median for name in ours}
        for name, value in ratios.items():
            report.judge(f"{name} ÷ unfiltered", label, value, 2.5 if many else 1.5)
        report.judge("Capped count", label, max(found["count"].median, found["count of filter"].median), 6.0, unit="ms")
        one = found["one"].median / found["by key"].median if first else 0.0
        if first:
            report.judge("One case, all categories, both walls ÷ primary-key read", label, one, 2.5, 1.5, sized=False)
        rows.append((label, *(cell for name in ours for cell in (found[name].shown, ratios[name])),
                     *(found[name].shown for name in ("count", "count of filter", "count of all")),
                     found["one"].shown if first else "–", one if first else "–"))  # fmt: skip
    header = ("Persona", "Page 40", "÷", "Status + risk", "÷", "Next review", "÷", "Count", "Count of filter",
              "Count unfiltered", "One case", "÷ primary-key read")  # fmt: skip
    report.table("Other reads: median / p95 in ms, and ratios to the same unfiltered", header, rows)


def _searches(report: Report, world: World, viewers: list[Viewer], seconds: float) -> None:
    """Name search behind both walls: twenty names, the commonest among them."""
    rows = []
    for viewer in viewers:
        every, everything = Sample(), Sample()
        slowest = (0.0, "")
        for words in pages.searches():
            found = compare(
                {
                    "ours": viewer.behind_both(pages.search(words)),
                    "all": _unfiltered(world, pages.search_everything, words),
                },
                seconds=seconds / 40,
                least=3,
                warm=2,
            )
            every.times += found["ours"].times
            everything.times += found["all"].times
            slowest = max(slowest, (found["ours"].median, " ".join(words)))
        label = viewer.persona.label
        report.judge("Name search, p95, both walls", label, every.p95, 50.0, 20.0, unit="ms")
        report.judge("Name search ÷ unfiltered", label, every.median / everything.median, 2.5)
        rows.append(
            (label, every.shown, everything.shown, every.median / everything.median, f"{slowest[1]}, {slowest[0]:.1f}")
        )
    header = ("Persona", "Both walls, median / p95 ms", "Unfiltered, median / p95 ms", "÷", "Slowest name, ms")
    report.table(f"Name search over {pages.SEARCHES} names", header, rows)


def _growth(report: Report, server: BenchServer, world: World) -> None:
    """The first page in worlds of three sizes, in one run."""
    worlds = [World(server, size, server.prepare(size)) for size in SIZES if size != world.cases] + [world]
    series: dict[str, list[tuple[int, float]]] = {}
    rows = []
    for persona in PERSONAS:
        viewers = {each.cases: Viewer(each, persona) for each in worlds}
        found = compare({str(size): v.as_owner(v.page()) for size, v in viewers.items()}, seconds=4.0)
        series[persona.label] = [(size, found[str(size)].median) for size in SIZES]
        grown = found[str(FULL)].median / found[str(SIZES[0])].median
        report.judge("Growth of the page from 10,000 to 1,000,000", persona.label, grown, 1.3, 1.1)
        rows.append((persona.label, *(found[str(size)].shown for size in SIZES), grown))
    for each in worlds[:-1]:
        each.close()
    header = ("Persona", *(f"{size:,}" for size in SIZES), "÷")
    report.table("Growth: first page, first wall, median / p95 in ms", header, rows)
    report.say("![Growth of the page](benchmarks-growth.svg)")
    (DOCS / "benchmarks-growth.svg").write_text(growth_chart(series))


def _of_keys(keys_a_case: float) -> Callable[[float], float]:
    """A limit on touching a case was found with 2.5 keys a case: what lies above 1 grows with the keys to rewrite."""
    return lambda limit: 1 + (limit - 1) * keys_a_case / 2.5


def _writes(report: Report, viewer: Viewer) -> None:
    """Writes come last, for they leave dead rows behind."""
    writer = Writer(viewer)
    rows = []
    touched = _of_keys(writer.keys_a_case())
    for name, pair in writer.single(200 if report.full_size else 60).items():
        label, limit = ("Touch ÷ plain", touched(2.5)) if name == "touch" else ("Grant, revoke ÷ plain", 2.5)
        report.judge(label, name, ratio(pair), limit, sized=False, bare=2.5)
        rows.append((name, pair[0].shown, pair[1].shown, ratio(pair), len(pair[0].times)))
    limits = {"grant": 2.0, "revoke": 2.0, "touch": touched(3.5)}
    for name, pair in writer.bulk().items():
        bare = {"touch": 3.5}.get(name)
        report.judge(f"Bulk {name} of 10,000 ÷ plain", name, ratio(pair), limits[name], bare=bare)
        rows.append((f"{name}, 10,000 cases", pair[0].shown, pair[1].shown, ratio(pair), len(pair[0].times)))
    report.table("Writes: median / p95 in ms", ("What", "Ours", "Plain rows", "÷", "runs"), rows)
    hidden = writer.hidden_after_revoke()
    report.judge(
        "Revoked → hidden, revocation and next page", "the next request", hidden, 1000.0, unit="ms", sized=False
    )
    taken, read, touch, made = writer.standing()
    report.judge("Standing grant over all cases", f"{made:,} keys", taken, 60.0, unit="s")
    report.judge("Longest wait of a reader meanwhile", "one page", read / 1000, 1.0, unit="s")
    report.judge("Longest wait of a writer meanwhile", "one touch", touch / 1000, 2.0, unit="s")
    report.say(
        f"Revoked → hidden: {hidden:.1f} ms for the revocation and the next page, which lacks the case. A standing "
        f"grant over all cases made {made:,} keys in {taken:.1f} s; meanwhile the slowest page took {read:.0f} ms and "
        f"the slowest change of a case {touch:.0f} ms."
    )
    writer.tidy()
