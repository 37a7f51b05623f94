"""People, units and roles are their agency's own: given by its administrators, refused to everybody else, on record."""

from __future__ import annotations

import datetime
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from agencies.accounts import letters
from agencies.accounts import services as accounts
from agencies.directory import services as directory
from agencies.directory.errors import NotAllowed, NotVisible, Refused
from agencies.directory.models import Membership, User
from sharing.access.actors import Actor
from sharing.access.context import acting
from tests import services
from tests.calls import signed_in
from tests.pages import Visitor, rows, text, trail
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])


@pytest.fixture
def admin(world: World) -> Iterator[Actor]:
    """The administrator of probation, in a transaction."""
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        yield actor


def second_administrator(world: World) -> User:
    """Mills administers probation, too."""
    services.owner(
        "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
        " VALUES (%s, %s, 'administrator', now(), '9999-12-31')",
        world.users["mills"].pk, world.units["probation/root"].pk,
    )  # fmt: skip
    return world.users["mills"]


# --- Invitations -----------------------------------------------------------------------------------------------------


def invited(world: World) -> str:
    """Somebody new is invited by a form, and the letter is sent; the link in it."""
    visitor = Visitor(world.users["admin"])
    given = {
        "name": "Nora Quill", "email": "Nora.Quill@example.org", "title": "PO", "badge": "", "phone": "",
        "unit": world.units["probation/south"].pk, "role": "supervising_officer",
    }  # fmt: skip
    answer = visitor.post(reverse("member_invite"), given)
    assert answer.status_code == 302
    assert "Being sent" in text(visitor.get(answer["Location"]))
    with services.as_job():
        assert letters.send_due() == 1
        assert letters.send_due() == 0
    assert "Sent today" in text(visitor.get(answer["Location"]))
    message = mail.outbox[-1]
    assert message.to == ["nora.quill@example.org"]
    assert "Quill" not in str(message.subject) + message.body.replace("nora.quill", "")
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", str(message.body))
    assert link
    return link[1]


def test_an_invitation_lets_somebody_choose_a_password_once(world: World) -> None:
    link = invited(world)
    client = Client()
    form = client.get(link, follow=True).request["PATH_INFO"]
    new = {"password1": "a sentence of my own", "password2": "a sentence of my own"}
    assert client.post(form, new).status_code == 302
    credentials = {"login": "nora.quill@example.org", "password": "a sentence of my own"}
    assert client.post(reverse("account_login"), credentials).status_code == 302
    assert client.get("/cases/").status_code == 200
    assert "no longer works" in text(Client().get(link, follow=True))
    assert [row["verb"] for row in trail("change")] == ["role.given"]


def test_an_invitation_ends_and_a_later_one_ends_the_earlier(world: World, settings: Any) -> None:
    link = invited(world)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "no longer works" in text(Client().get(link, follow=True))
    settings.PASSWORD_RESET_TIMEOUT = 60
    assert "Set a new password" in text(Client().get(link, follow=True))
    asked = Client().post(reverse("account_reset_password"), {"email": "nora.quill@example.org"})
    assert asked.status_code == 302
    assert len([m for m in mail.outbox if "reset/key" in str(m.body)]) == 1  # an administrator sends the next one


def test_a_letter_that_the_mail_server_refuses_is_tried_again(world: World, settings: Any) -> None:
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        accounts.send_link(actor=actor, user_id=world.users["olsen"].pk)
    settings.EMAIL_BACKEND = "no.such.Backend"
    with services.as_job():
        assert letters.send_due() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    (waiting,) = rows("SELECT attempts, sent_at, next_attempt_at > now() AS later FROM agencies_accountletter")
    assert (waiting["attempts"], waiting["sent_at"], waiting["later"]) == (1, None, True)


def test_whoever_has_an_account_elsewhere_is_given_the_role_in_it(world: World, admin: Actor) -> None:
    south = world.units["probation/south"].pk
    user = accounts.invite(actor=admin, email="REYES@example.org", name="X", group_id=south, role="analyst")
    assert user == world.users["reyes"]
    assert user.name == "Reyes"
    with pytest.raises(Refused):
        accounts.invite(actor=admin, email="olsen@example.org", name="X", group_id=south, role="analyst")
    with pytest.raises(Refused):
        accounts.invite(actor=admin, email="system@example.org", name="X", group_id=south, role="analyst")
    with pytest.raises(NotVisible):
        accounts.invite(
            actor=admin, email="y@example.org", name="Y", group_id=world.units["police/gang"].pk, role="analyst"
        )


