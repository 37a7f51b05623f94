"""Times that can be compared: every variant in turn, in an order drawn anew for each round, in one process."""

import gc
import math
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench.report import digits

Variant = Callable[[], Any]


@dataclass(slots=True)
class Sample:
    """The times of one variant in milliseconds, and how much of each was spent in the database."""

    times: list[float] = field(default_factory=list)
    in_database: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle time in milliseconds."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """The time in milliseconds that nineteen in twenty stay under."""
        return sorted(self.times)[int(len(self.times) * 0.95)] if len(self.times) > 1 else self.times[0]

    @property
    def shown(self) -> str:
        """Median and p95, as tables show them."""
        return f"{digits(self.median)} / {digits(self.p95)}"

    @property
    def orm(self) -> float:
        """The middle time in milliseconds spent outside statements: the ORM, and where there is one, the commit."""
        return statistics.median(map(float.__sub__, self.times, self.in_database)) if self.in_database else math.nan

    @property
    def database(self) -> float:
        """The middle time in milliseconds spent waiting for the database."""
        return statistics.median(self.in_database) if self.in_database else math.nan


class DatabaseClock:
    """An execute wrapper that adds up the time spent in statements."""

    def __init__(self) -> None:
        self.spent = 0.0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.spent += time.perf_counter() - begun


def compare(
    variants: Mapping[str, Variant],
    *,
    seconds: float,
    least: int = 15,
    warm: int = 6,
    clock: DatabaseClock | None = None,
) -> dict[str, Sample]:
    """Runs the variants in turn for about that many seconds, `least` rounds at the fewest.

    Warming up brings pages into memory and lets PostgreSQL settle on the plans that it keeps. Where a clock is given,
    the time it gathered during a call is noted as time in the database.
    """
    rng = random.Random(1)
    samples = {name: Sample() for name in variants}
    for _ in range(warm):
        for run in variants.values():
            run()
    order = list(variants.items())
    gc.collect()
    gc.disable()
    try:
        end = time.perf_counter() + seconds
        rounds = 0
        while rounds < least or time.perf_counter() < end:
            rng.shuffle(order)
            for name, run in order:
                spent = clock.spent if clock else 0.0
                begun = time.perf_counter()
                run()
                samples[name].times.append((time.perf_counter() - begun) * 1000)
                if clock:
                    samples[name].in_database.append((clock.spent - spent) * 1000)
            rounds += 1
            if rounds % 50 == 0:
                gc.collect()
    finally:
        gc.enable()
    return samples
