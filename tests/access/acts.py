"""What tests of services share: counting what an act left behind, and letting several people act at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connections

from sharing.access.actors import Actor
from sharing.access.context import acting
from tests import services
from tests.worlds import World


class Ledger(NamedTuple):
    """How many rows there are of what a service may write, counted past every policy."""

    grants: int
    keys: int
    changes: int
    events: int
    goal_versions: int


def ledger() -> Ledger:
    """The counts now."""
    tables = ("sharing_grant", "cases_casekey", "agencies_change", "sharing_outboxevent", "cases_goalversion")
    return Ledger(*services.owner("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))[0])


@contextmanager
def leaves(**more: int) -> Iterator[None]:
    """What happens inside adds exactly these rows and no others: leaves(grants=1, keys=1, changes=1, events=1)."""
    before = ledger()
    yield
    after = ledger()
    added = {name: after[number] - before[number] for number, name in enumerate(Ledger._fields)}
    assert added == {name: more.get(name, 0) for name in Ledger._fields}


def act(world: World, who: str, what: Callable[[Actor], Any]) -> Any:
    """Lets somebody act in a committed transaction of their own; returns what the act returned."""
    with acting(world.users[who], world.agency_of(who)) as actor:
        return what(actor)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Runs the acts at the same moment, each in a thread with its own connection.

    Returns what each returned, or the exception that it raised.
    """
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        try:
            start.wait(10)
            results[number] = acts[number]()
        except Exception as error:  # the test looks at it
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return results