# --- Roles -----------------------------------------------------------------------------------------------------------


def test_a_role_opens_from_the_next_request_on_and_shuts_likewise(world: World) -> None:
    quist, case = signed_in(world.users["quist"]), reverse("case_overview", args=[world.joint.uuid])
    assert quist.get(case).status_code == 404
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        given = directory.give_role(
            actor=actor, user_id=world.users["quist"].pk, group_id=world.units["probation/north"].pk,
            role="supervising_officer",
        )  # fmt: skip
    assert quist.get(case).status_code == 200
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        directory.end_role(actor=actor, user_id=given.user_id, membership_id=given.pk)
        directory.end_role(actor=actor, user_id=given.user_id, membership_id=given.pk)
    assert quist.get(case).status_code == 404
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        again = directory.give_role(
            actor=actor, user_id=world.users["quist"].pk, group_id=world.units["probation/north"].pk,
            role="supervising_officer",
        )  # fmt: skip
    assert again.pk == given.pk
    assert [row["verb"] for row in trail("change")] == ["role.given", "role.ended", "role.given"]


@pytest.mark.parametrize("role", ["", "system_partner", "nonsense"])
def test_a_role_is_one_of_the_table_and_no_system_s(world: World, admin: Actor, role: str) -> None:
    with pytest.raises(Refused):
        directory.give_role(
            actor=admin, user_id=world.users["quist"].pk, group_id=world.units["probation/north"].pk, role=role
        )


def test_nobody_changes_their_own_roles_or_account(world: World, admin: Actor) -> None:
    me, _ = world.users["admin"], second_administrator(world)
    own = Membership.objects.get(user=me)
    with pytest.raises(Refused, match="themselves"):
        directory.give_role(actor=admin, user_id=me.pk, group_id=own.group_id, role="supervisor")
    with pytest.raises(Refused, match="themselves"):
        directory.end_role(actor=admin, user_id=own.user_id, membership_id=own.pk)
    with pytest.raises(Refused, match="themselves"):
        accounts.suspend(actor=admin, user_id=me.pk, reason="x")


def test_the_last_administrator_and_the_last_supervisor_stay(world: World) -> None:
    mills = second_administrator(world)
    with acting(world.users["admin"], world.agencies["probation"]) as actor:
        supervises = Membership.objects.filter(user=mills, role="supervisor")
        directory.end_role(actor=actor, user_id=supervises[0].user_id, membership_id=supervises[0].pk)
        with pytest.raises(Refused, match="last supervisor"):
            directory.end_role(actor=actor, user_id=supervises[1].user_id, membership_id=supervises[1].pk)
        with pytest.raises(Refused, match="last supervisor"):
            accounts.suspend(actor=actor, user_id=mills.pk, reason="x")
    page = Visitor(mills)
    address = reverse("member", args=[world.users["admin"].pk])
    membership = Membership.objects.get(user=world.users["admin"])
    page.post(reverse("member_end_role", args=[world.users["admin"].pk, membership.pk]), form_at=address)
    assert "has ended" in text(page.get(address))
    assert signed_in(world.users["admin"]).get(reverse("agency")).status_code == 403
    assert "the only administrator" in text(page.get(reverse("member", args=[mills.pk])))
    with acting(mills, world.agencies["probation"]) as actor, pytest.raises(Refused, match="last administrator"):
        directory.end_role(
            actor=actor, user_id=mills.pk, membership_id=Membership.objects.get(user=mills, role="administrator").pk
        )


