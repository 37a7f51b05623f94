"""Filters that the demo's people keep of the case list."""

from cases.lists.models import SavedFilter
from cases.supervision.codes import RiskLevel, SupervisionStatus
from portal.demo.world.directory import Directory

_HIGH = [["risk", str(int(level))] for level in (RiskLevel.HIGH, RiskLevel.VERY_HIGH)]
_ABSCONDED = [["status", str(int(SupervisionStatus.ABSCONDER))]]
KEPT = {
    "officer": {
        "My high risk, next review first": [["tab", "mine"], ["sort", "review"], *_HIGH],
        "Absconded, whole unit": [["tab", "unit"], *_ABSCONDED],
    },
    "supervisor": {"High risk, next review first": [["tab", "unit"], ["sort", "review"], *_HIGH]},
    "sergeant": {"Absconded": [["tab", "shared"], *_ABSCONDED]},
}


def keep_filters(directory: Directory) -> None:
    """Save them, each under its owner."""
    SavedFilter.objects.bulk_create(
        SavedFilter(user=directory.personas[persona], name=name, query=query)
        for persona, filters in KEPT.items()
        for name, query in filters.items()
    )
