"""What tests of the news share: a change that makes news, the relay, and who was told."""

from __future__ import annotations

from cases.plans.services import update_goal
from sharing.access.context import acting
from sharing.notices import services
from sharing.notices.models import InboxItem, OutboxEvent
from tests.services import as_job
from tests.worlds import World


def change_goal(world: World, who: str = "olsen", goal: int = 0, seen: int = 1) -> OutboxEvent:
    """Somebody changes a goal of the joint plan, which they saw in version `seen`. Returns the event."""
    with acting(world.users[who], world.agency_of(who)) as actor:
        update_goal(
            actor=actor, goal_uuid=world.goals[goal].uuid, changes={"progress_now": seen + 2}, seen_version=seen
        )
        return OutboxEvent.objects.latest("id")


def relay() -> int:
    """The relay runs once, as the job role. Returns how many events it told."""
    with as_job():
        return services.relay_pending()


def told(event: OutboxEvent) -> set[str]:
    """Who has the event in their inbox, by the names of the world."""
    with as_job():
        return {item.user.email.split("@")[0] for item in InboxItem.objects.filter(event=event).select_related("user")}