def test_two_administrators_who_remove_each_other_at_once_leave_one(world: World) -> None:
    mills, admin = second_administrator(world), world.users["admin"]
    ready, outcomes = threading.Barrier(2), []

    def remove(who: User, whom: User) -> None:
        try:
            with acting(who, world.agencies["probation"]) as actor:
                row = Membership.objects.get(user=whom, role="administrator")
                ready.wait()
                directory.end_role(actor=actor, user_id=row.user_id, membership_id=row.pk)
            outcomes.append("removed")
        except (Refused, NotAllowed) as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    both = [threading.Thread(target=remove, args=pair) for pair in ((mills, admin), (admin, mills))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(outcomes) == ["NotAllowed", "removed"]


# --- Suspension ------------------------------------------------------------------------------------------------------


def test_a_suspended_account_loses_its_sessions_and_its_sign_in_and_gets_them_back(world: World) -> None:
    olsen = signed_in(world.users["olsen"])
    visitor = Visitor(world.users["admin"])
    address = reverse("member_suspend", args=[world.users["olsen"].pk])
    assert visitor.post(address, {"reason": ""}).status_code == 400
    assert olsen.get("/cases/").status_code == 200
    assert visitor.post(address, {"reason": "On leave"}).status_code == 302
    assert olsen.get("/cases/").status_code == 302
    login = {"login": "olsen@example.org", "password": PASSWORD}
    suspended = Client().post(reverse("account_login"), login)
    unknown = Client().post(reverse("account_login"), {**login, "password": "wrong"})
    assert suspended.context["form"].errors == unknown.context["form"].errors
    assert "Olsen" in text(visitor.get(reverse("agency") + "?state=suspended"))
    member = reverse("member", args=[world.users["olsen"].pk])
    visitor.post(reverse("member_reinstate", args=[world.users["olsen"].pk]), form_at=member)
    assert Client().post(reverse("account_login"), login).status_code == 302
    assert [row["verb"] for row in trail("change")] == ["account.suspended", "account.reinstated"]


def test_whoever_works_for_another_agency_too_is_not_suspended_by_one(world: World) -> None:
    services.owner(
        "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
        " VALUES (%s, %s, 'police_officer', now(), '9999-12-31')",
        world.users["olsen"].pk, world.units["police/patrol"].pk,
    )  # fmt: skip
    with acting(world.users["admin"], world.agencies["probation"]) as actor, pytest.raises(Refused, match="another"):
        accounts.suspend(actor=actor, user_id=world.users["olsen"].pk, reason="x")


# --- Units -----------------------------------------------------------------------------------------------------------


def test_units_are_made_renamed_and_closed_when_empty(world: World, admin: Actor) -> None:
    unit = directory.add_unit(actor=admin, name="  East   Field ")
    assert unit.name == "East Field"
    with pytest.raises(Refused):
        directory.add_unit(actor=admin, name="east field")
    directory.change_unit(actor=admin, group_id=unit.pk, name="East", phone="555-0199")
    place = directory.give_role(
        actor=admin, user_id=world.users["quist"].pk, group_id=unit.pk, role="supervising_officer"
    )
    with pytest.raises(Refused, match="still work"):
        directory.close_unit(actor=admin, group_id=unit.pk)
    directory.end_role(actor=admin, user_id=place.user_id, membership_id=place.pk)
    assert directory.close_unit(actor=admin, group_id=unit.pk).closed_at
    with pytest.raises(Refused, match="closed"):
        directory.give_role(actor=admin, user_id=world.users["quist"].pk, group_id=unit.pk, role="analyst")
    with pytest.raises(Refused, match="first unit"):
        directory.close_unit(actor=admin, group_id=world.units["probation/root"].pk)
    with pytest.raises(NotVisible):
        directory.change_unit(actor=admin, group_id=world.units["police/gang"].pk, name="Ours", phone="")


# --- The second wall -------------------------------------------------------------------------------------------------

FORBIDDEN = [
    ("a role in another agency's unit", "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
     " VALUES ({olsen}, {gang}, 'analyst', now(), '9999-12-31')"),
    ("a role for oneself", "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
     " VALUES ({me}, {north}, 'supervisor', now(), '9999-12-31')"),
    ("a root unit", "INSERT INTO agencies_unit (group_id, agency_id, name, phone, is_root)"
     " VALUES ({gang}, {probation}, 'x', '', true)"),
    ("a unit of another agency", "INSERT INTO agencies_unit (group_id, agency_id, name, phone, is_root)"
     " VALUES ({gang}, {police}, 'x', '', false)"),
    ("another's address", "UPDATE agencies_user SET email = 'mine@example.org' WHERE id = {olsen}"),
    ("another role", "UPDATE agencies_membership SET role = 'supervisor' WHERE user_id = {olsen}"),
    ("a letter for a stranger", "INSERT INTO agencies_accountletter (uuid, user_id, kind, created_at, attempts,"
     " next_attempt_at, created_by_id) VALUES (gen_random_uuid(), {reyes}, 'password', now(), 0, now(), {me})"),
    ("suspending a stranger", "SELECT directory_set_active({reyes}, false)"),
    ("suspending oneself", "SELECT directory_set_active({me}, false)"),
    ("correcting a stranger", "SELECT directory_correct({reyes}, 'X', '', '', '')"),
    ("another's name by hand", "UPDATE agencies_user SET name = 'X' WHERE id = {olsen}"),
    ("a cover for a stranger", "INSERT INTO agencies_cover (uuid, agency_id, officer_id, colleague_id, starts_at,"
     " until, created_at) VALUES (gen_random_uuid(), {probation}, {reyes}, {pratt}, now(), now(), now())"),
]  # fmt: skip
FRUITLESS = [
    ("ending a role elsewhere", "UPDATE agencies_membership SET until = now() WHERE group_id = {gang}"),
    ("ending one's own", "UPDATE agencies_membership SET until = now() WHERE user_id = {me}"),
    ("renaming a unit elsewhere", "UPDATE agencies_unit SET name = 'x' WHERE group_id = {gang}"),
]
OF_ADMINISTRATORS = [
    ("a role", "INSERT INTO agencies_membership (user_id, group_id, role, starts_at, until)"
     " VALUES ({quist}, {north}, 'analyst', now(), '9999-12-31')"),
    ("a group", "INSERT INTO auth_group (name) VALUES ('x')"),
    ("an account", "SELECT directory_add_account('x@example.org', 'X', '', '', '')"),
    ("a suspension", "SELECT directory_set_active({quist}, false)"),
    ("a correction", "SELECT directory_correct({quist}, 'X', '', '', '')"),
    ("a cover for another", "INSERT INTO agencies_cover (uuid, agency_id, officer_id, colleague_id, starts_at, until,"
     " created_at) VALUES (gen_random_uuid(), {probation}, {quist}, {pratt}, now(), now(), now())"),
]  # fmt: skip


def filled(world: World, statement: str, me: str) -> str:
    """The statement with the world's numbers."""
    people = {who: user.pk for who, user in world.users.items()}
    units = {"gang": world.units["police/gang"].pk, "north": world.units["probation/north"].pk}
    agencies = {name: agency.pk for name, agency in world.agencies.items()}
    return statement.format(me=world.users[me].pk, **people, **units, **agencies)


def attempt(world: World, who: str, statement: str) -> int | None:
    """Rows that the statement touches for the application's role; None where the database says that it may not."""
    with acting(world.users[who], world.agency_of(who)), connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(filled(world, statement, who))
                return int(cursor.rowcount)
        except ProgrammingError as error:
            if isinstance(error.__cause__, psycopg2.errors.InsufficientPrivilege):
                return None
            raise


def test_the_database_refuses_what_no_administrator_may_write(world: World) -> None:
    for what, statement in FORBIDDEN:
        assert attempt(world, "admin", statement) is None, what
    for what, statement in FRUITLESS:
        assert attempt(world, "admin", statement) == 0, what


@pytest.mark.parametrize("who", ["olsen", "mills", "reyes"])
def test_the_database_lets_nobody_but_administrators_write_the_directory(world: World, who: str) -> None:
    for what, statement in OF_ADMINISTRATORS:
        assert attempt(world, who, statement) is None, what


def test_the_database_lets_administrators_write_what_their_pages_offer(world: World) -> None:
    for what, statement in OF_ADMINISTRATORS:
        assert attempt(world, "admin", statement) == 1, what


def test_without_a_context_nothing_of_the_directory_is_written(world: World) -> None:
    for _, statement in OF_ADMINISTRATORS:
        with closing(services.connect("app")) as app, app.cursor() as cursor:
            asked = filled(world, statement, "admin")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(asked)


# --- Cover -----------------------------------------------------------------------------------------------------------


def test_a_cover_lasts_its_days_and_ends_early_if_its_officer_says_so(world: World) -> None:
    now = datetime.datetime.now(datetime.UTC)
    week = {"starts_at": now - datetime.timedelta(hours=1), "until": now + datetime.timedelta(days=7)}
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        for colleague in ("olsen", "reyes", "nobody"):
            with pytest.raises(Refused):
                directory.arrange_cover(actor=actor, colleague_id=world.users[colleague].pk, **week)
        with pytest.raises(Refused, match="last day"):
            directory.arrange_cover(
                actor=actor, colleague_id=world.users["quist"].pk, starts_at=now, until=now - datetime.timedelta(1)
            )
        cover = directory.arrange_cover(actor=actor, colleague_id=world.users["quist"].pk, **week)
        with pytest.raises(Refused, match="already covers"):
            directory.arrange_cover(actor=actor, colleague_id=world.users["pratt"].pk, **week)
    with acting(world.users["quist"], world.agencies["probation"]) as actor, pytest.raises(NotVisible):
        directory.end_cover(actor=actor, cover_uuid=cover.uuid)
    with acting(world.users["olsen"], world.agencies["probation"]) as actor:
        directory.end_cover(actor=actor, cover_uuid=cover.uuid)
        directory.end_cover(actor=actor, cover_uuid=cover.uuid)
    assert [row["verb"] for row in trail("change")] == ["cover.arranged", "cover.ended"]
