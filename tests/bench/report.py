"""What was measured, as tables for the terminal and for docs/benchmarks.md, and what misses its target."""

import math
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure against its target."""

    operation: str
    who: str
    value: float
    must: float
    aim: float | None
    unit: str
    least: bool
    judged: bool
    bare: float | None = None  # the limit as first found, where the yardstick moved with the world

    @property
    def kept(self) -> bool:
        """Whether the target is met; a figure that could not be taken misses it."""
        return self.value >= self.must if self.least else self.value <= self.must

    @property
    def reached(self) -> bool:
        """Whether even the aim is met."""
        aim = self.must if self.aim is None else self.aim
        return self.value >= aim if self.least else self.value <= aim

    @property
    def strain(self) -> float:
        """How near the figure comes to the limit: above 1 it misses."""
        if math.isnan(self.value):
            return math.inf
        if self.least:
            return self.must / max(self.value, 1e-9)
        return self.value / (self.must or 0.01)


@dataclass(slots=True)
class Report:
    """Collects tables and verdicts of one run."""

    cases: int
    full_size: bool
    parts: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def table(self, title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Adds a table and prints it."""
        lines = [f"### {title}", "", row_of(header), row_of(["---"] * len(header))]
        lines += [row_of([_shown(cell) for cell in row]) for row in rows]
        self.say("\n".join(lines))

    def say(self, text: str) -> None:
        """Adds a paragraph and prints it."""
        self.parts.append(text)
        sys.stdout.write(f"\n{text}\n")
        sys.stdout.flush()

    def judge(
        self,
        operation: str,
        who: str,
        value: float,
        must: float,
        aim: float | None = None,
        *,
        unit: str = "×",
        least: bool = False,
        sized: bool = True,
        bare: float | None = None,
    ) -> None:
        """Holds a figure against its target: at most `must`, or at least where `least`.

        `sized` says that the figure depends on the size of the world; only the full world is judged by it. `bare` is
        the limit as it was first found, where `must` is what it means in this world.
        """
        judged = self.full_size or not sized
        self.verdicts.append(Verdict(operation, who, value, must, aim, unit, least, judged, bare))

    @property
    def missed(self) -> list[Verdict]:
        """The judged figures that miss what they must keep."""
        return [verdict for verdict in self.verdicts if verdict.judged and not verdict.kept]

    def summary(self) -> str:
        """The table of operations: the worst persona of each, against must and aim."""
        worst: dict[str, Verdict] = {}
        for verdict in self.verdicts:
            if verdict.operation not in worst or verdict.strain > worst[verdict.operation].strain:
                worst[verdict.operation] = verdict
        rows = [
            (
                v.operation,
                v.who,
                f"{_shown(v.value)} {v.unit}",
                f"{'≥' if v.least else '≤'} {_shown(v.must)} {v.unit}",
                "" if v.bare is None or v.bare == v.must else f"{_shown(v.bare)} {v.unit}",
                "" if v.aim is None else f"{_shown(v.aim)} {v.unit}",
                ("aim" if v.reached and v.aim is not None else "kept" if v.kept else "**missed**")
                if v.judged
                else "not judged",
            )
            for v in worst.values()
        ]
        header = ("Operation", "Worst", "Measured", "Must", "Bare limit", "Aim", "")
        return "\n".join([row_of(header), row_of(["---"] * len(header)), *(row_of(row) for row in rows)])


def row_of(cells: Sequence[object]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _shown(cell: object) -> str:
    return digits(cell) if isinstance(cell, float) else str(cell)


def digits(value: float) -> str:
    """A figure with the three digits that are worth reading."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def machine(server_version: str) -> str:
    """One sentence on where and with what the figures were taken."""
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    packages = ", ".join(f"{name} {version(name)}" for name in ("Django", "django-guardian", "psycopg2-binary"))
    gib = int(memory.split()[1]) / 1024 / 1024
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cpu}, {os.cpu_count()} cores, {gib:.0f} GiB; PostgreSQL {server_version}, "
        f"Python {platform.python_version()}, {packages}."
    )


def growth_chart(series: dict[str, list[tuple[int, float]]]) -> str:
    """An SVG of page time over the number of cases: one line a persona, logarithmic to the right."""
    width, height, left, bottom, top = 760, 380, 60, 330, 30
    sizes = sorted({size for points in series.values() for size, _ in points})
    highest = max(value for points in series.values() for _, value in points) * 1.15
    span = (math.log10(sizes[-1]) - math.log10(sizes[0])) or 1

    def at(size: int, value: float) -> tuple[float, float]:
        x = left + (math.log10(size) - math.log10(sizes[0])) / span * 460
        return x, bottom - value / highest * (bottom - top)

    colors = ("#1b4f72", "#a04000", "#1e8449", "#6c3483", "#b7950b", "#117a65", "#922b21", "#2e4053", "#7d6608")
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{left}" y="18">First page, milliseconds (median, first wall), by number of cases</text>',
    ]
    for step in range(5):
        value = highest * step / 4
        y = at(sizes[0], value)[1]
        out.append(f'<line x1="{left}" x2="{left + 460}" y1="{y:.0f}" y2="{y:.0f}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{value:.1f}</text>')
    for size in sizes:
        out.append(f'<text x="{at(size, 0)[0]:.0f}" y="{bottom + 18}" text-anchor="middle">{size:,}</text>')
    for number, (label, points) in enumerate(series.items()):
        color = colors[number % len(colors)]
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in (at(size, value) for size, value in sorted(points)))
        out.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        y = top + 14 + number * 20
        out.append(f'<line x1="545" x2="565" y1="{y - 4}" y2="{y - 4}" stroke="{color}" stroke-width="3"/>')
        out.append(f'<text x="572" y="{y}">{label}</text>')
    return "\n".join([*out, "</svg>", ""])
