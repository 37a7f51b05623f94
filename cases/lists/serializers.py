"""Saved filters, columns and files of cases as JSON takes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cases.lists.columns import CHOICES
from cases.lists.forms import RECENT
from cases.lists.models import SavedFilter
from cases.supervision.codes import RiskLevel, SupervisionStatus
from cases.supervision.querysets import LATEST, MINE, REVIEW, SHARED, UNIT, CaseFilter
from sharing.access.models import Purpose
from sharing.access.rest import CodeField, Strict


class FilterFields(Strict):
    """A filter of the case list."""

    scope = serializers.ChoiceField(choices=[MINE, UNIT, SHARED], required=False, help_text="As in the case list")
    status = serializers.ListField(child=CodeField(SupervisionStatus), required=False, default=list, max_length=20)
    risk_level = serializers.ListField(child=CodeField(RiskLevel), required=False, default=list, max_length=20)
    officer = serializers.IntegerField(
        required=False, min_value=1, help_text="Of record, as in the directory; with the scope unit"
    )
    sort = serializers.ChoiceField(choices=[LATEST, REVIEW], required=False)

    @property
    def narrowed(self) -> CaseFilter:
        """The filter as the list takes it."""
        asked = self.validated_data
        return CaseFilter(
            **{name: asked[name] for name in ("scope", "sort", "officer") if name in asked},
            statuses=tuple(asked["status"]),
            risk_levels=tuple(asked["risk_level"]),
        )


# Field → parameter of the list's address; a saved filter is kept as the page's address carries it.
_PARAMETERS = {"scope": "tab", "sort": "sort", "officer": "officer", "status": "status", "risk_level": "risk"}
_CODES: dict[str, Any] = {"status": SupervisionStatus, "risk_level": RiskLevel}


class SavedFilterInput(FilterFields):
    """A filter and its name."""

    name = serializers.CharField(max_length=60)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The input. Raises ValidationError where nothing is filtered."""
        if not (attrs["status"] or attrs["risk_level"] or "officer" in attrs):
            raise serializers.ValidationError("Filter by a status, a risk level or an officer.")
        return attrs

    @property
    def query(self) -> list[tuple[str, str]]:
        """The filter as the list's address carries it."""
        asked = self.validated_data
        single = [(_PARAMETERS[name], str(asked[name])) for name in ("scope", "sort", "officer") if name in asked]
        return single + [(_PARAMETERS[name], str(value)) for name in _CODES for value in asked[name]]


class SavedFilterAnswer(serializers.Serializer):
    """A saved filter of the caller's."""

    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    scope = serializers.CharField(allow_null=True)
    status = serializers.ListField(child=serializers.CharField())
    risk_level = serializers.ListField(child=serializers.CharField())
    officer = serializers.IntegerField(allow_null=True)
    sort = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: SavedFilter) -> dict[str, Any]:
        """The kept address in the words of the API."""
        kept: dict[str, list[str]] = {}
        for name, value in instance.query:
            kept.setdefault(name, []).append(value)
        return {
            "id": str(instance.uuid),
            "name": instance.name,
            "scope": next((value for value in kept.get("tab", []) if value != RECENT), None),
            "status": [SupervisionStatus(int(value)).name for value in kept.get("status", [])],
            "risk_level": [RiskLevel(int(value)).name for value in kept.get("risk", [])],
            "officer": next((int(value) for value in kept.get("officer", [])), None),
            "sort": next(iter(kept.get("sort", [])), None),
            "created_at": serializers.DateTimeField().to_representation(instance.created_at),
        }


class SavedFiltersAnswer(serializers.Serializer):
    """A page of the filters that the caller keeps."""

    results = SavedFilterAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class ColumnsBlock(Strict):
    """Which columns the person's lists and files show besides person and cautions; none means the usual ones."""

    columns = serializers.ListField(
        child=serializers.ChoiceField(choices=list(CHOICES.items())), max_length=len(CHOICES)
    )


class ExportInput(FilterFields):
    """Cases for a file: those named, or those that the filter leaves; and what the file is for."""

    cases = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=5000, help_text="Instead of a filter"
    )
    purpose = serializers.ChoiceField(choices=Purpose.choices)


class ReassignInput(Strict):
    """Cases, and to whom they go."""

    cases = serializers.ListField(child=serializers.UUIDField(), max_length=500, allow_empty=False)
    officer = serializers.EmailField(allow_null=True, help_text="Of the new officer of record; null for none")
    unit = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="As in the directory; without one each case stays"
    )
    reason = serializers.CharField(max_length=300)


class NotReassigned(serializers.Serializer):
    """A case that did not move, and why."""

    case = serializers.UUIDField()
    reason = serializers.CharField()


class ReassignAnswer(serializers.Serializer):
    """What became of each case."""

    changed = serializers.ListField(child=serializers.UUIDField())
    refused = NotReassigned(many=True)
