"""Who can see a case, sharing it in two steps, moving the end and ending it, in the browser."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from agencies.directory.models import Membership
from sharing.access import explain
from sharing.access.context import acting
from sharing.access.models import Grant
from tests.pages import Visitor, hidden, rows, text, trail
from tests.services import as_job
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def access(world: World, case: Any = None) -> str:
    return reverse("case_access", args=[(case or world.joint).uuid])


def share_fields(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "group": str(world.units["sheriff/patrol"].pk),
        "bundle": "coordination",
        "purpose": "supervision",
        "until": "12 31 2030",
    } | changed


def test_the_owner_sees_who_sees_and_who_looked(world: World) -> None:
    Visitor(world.users["reyes"]).get(reverse("case_plan", args=[world.joint.uuid]))
    page = text(Visitor(world.users["olsen"]).get(access(world)))
    for seen in (
        "Gang, Riverton Police Department",
        "Joint plan",
        "Pine County law enforcement",
        "Det. Reyes",
        "Owner",
    ):
        assert seen in page
    assert "As supervising officer of North" in page
    assert "2 agencies besides yours" in page


def test_an_opening_and_a_line_of_a_list_are_counted_apart(world: World) -> None:
    reader = Visitor(world.users["reyes"])
    for _ in range(2):
        reader.get(reverse("case_overview", args=[world.joint.uuid]))
    reader.get(reverse("case_plan", args=[world.joint.uuid]))
    page = Visitor(world.users["olsen"]).get(access(world))
    assert [row["read"] for row in page.context["readers"]] == ["Opened 3 times (case, plan)"]
    for _ in range(4):
        reader.get(reverse("case_list"))
    other = Visitor(world.users["patel"])
    other.get(reverse("case_list"))
    page = Visitor(world.users["olsen"]).get(access(world))
    said = {row["name"]: row["read"] for row in page.context["readers"]}
    assert said["Det. Reyes"] == "Opened 3 times (case, plan); seen in lists 4 times (list)"
    assert said[world.users["patel"].display] == "Seen in lists 1 time (list)"


def test_an_officer_reads_that_headquarters_holds_the_case_too(world: World) -> None:
    rows_shown = Visitor(world.users["olsen"]).get(access(world)).context["grants"]
    assert [row["detail"] for row in rows_shown if row["why"] == "Owner"] == ["North", ""]


def test_a_partner_learns_why_and_nothing_of_others(world: World) -> None:
    page = text(Visitor(world.users["reyes"]).get(access(world)))
    assert "As police officer of Gang, Riverton Police Department: joint plan" in page
    assert "Who else sees this case is not shown to you" in page
    assert "Pine County law enforcement, Pine Sheriff" not in page
    assert "PO Olsen</strong><span" not in page


def test_only_roles_that_count_now_say_why(world: World) -> None:
    now = timezone.now()
    day = datetime.timedelta(days=1)
    with as_job():
        held = {"user": world.users["reyes"], "group_id": world.units["police/gang"].pk}
        Membership.objects.create(**held, role="police_supervisor", starts_at=now - 2 * day, until=now - day)
        Membership.objects.create(**held, role="analyst", starts_at=now + day)
    page = text(Visitor(world.users["reyes"]).get(access(world)))
    assert "As police officer of Gang, Riverton Police Department: joint plan" in page
    assert "supervisor" not in page
    assert "analyst" not in page


@pytest.mark.parametrize(("who", "status"), [("olsen", 200), ("mills", 200), ("reyes", 403), ("carter", 404)])
def test_who_may_open_the_share_form(world: World, who: str, status: int) -> None:
    assert Visitor(world.users[who]).get(reverse("case_share", args=[world.joint.uuid])).status_code == status


def test_sharing_takes_a_look_first_and_happens_once(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    address = reverse("case_share", args=[world.joint.uuid])
    page = visitor.get(address).content.decode()
    fields = share_fields(world, token=hidden(page, "token"), narrowed_by=[str(1 << 10)])
    check = visitor.send(address, page, fields)
    assert check.status_code == 200
    assert "Check before you share" in text(check)
    assert "Addresses, vehicles, work" in check.context["withheld_from_them"]
    assert "December 31, 2030" in text(check)
    assert (
        rows(f"SELECT 1 FROM sharing_grant WHERE group_id = {fields['group']} AND record_id = '{world.joint.uuid}'")
        == []
    )
    assert trail("change", verb="access.given") == []

    back = visitor.send(address, page, fields | {"change": "1"})
    assert 'value="12 31 2030"' in back.content.decode()

    for _ in range(2):
        done = visitor.send(address, page, fields | {"confirmed": "1"})
        assert done["Location"] == access(world)
    (grant,) = rows(
        f"SELECT * FROM sharing_grant WHERE group_id = {fields['group']} AND record_id = '{world.joint.uuid}'"
    )
    assert grant["until"].astimezone(datetime.UTC).date() == datetime.date(2031, 1, 1)  # the day ends in Florida
    assert len(trail("change", verb="access.given")) == 1
    assert "Shared with Patrol, Pine County Sheriff" in text(visitor.get(access(world)))
    assert "Keep a job" not in text(
        Visitor(world.users["deputy"]).get(reverse("case_overview", args=[world.joint.uuid]))
    )


def test_nobody_of_a_circle_is_promised_news(world: World) -> None:
    visitor, case = Visitor(world.users["mills"]), world.cases[17]
    address = reverse("case_share", args=[case.uuid])
    page = visitor.get(address).content.decode()
    fields = share_fields(world, token=hidden(page, "token"), group=str(world.circle.pk), bundle="status_card")
    assert visitor.send(address, page, fields).context["told"] == []
    visitor.send(address, page, fields | {"confirmed": "1"})
    assert "Nobody of a circle is told; they see it on their lists." in text(visitor.get(access(world, case)))


def test_going_back_in_a_used_form_gives_nobody_anything(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    address = reverse("case_share", args=[world.joint.uuid])
    page = visitor.get(address).content.decode()
    fields = share_fields(world, token=hidden(page, "token"), confirmed="1")
    assert visitor.send(address, page, fields).status_code == 302
    for changed in (
        {"group": str(world.units["police/patrol"].pk)},
        {"bundle": "joint_plan"},
        {"narrowed_by": [str(1 << 10)]},
        {"until": "12 30 2030"},
    ):
        answer = visitor.send(address, page, fields | changed)
        assert answer.status_code == 400
        assert "This form was used already. Open it again." in text(answer)
    assert len(trail("change", verb="access.given")) == 1

    (grant,) = rows(f"SELECT uuid FROM sharing_grant WHERE record_id = '{world.joint.uuid}' ORDER BY id DESC LIMIT 1")
    visitor.post(reverse("grant_end", args=[world.joint.uuid, grant["uuid"]]), {"reason": "A mistake"})
    again = visitor.send(address, page, fields)
    assert again.status_code == 400
    assert "This form was used already" in text(again)


def test_a_form_of_one_case_is_good_for_no_other(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    page = visitor.get(reverse("case_share", args=[world.joint.uuid])).content.decode()
    fields = share_fields(world, token=hidden(page, "token"), confirmed="1")
    answer = visitor.send(reverse("case_share", args=[world.referred.uuid]), page, fields)
    assert answer.status_code == 400
    assert "Open it again" in text(answer)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"bundle": "full_file"}, "What they will see"),
        ({"until": "yesterday"}, "Until"),
        ({"until": "1/1/2020"}, "Until"),
        ({"purpose": ""}, "Purpose"),
        ({"group": "999999"}, "Share with"),
    ],
)
def test_a_share_that_cannot_be_names_the_field_and_keeps_the_rest(
    world: World, changed: dict[str, str], field: str
) -> None:
    visitor = Visitor(world.users["olsen"])
    address = reverse("case_share", args=[world.joint.uuid])
    page = visitor.get(address).content.decode()
    fields = share_fields(world, token=hidden(page, "token"), legal_basis="F.S. 948", **changed)
    answer = visitor.send(address, page, fields)
    assert answer.status_code == 400
    assert f"{field}:" in text(answer)
    assert "F.S. 948" in text(answer)


def test_ending_needs_a_reason_and_shuts_the_next_request(world: World) -> None:
    partner, owner = Visitor(world.users["deputy"]), Visitor(world.users["pratt"])
    case = reverse("case_overview", args=[world.suspect.uuid])
    assert "12 Elm Street" in text(partner.get(case))
    address = reverse("grant_end", args=[world.suspect.uuid, world.grants["suspect"].uuid])
    silent = owner.post(address, {"reason": " "})
    assert silent.status_code == 400
    assert "Say why the access ends" in text(silent)
    page = owner.get(address).content.decode()
    for _ in range(2):
        assert owner.send(address, page, {"reason": "The inquiry is closed"}).status_code == 302
    assert "12 Elm Street" not in text(partner.get(case))
    assert len(trail("change", verb="access.ended")) == 1
    assert "The inquiry is closed" in text(owner.get(access(world, world.suspect)))


def test_the_end_can_be_moved_within_the_agreement(world: World) -> None:
    owner = Visitor(world.users["pratt"])
    address = reverse("grant_extend", args=[world.suspect.uuid, world.grants["suspect"].uuid])
    assert "still to come" in text(owner.post(address, {"until": "1/1/2020"}))
    assert owner.post(address, {"until": "Jan 5 2031"}).status_code == 302
    assert "Jan 5, 2031" in text(owner.get(access(world, world.suspect)))


def test_a_grant_of_another_case_is_not_found_under_this_one(world: World) -> None:
    address = reverse("grant_end", args=[world.joint.uuid, world.grants["suspect"].uuid])
    assert Visitor(world.users["olsen"]).get(address).status_code == 404


@pytest.mark.parametrize(("who", "told"), [("pratt", False), ("mills", False), ("tran", True), ("olsen", True)])
def test_a_providers_part_shows_to_those_with_the_treatment_category_and_to_whoever_gave_it(
    world: World, who: str, told: bool
) -> None:
    """Whether a provider looked is told by the category alone: olsen gave the referral and has not got it."""
    Visitor(world.users["carter"]).get(reverse("case_overview", args=[world.referred.uuid]))
    page = text(Visitor(world.users[who]).get(access(world, world.referred)))
    assert "North" in page
    assert ("Clinic, Harbor Treatment Center" in page) is told
    assert ("Carter" in page) is (who == "tran")
    with acting(world.users[who], world.agencies["probation"]) as actor:
        assert Grant.objects.filter(pk=world.grants["referred"].pk).exists() is told
        listed = {holder.grant.pk for holder in explain.holders(actor, world.referred)}
        assert (world.grants["referred"].pk in listed) is told
