"""The preview of a share: the case as its receivers will see it, and never more than the sharer sees."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.directory.categories import Category
from cases.supervision.models import Caution
from sharing.access.context import job_context
from tests.pages import Visitor, hidden, text
from tests.services import as_job, owner
from tests.worlds import World

# Of the share itself, and of what the police keep to themselves.
NOT_FOR_THE_SHARER = ("Access given to Patrol", "Flag set: Stalking", "Action added: Drive past the shop")

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def check(world: World, who: str, **asked: Any) -> tuple[Visitor, str, dict[str, Any], HttpResponse]:
    """The page before a share, and what sends it once more."""
    visitor, address = Visitor(world.users[who]), reverse("case_share", args=[world.joint.uuid])
    page = visitor.get(address).content.decode()
    fields = {"purpose": "supervision", "until": "12 31 2030", "token": hidden(page, "token")}
    fields |= {"group": str(world.units["sheriff/patrol"].pk), "bundle": "coordination"} | asked
    answer = visitor.send(address, page, fields)
    assert answer.status_code == 200
    return visitor, page, fields, answer


def preview(answer: HttpResponse) -> str:
    """What stands below the answers."""
    return text(answer).partition('id="as-they"')[2].partition("</main>")[0]


def told(page: str) -> set[str]:
    """What a page says of the case: its headings, facts, conditions and entries, without the hours they were asked."""
    found = re.findall(r"<(?:h2|h3|dt|dd|strong)[^>]*>(.*?)</(?:h2|h3|dt|dd|strong)>", page)
    found += re.findall(r'class="(?:conditions__text|not-shared|caution--none)"[^>]*>(.*?)</', page)
    return {re.sub(r"<[^>]+>|\d+:\d\d[ap]m", "", one).strip() for one in found}


@pytest.mark.parametrize("asked", [{}, {"bundle": "joint_plan"}, {"bundle": "status_card"}])
def test_the_preview_is_what_the_receiver_then_sees(world: World, asked: dict[str, Any]) -> None:
    visitor, page, fields, answer = check(world, "olsen", **asked)
    shown = told(preview(answer))
    visitor.send(reverse("case_share", args=[world.joint.uuid]), page, fields | {"confirmed": "1"})
    receiver = Visitor(world.users["deputy"])
    after = text(receiver.get(reverse("case_overview", args=[world.joint.uuid])))
    theirs = told(after.partition('<div class="columns">')[2].partition("</main>")[0])
    new = {one for one in theirs - shown if not one.startswith(NOT_FOR_THE_SHARER)}
    assert new <= {"", "Not shared with you"}
    # What came with the share moved older entries from the overview to the timeline.
    known = told(text(receiver.get(reverse("case_timeline", args=[world.joint.uuid])))) | told(after)
    assert shown - known <= {""}
    assert len(shown) > 8


def test_a_narrowed_share_says_what_falls_away(world: World) -> None:
    shown = preview(check(world, "olsen", narrowed_by=[str(int(Category.CONDITIONS)), str(int(Category.CAUTIONS))])[3])
    assert "Conditions are not shared with Pine County Sheriff" in shown
    assert "At home from 9 p.m." not in shown
    assert "Cautions are not part of what is shared" in shown


def test_the_other_sides_own_parts_and_ones_own_stay_out(world: World) -> None:
    shown = preview(check(world, "olsen", bundle="joint_plan", group=str(world.units["police/patrol"].pk))[3])
    assert "Flag set: Prolific" in shown  # for both sides
    own = text(Visitor(world.users["olsen"]).get(reverse("case_overview", args=[world.joint.uuid])))
    assert "Flag set: Serious mental illness" in own  # for supervision: the sharer reads it, the receivers will not
    assert "Flag set: Serious mental illness" not in shown
    assert "Flag set: Stalking" not in shown  # for the police: the receivers read it, and the sharer never
    assert "Who can see this" not in shown
    assert "Manage the case" not in shown
    assert "Add contact" not in shown


def test_a_circle_of_both_sides_is_seen_as_each(world: World) -> None:
    owner("UPDATE agencies_agency SET kind = 'parole' WHERE id = %s", world.agencies["sheriff"].pk)
    asked = {"bundle": "joint_plan", "group": str(world.circle.pk)}
    visitor, page, fields, answer = check(world, "olsen", **asked)
    assert "Flag set: Serious mental illness" in preview(answer)  # for supervision, which parole will read
    assert "What this share shows" in text(answer)
    assert "may show them more" in text(answer)
    address = reverse("case_share", args=[world.joint.uuid])
    police = visitor.send(address, page, fields | {"confirmed": "1", "as": "POLICE"})
    assert police.status_code == 200  # a look, and not yet the share
    assert "shows it to Riverton Police Department" in preview(police)
    assert "Flag set: Serious mental illness" not in preview(police)
    assert "Look as supervision: Pine County Sheriff" in preview(police)


def test_the_preview_asks_the_same_number_of_questions_however_much_there_is(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            check(world, "olsen", bundle="joint_plan")
        return len(caught)

    asked()  # what is asked once a process
    few = asked()
    with as_job(), job_context():
        for number in range(20):
            caution = Caution.objects.get(pk=world.caution.pk)
            caution.pk, caution.uuid, caution.text = None, uuid.uuid4(), f"Danger {number}"
            caution.save(force_insert=True)
    assert asked() == few
