"""The case list, the search and the overview, as people meet them."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.directory.models import Membership
from tests import services
from tests.calls import V1
from tests.pages import Visitor, text, trail
from tests.services import owner
from tests.worlds import World, more_cases

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


def overview(case) -> str:
    return reverse("case_overview", args=[case.uuid])


def statements(visitor: Visitor, address: str, **asked: str) -> list[str]:
    visitor.get(address, **asked)  # a first answer fills caches of the process: content types, compiled templates
    with CaptureQueriesContext(connection) as caught:
        assert visitor.get(address, **asked).status_code == 200
    return [query["sql"] for query in caught.captured_queries]


# --- The list --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "tab", "shown"),
    [
        ("olsen", "mine", 7),
        ("mills", "unit", 20),
        ("reyes", "shared", 15),
        ("carter", "shared", 1),
        ("admin", "unit", 0),
    ],
)
def test_the_list_begins_where_the_reader_has_cases(world: World, who: str, tab: str, shown: int) -> None:
    answer = Visitor(world.users[who]).get(reverse("case_list"))
    assert answer.status_code == 200
    assert len(answer.context["cases"]) == shown
    assert answer.context["count"].number == shown


def test_a_list_shows_a_provider_names_and_whom_to_ask_alone(world: World) -> None:
    page = text(Visitor(world.users["carter"]).get(reverse("case_list")))
    assert world.referred.person.family_name in page
    assert world.referred.number not in page
    assert "not open to your role" in page
    for column in ("Risk level", "Changed", "Not shared"):
        assert column not in page


def test_an_administrator_is_told_that_the_role_opens_no_case(world: World) -> None:
    visitor = Visitor(world.users["admin"])
    assert "Your role opens no case" in text(visitor.get(reverse("case_list")))
    assert "Your role opens no case" in text(visitor.get(reverse("today")))
    assert "hold no case" not in text(visitor.get(reverse("case_list")))


def test_filter_chip_and_sort_keep_to_the_permitted(world: World) -> None:
    visitor = Visitor(world.users["mills"])
    answer = visitor.get(reverse("case_list"), status="2")
    assert [case.pk for case in answer.context["cases"]] == [world.cases[16].pk]
    assert "Remove filter:" in text(answer)
    late = visitor.get(reverse("case_list"), sort="review")
    dates = [case.next_review for case in late.context["cases"] if case.next_review]
    assert dates == sorted(dates)


@pytest.mark.parametrize("asked", [{"status": "99"}, {"risk": "x"}, {"tab": "all"}, {"sort": "name"}, {"statsu": "1"}])
def test_a_bad_filter_is_an_error_and_never_a_wider_list(world: World, asked: dict[str, str]) -> None:
    answer = Visitor(world.users["mills"]).get(reverse("case_list"), **asked)
    assert answer.status_code == 400
    assert "Hallett" not in text(answer)
    assert next(iter(asked.values())) in text(answer) or "statsu" in text(answer)


def test_a_made_up_page_link_is_refused(world: World) -> None:
    assert Visitor(world.users["mills"]).get(reverse("case_list"), after="MTIz.abc").status_code == 400


def test_a_name_alone_shows_no_status_level_or_officer_and_cannot_be_filtered(world: World) -> None:
    visitor = Visitor(world.users["carter"])
    page = text(visitor.get(reverse("case_list")))
    assert world.referred.person.family_name in page
    for secret in ("Olsen", "Pratt", "Probation, ", "Burglary", "High", "1983"):
        assert secret not in page
    assert visitor.get(reverse("case_list"), status="1").status_code == 400
    assert visitor.get(reverse("case_list"), sort="review").status_code == 400
    case_page = text(visitor.get(overview(world.referred)))
    for secret in ("Burglary", "Officer of record</span>", "PO Pratt", "1983", "At home from", "12 Elm"):
        assert secret not in case_page


def test_page_and_api_cost_the_same_at_five_rows_and_at_fifty_and_at_most_nine_statements(world: World) -> None:
    """Fifty more cases turn five rows into a full page of 25 here, and into fifty over the API."""
    tran, page, api = world.users["tran"], f"{reverse('case_list')}?tab=mine", f"{V1}/cases/?scope=mine&limit=50"
    with services.as_job():
        Membership.objects.create(user=tran, group_id=world.units["probation/south"].pk, role="supervising_officer")
    visitor, costs = Visitor(tran), []
    for more, shown in ((5, (5, 5)), (50, (25, 50))):
        with services.as_job():
            more_cases(world, tran, more)
        assert (len(visitor.get(page).context["cases"]), len(visitor.get(api).json()["results"])) == shown
        costs.append([len(statements(visitor, address)) for address in (page, api)])
    assert costs[0] == costs[1], costs
    assert max(costs[1]) <= 9, costs


def test_the_list_leaves_one_read_event_with_what_it_showed(world: World) -> None:
    Visitor(world.users["reyes"]).get(reverse("case_list"))
    (event,) = trail("read", action="list")
    assert len(event["record_ids"]) == 15
    assert event["agency_name"] == "Riverton Police Department"


# --- Search ----------------------------------------------------------------------------------------------------------


def test_a_misspelt_name_is_found_and_stands_in_no_address(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    answer = visitor.post(reverse("case_search"), {"q": "Rodrigez"})
    assert answer.status_code == 302
    assert "rodrig" not in answer["Location"].lower()
    found = visitor.get(answer["Location"])
    assert [case.pk for case in found.context["cases"]] == [world.cases[1].pk]
    assert "Rodriguez" in text(found)


def test_a_birth_date_narrows_and_a_number_leads_straight_there(world: World) -> None:
    visitor = Visitor(world.users["mills"])
    by_date = visitor.post(reverse("case_search"), {"q": "3/9/1985"})
    assert [case.pk for case in visitor.get(by_date["Location"]).context["cases"]] == [world.cases[5].pk]
    assert visitor.post(reverse("case_search"), {"q": "C00005"})["Location"] == overview(world.cases[5])


def test_a_name_alone_is_not_found_by_its_birth_date(world: World) -> None:
    visitor = Visitor(world.users["carter"])
    answer = visitor.post(reverse("case_search"), {"q": "3/9/1983"})
    assert visitor.get(answer["Location"]).context["cases"] == []


def test_an_empty_search_says_what_to_type_and_another_persons_link_is_not_kept(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    assert "Type a name" in text(visitor.post(reverse("case_search"), {"q": " "}))
    link = visitor.post(reverse("case_search"), {"q": "Hallett"})["Location"]
    other = Visitor(world.users["mills"]).get(link)
    assert other.status_code == 404
    assert "Hallett" not in text(other)


# --- One case --------------------------------------------------------------------------------------------------------


def test_hidden_and_missing_read_alike_and_the_denial_is_kept(world: World) -> None:
    visitor = Visitor(world.users["reyes"])
    hidden = visitor.get(overview(world.restricted))
    missing = visitor.get(reverse("case_overview", args=[uuid.uuid4()]))
    unknown = visitor.get("/no/such/page/")
    assert hidden.status_code == missing.status_code == unknown.status_code == 404
    assert hidden.content == missing.content == unknown.content
    assert len(trail("denial", status=404, target=overview(world.restricted))) == 1


@pytest.mark.parametrize("name", ["case_overview", "case_plan", "goal_add", "case_access", "case_share"])
def test_nobody_excluded_or_unnamed_gets_in(world: World, name: str) -> None:
    assert Visitor(world.users["reyes"]).get(reverse(name, args=[world.restricted.uuid])).status_code == 404
    assert Visitor(world.users["pratt"]).get(reverse(name, args=[world.conflicted.uuid])).status_code == 404
    assert Visitor(world.users["admin"]).get(reverse(name, args=[world.joint.uuid])).status_code == 404


def test_seen_but_not_permitted_is_403_and_kept(world: World) -> None:
    visitor = Visitor(world.users["patel"])
    assert visitor.get(overview(world.joint)).status_code == 200
    assert visitor.get(reverse("case_plan", args=[world.joint.uuid])).status_code == 403
    (denial,) = trail("denial", status=403)
    assert denial["target"] == reverse("case_plan", args=[world.joint.uuid])


def test_the_overview_shows_what_the_grant_opens(world: World) -> None:
    owner = text(Visitor(world.users["olsen"]).get(overview(world.joint)))
    for seen in ("Tobias Hallett", "Firearm", "At home from 9 p.m.", "12 Elm Street", "Keep a job", "Riverton Police"):
        assert seen in owner
    assert f'href="{reverse("case_card", args=[world.joint.uuid])}">Status card</a>' in owner
    partner = text(Visitor(world.users["patel"]).get(overview(world.joint)))
    assert "Firearm" in partner
    assert "You see this case as <strong>Pine County law enforcement</strong>: status card" in partner
    assert "Not shared with you" in partner
    for hidden in ("12 Elm Street", "Keep a job"):
        assert hidden not in partner


def test_the_overview_costs_fourteen_statements_at_most(world: World) -> None:
    for who in ("olsen", "mills", "reyes", "patel", "carter"):
        case = world.referred if who == "carter" else world.joint
        caught = statements(Visitor(world.users[who]), overview(case))
        assert len(caught) <= 14, (who, caught)


def test_cautions_that_cannot_be_loaded_never_read_as_none(world: World) -> None:
    owner("REVOKE SELECT ON cases_caution FROM concord_app")
    answer = Visitor(world.users["olsen"]).get(overview(world.joint))
    assert answer.status_code == 200
    assert "Act as if there are some" in text(answer)
    assert "No cautions" not in text(answer)
    assert "At home from 9 p.m." in text(answer)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("cases_caution", "Act as if there are some"),
        ("cases_condition", "Conditions may exist"),
        ("cases_address", "An address may exist"),
        ("cases_plan", "A plan may exist"),
        ("cases_flag", "Flags not loaded"),
    ],
)
def test_a_part_that_cannot_be_loaded_says_so_and_the_rest_stands(world: World, table: str, says: str) -> None:
    """The database itself refuses one table; the read event that follows is written all the same."""
    parts = {
        "cases_caution": "Firearm",
        "cases_condition": "At home from 9 p.m.",
        "cases_address": "12 Elm Street",
        "cases_plan": "Keep a job",
        "cases_flag": "2 flags",
    }
    owner(f"REVOKE SELECT ON {table} FROM concord_app")
    page = text(Visitor(world.users["olsen"]).get(overview(world.joint)))
    assert says in page
    assert parts.pop(table) not in page
    for stands in parts.values():
        assert stands in page
    assert len(trail("read", action="detail")) == 1


def test_unmapped_methods_and_visitors(world: World) -> None:
    visitor = Visitor(world.users["olsen"])
    assert visitor.client.put(overview(world.joint)).status_code == 403  # no token: CSRF comes first
    visitor.client.handler.enforce_csrf_checks = False
    for hidden_or_not in (overview(world.joint), overview(world.restricted), reverse("case_list")):
        assert visitor.client.delete(hidden_or_not).status_code == 405
    visitor.client.logout()
    answer = visitor.get(overview(world.joint))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
