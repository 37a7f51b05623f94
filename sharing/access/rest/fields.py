"""Input that is strict, and the fields that several features show."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from agencies.directory.categories import NOTHING, Category
from agencies.directory.models import Agency

PAGE_SIZE, MAX_PAGE_SIZE = 50, 200


IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the version that was read; 428 without it, 412 where it has passed.",
)
"""For acts that are done to one version of something."""


class Moment(serializers.DateTimeField):
    """A moment as systems say it: with its offset, since nobody knows otherwise which hour is meant (RFC 3339)."""

    default_error_messages: ClassVar[dict[str, Any]] = {"offset": "Add the offset, such as -05:00 or Z."}

    def to_internal_value(self, value: Any) -> Any:
        """The moment. Raises ValidationError for what is none, and for a time without an offset."""
        moment = super().to_internal_value(value)
        if isinstance(value, str) and (said := parse_datetime(value)) is not None and said.tzinfo is None:
            self.fail("offset")
        return moment


class Strict(serializers.Serializer):
    """Input in which an unknown field is an error, so that a misspelt one is never silently without effect."""

    # Where it is made from a model (serializers.ModelSerializer).
    serializer_field_mapping: ClassVar[dict[type[models.Field], type[serializers.Field]]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: Moment,
    }

    def to_internal_value(self, data: Any) -> Any:
        """The typed input. Raises ValidationError that names every unknown field."""
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = sorted(set(data) - known)
            if unknown:
                raise ValidationError({name: ["There is no such field here."] for name in unknown})
        return super().to_internal_value(data)


class NoParameters(Strict):
    """No parameters in the address."""


class PageParameters(Strict):
    """Which page of a list."""

    cursor = serializers.CharField(required=False, max_length=500, help_text="From `next` of the page before")
    limit = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1, max_value=MAX_PAGE_SIZE)


class CodeField(serializers.ChoiceField):
    """A code of a list, exchanged by its name: the N-DEx codes are the member names, the stored numbers are ours."""

    def __init__(self, codes: Any, **options: Any) -> None:
        self.codes = codes
        super().__init__(choices=[(code.name, getattr(code, "label", code.name)) for code in codes], **options)

    def to_internal_value(self, data: Any) -> Any:
        """The stored value. Raises ValidationError for anything that is not a name of the list."""
        if not isinstance(data, str) or data not in self.choices:
            raise ValidationError(f"Choose one of {', '.join(map(str, self.choices))}.", code="invalid_choice")
        name = super().to_internal_value(data)
        code = self.codes[name]
        return code if isinstance(code, Category) else code.value

    def to_representation(self, value: Any) -> str:
        """The name."""
        return str(self.codes(value).name) if not isinstance(value, Enum) else value.name


@extend_schema_field({"type": "string", "format": "uri-reference"})
class LinkField(serializers.Field):
    """The address of the resource that shows a thing: `view_name` with the thing's UUID."""

    def __init__(self, view_name: str, source: str = "*", attribute: str = "uuid") -> None:
        self.view_name, self.attribute = view_name, attribute
        super().__init__(source=source, read_only=True)

    def to_representation(self, value: Any) -> str:
        """The path, without a host."""
        return reverse(f"api:{self.view_name}", args=[getattr(value, self.attribute)])


@extend_schema_field({"type": "string", "format": "uuid"})
class AgencyField(serializers.UUIDField):
    """An agency by its UUID, read as the agency itself."""

    def to_internal_value(self, data: Any) -> Any:
        """The agency. Raises ValidationError where there is none."""
        agency = Agency.objects.filter(uuid=super().to_internal_value(data), is_active=True).first()
        if agency is None:
            raise ValidationError("There is no such agency.")
        return agency

    def to_representation(self, value: Any) -> Any:
        """The UUID."""
        return str(value.uuid)


@extend_schema_serializer(component_name="AgencyBrief")
class AgencyBrief(serializers.ModelSerializer[Agency]):
    """An agency in a few words."""

    id = serializers.UUIDField(source="uuid", read_only=True)

    class Meta:
        model = Agency
        fields = ["id", "name", "short_name", "kind", "ori", "phone"]
        read_only_fields = fields


class Gated(serializers.Serializer):
    """What is shown of a record: each field of `opened_by` only to a caller who may use its category, else null.

    The record carries what the caller may use of it as `opened`.
    """

    opened_by: ClassVar[Mapping[str, Category]] = {}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The record with what is withheld left null, never computed."""
        shown: dict[str, Any] = {}
        for name, field in self.fields.items():
            needed = self.opened_by.get(name, NOTHING)
            value = field.get_attribute(instance) if instance.opened & needed == needed else None
            shown[name] = None if value is None else field.to_representation(value)
        return shown
