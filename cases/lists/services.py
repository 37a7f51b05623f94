"""What a person keeps of the case list, and taking rows of it out as a file."""

from __future__ import annotations

import csv
import dataclasses
import io
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies.accounts.services import keep_preference
from agencies.directory.categories import Category, union
from agencies.trail.services import record_change, record_read
from cases.lists.beside import beside, put_beside
from cases.lists.columns import CHOICES, PREFERENCE, USUAL, USUAL_OF_MINE, cell, chosen_columns, file_columns
from cases.lists.models import SavedFilter
from cases.supervision.codes import CASE
from cases.supervision.models import Case
from cases.supervision.querysets import MINE, CaseFilter, cautions_of
from sharing.access.actors import Actor
from sharing.access.context import acting
from sharing.access.errors import NotVisible, Refused
from sharing.access.models import Purpose

FILTERS_KEPT = 20
EXPORT_AT_MOST = 5_000  # cases in a file
CHUNK = 250  # cases read in one transaction while a file is on its way


@transaction.atomic
def save_filter(*, actor: Actor, name: str, query: Sequence[tuple[str, str]]) -> SavedFilter:
    """Keep a filter of the list under a name. Returns it. Raises Refused for a name in use, or too many."""
    if SavedFilter.objects.filter(user=actor.user).count() >= FILTERS_KEPT:
        raise Refused(f"You keep {FILTERS_KEPT} filters. Remove one first.", "name")
    try:
        with transaction.atomic():
            kept = SavedFilter.objects.create(user=actor.user, name=name.strip(), query=[list(pair) for pair in query])
    except IntegrityError:
        raise Refused("You have a filter of this name. Choose another.", "name") from None
    record_change(actor=actor, verb="list.filter_saved", obj=kept, after={"query": kept.query})
    return kept


@transaction.atomic
def remove_filter(*, actor: Actor, filter_uuid: uuid.UUID) -> None:
    """Forget a saved filter of one's own. Raises NotVisible."""
    kept = SavedFilter.objects.filter(uuid=filter_uuid, user=actor.user).first()
    if kept is None:
        raise NotVisible
    record_change(actor=actor, verb="list.filter_removed", obj=kept, before={"query": kept.query})
    kept.delete()


@transaction.atomic
def choose_columns(*, actor: Actor, columns: Iterable[str]) -> tuple[str, ...]:
    """Keep which columns the person's lists show. Returns them in their order; none means the usual ones.

    Raises Refused for a column that does not exist.
    """
    wanted = list(columns)
    unknown = sorted(set(wanted) - set(CHOICES))
    if unknown:
        raise Refused(f"There is no column “{unknown[0]}”.", "columns")
    chosen = chosen_columns(wanted)
    before = columns_of(actor)
    keep_preference(actor=actor, name=PREFERENCE, value=list(chosen))
    record_change(
        actor=actor,
        verb="list.columns_chosen",
        obj=actor.user,
        before={"columns": list(before)},
        after={"columns": list(chosen)},
    )
    return chosen


def columns_of(actor: Actor) -> tuple[str, ...]:
    """The columns that the person chose; () where they never did."""
    return chosen_columns(actor.user.preferences.get(PREFERENCE))


def columns_for(actor: Actor, scope: str) -> tuple[str, ...]:
    """The columns that a list of this scope shows the person: those chosen, else the usual ones."""
    return columns_of(actor) or (USUAL_OF_MINE if scope == MINE else USUAL)


@dataclass(frozen=True, slots=True)
class Export:
    """A file of cases that is ready to go out: which cases, of which the trail knows already, and which columns."""

    actor: Actor
    cases: tuple[uuid.UUID, ...]
    columns: tuple[str, ...]
    opened: Category  # over all rows
    needs: Category  # what each row must still open when it goes out
    left_out: int  # of the cases that were named, how many the actor may not take

    def lines(self) -> Iterator[str]:
        """The file line by line, as CSV with a header.

        It is written after the request's own transaction: every chunk opens its own context and asks the door again, so
        that a case whose access ended meanwhile is left out. Raises NoContext where the person's membership ended: the
        download then breaks off rather than look complete.
        """
        columns = file_columns(self.columns, self.opened)
        yield "\ufeff" + _line([column.heading for column in columns])  # the mark by which spreadsheets know UTF-8
        for start in range(0, len(self.cases), CHUNK):
            zone = timezone.override(self.actor.agency.time_zone)  # the request's own is over
            with zone, acting(self.actor.user, self.actor.agency, channel=self.actor.channel) as actor:
                rows = Case.objects.listed(actor, self.cases[start : start + CHUNK], self.needs)
                cautions = cautions_of(actor, rows)
                for case in rows:
                    case.shown_cautions = cautions.get(case.pk, [])  # type: ignore[attr-defined]
                put_beside(rows, {code: list(found) for code, found in beside(actor, rows, self.columns).items()})
                written = [_line([cell(case, column) for column in columns]) for case in rows]
            yield from written


@transaction.atomic
def export_cases(*, actor: Actor, purpose: str, narrowed: CaseFilter, case_uuids: Sequence[uuid.UUID] = ()) -> Export:
    """Take cases out as a file: those named, or else those that the filter leaves. At most EXPORT_AT_MOST.

    Each is asked of the door here and again as it is written. The one read event, with every case and the purpose, is
    kept before a line leaves. Raises Refused for a purpose that is none, for nothing to export and for too much.
    """
    if purpose not in Purpose.values:
        raise Refused("Say what the file is for.", "purpose")
    if len(case_uuids) > EXPORT_AT_MOST:
        raise Refused(f"A file holds {EXPORT_AT_MOST:,} cases at most.")
    if case_uuids:
        needs = Category.EXISTENCE
        cases = Case.objects.listed(actor, case_uuids)
    else:
        needs = narrowed.category
        page = Case.objects.page(actor, narrowed, limit=EXPORT_AT_MOST, full=True)
        if page.next:
            raise Refused(f"A file holds {EXPORT_AT_MOST:,} cases at most, and there are more. Narrow the filter.")
        cases = page.cases
    if not cases:
        raise Refused("There is no case to export.")
    columns = columns_for(actor, narrowed.scope)
    opened = union(case.opened for case in cases)
    record_read(
        actor=dataclasses.replace(actor, purpose=purpose),
        action="export",
        record_type=CASE,
        record_ids=[case.uuid for case in cases],
        categories=union(column.needs for column in file_columns(columns, opened)),
    )
    return Export(
        actor=actor,
        cases=tuple(case.uuid for case in cases),
        columns=columns,
        opened=opened,
        needs=needs,
        left_out=len(set(case_uuids)) - len(cases) if case_uuids else 0,
    )


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
