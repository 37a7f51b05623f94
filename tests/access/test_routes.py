"""Random worlds over HTTP: every address, letter and message tells what the oracle says, and hides the rest."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from django.core import mail

from agencies.directory.categories import Category
from tests.access import news, visits
from tests.access.loading import Loader
from tests.access.marks import told
from tests.access.oracle import Oracle, World
from tests.access.random_worlds import lookers, moments, move_ends, random_world, shake
from tests.access.visits import Visit, may_be_told, signed_in_for
from tests.drills.addresses import asked
from tests.sharing.notices.receivers import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

IN_A_TEST_RUN, NOTICED = (3,), 5  # README.md says what they notice
IN_DRILLS, PARTS = 90, 6


@pytest.mark.parametrize("seed", IN_A_TEST_RUN)
def test_every_address_tells_what_the_oracle_says(loader: Loader, seed: int) -> None:
    visit_world(loader, seed)


@pytest.mark.drill
@pytest.mark.parametrize("part", range(PARTS))
def test_every_address_in_many_worlds(loader: Loader, part: int) -> None:
    if part == 0:
        visit_world(loader, NOTICED)
    for number in range(part, IN_DRILLS, PARTS):
        visit_world(loader, 2_000_000 + number)


def test_every_list_named_here_is_an_address() -> None:
    named = {*visits.LISTS_OF_CASE, *visits.LISTS_OF_PART, *visits.LISTS_OF_ALL, *visits.SHOWS, *visits.FILES}
    assert named - set(visits.READ_BY_POST) <= asked()


def visit_world(loader: Loader, seed: int) -> None:
    """Loads the world of the seed, lets time pass in it, and compares news, letters, messages and every address."""
    dice = random.Random(f"visit {seed}")
    world = random_world(seed)
    people = list(world.users)
    news.with_a_system(world)
    loader.load(world)
    feed = Feed(world, *lookers(world, world.now, dice, of=people)[0])
    for act in shake(world, dice):
        loader.act(*act)
    for act in move_ends(world, dice):
        loader.act(*act)
    wrong = list(feed.differences(Oracle(world, world.now)))
    mail.outbox.clear()
    times = moments(world, dice)
    with receiving() as receiver:
        news.listen(world, receiver)
        loader.turn_clock(world.now)
        wrong += differences_of_news(world, receiver, Oracle(world, times[0]), Oracle(world, times[-1]))
    for now in times:
        loader.turn_clock(now)
        for user_id, agency in lookers(world, now, dice, of=people):
            visit = Visit(Oracle(world, now), user_id, agency, dice)
            wrong += [f"{now:%d %H:%M:%S}, user {user_id} for {agency}: {said}" for said in visit.everywhere()]
    system = Visit(Oracle(world, times[-1]), news.SYSTEM, None, dice, system=True)
    wrong += [f"{times[-1]:%d %H:%M:%S}, the system: {said}" for said in system.everywhere()]
    assert not wrong, f"seed {seed}:\n" + "\n".join(wrong)


class Feed:
    """Somebody's feed of changes, from before a world is shaken."""

    def __init__(self, world: World, user_id: int, agency: int | None) -> None:
        self.user_id, self.agency = user_id, agency
        self.before = self.seen(Oracle(world, world.now))
        self.client = signed_in_for(user_id, agency)
        self.next = "/api/v1/changes/"
        self.follow()

    def seen(self, oracle: Oracle) -> set[int]:
        viewer = oracle.viewer(self.user_id, self.agency)
        return oracle.cases(viewer, Category.EXISTENCE) if viewer else set()

    def follow(self) -> dict[int, str]:
        """What became of which case since it was followed last."""
        found: dict[int, str] = {}
        more = True
        while more:
            answer = self.client.get(self.next)
            if answer.status_code != 200:
                assert not self.before, answer.content
                break
            page = answer.json()
            self.next, more = page["next"], page["more"]
            if page["starts"]:  # a new copy: what it does not list is to be forgotten
                found = dict.fromkeys(self.before, "lost")
            found |= {number: row["change"] for row in page["results"] for _, number in told(row["id"])}
        return found

    def differences(self, after: Oracle) -> Iterator[str]:
        """What is open now is told as gained or changed where it was shut, what is shut as lost where it was open."""
        seen, found = self.seen(after), self.follow()
        lost = {number for number, change in found.items() if change == "lost"}
        if lost != self.before - seen:
            yield f"feed of user {self.user_id} for {self.agency}: {lost} are lost, not {self.before - seen}"
        if not seen - self.before <= set(found) - lost <= seen:
            yield f"feed of user {self.user_id} for {self.agency}: {found}, where {self.before} became {seen}"


def differences_of_news(world: World, receiver: Receiver, oracle: Oracle, later: Oracle) -> Iterator[str]:
    """Everything changes, the relay runs at once, and mail and messages go out later, when less may be open."""
    events = news.happen(world)
    news.relay(oracle.now)
    items = news.inboxes()
    inboxes = set(items.values())
    yield from differences("inboxes", inboxes, news.expected(oracle, events))

    news.send(later.now)
    still = news.expected(later, events)
    by_mail = {event.name for event in events if event.mails}
    first = {(name, user): min(a for n, u, a in inboxes if (n, u) == (name, user)) for name, user, _ in inboxes}
    letters = {
        (name, user, agency)
        for (name, user), agency in first.items()
        if name in by_mail and user != news.SYSTEM and (name, user, agency) in still
    }
    sent = news.letters(items)
    yield from differences("letters", set(sent), letters)
    if len(sent) != len(set(sent)):
        yield "a letter went out twice"

    messages = news.messages(receiver, items)
    wanted = {recipient for recipient in inboxes & still if recipient[1] == news.SYSTEM}
    yield from differences("messages", {recipient for recipient, _ in messages}, wanted)
    for (name, user, agency), marks in messages:
        if wrong := marks - may_be_told(later, later.viewer(user, agency)):
            yield f"the message of {name} for agency {agency} tells {wrong}"


def differences(what: str, product: set[news.Recipient], oracle: set[news.Recipient]) -> Iterator[str]:
    for word, found in (("too many", product - oracle), ("too few", oracle - product)):
        if found:
            yield f"{what}, {word}: {sorted(found)}"
