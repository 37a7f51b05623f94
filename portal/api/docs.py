"""The API's page for people: the OpenAPI document as plain HTML, which needs no script and passes our strict policy."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.views.generic import TemplateView

from portal.api.schema import document

HEADINGS = (
    "Cases",
    "People",
    "Changes",
    "Flags and cautions",
    "Contacts",
    "Timeline",
    "Plans",
    "Access",
    "Directory",
    "Inbox",
    "Reference",
)


class ApiDocsView(LoginRequiredMixin, TemplateView):
    """What the API takes and answers, operation by operation."""

    template_name = "portal/api_docs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The operations under their headings."""
        rates = {name: f"{calls} calls in {seconds} seconds" for name, (calls, seconds) in settings.API_RATES.items()}
        return super().get_context_data(headings=described(), rates=rates, **kwargs)


@lru_cache(maxsize=1)
def described() -> list[dict[str, Any]]:
    """The OpenAPI document as the page shows it: headings, each with its operations. The same for everybody."""
    schema = document()
    components = schema["components"]["schemas"]
    headings: dict[str, list[dict[str, Any]]] = {name: [] for name in HEADINGS}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
            body = next(iter(content.values()))["schema"] if content else {}
            answers = [answer for code, answer in operation["responses"].items() if code.startswith("2")]
            answer = answers[0].get("content", {}).get("application/json", {}).get("schema", {}) if answers else {}
            headings.setdefault(operation["tags"][0], []).append(
                {
                    "id": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "text": operation.get("description", ""),
                    "parameters": [
                        {
                            "name": parameter["name"],
                            "place": parameter["in"],
                            "required": parameter.get("required", False),
                            "kind": kind_of(parameter["schema"]),
                            "text": parameter.get("description", ""),
                        }
                        for parameter in operation.get("parameters", [])
                        if parameter["in"] != "path"
                    ],
                    "body": fields_of(body, components),
                    "form": "multipart/form-data" in content,
                    "rate": operation.get("x-rate-limit", ""),
                    "refusals": [code for code in operation["responses"] if code.startswith("4")],
                    "answer": fields_of(answer, components),
                }
            )
    return [{"name": name, "operations": operations} for name, operations in headings.items()]


def fields_of(schema: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    """Name, kind, need and help of every field of an object; nested objects by a dotted name, arrays with [].

    Two levels below an answer's `results` are enough for a reader; the document itself holds the rest.
    """
    return _fields(schema, components, prefix="", depth=3)


def kind_of(schema: dict[str, Any]) -> str:
    """A field's type in words: "string (date)", "one of ACTIVE, ABSCONDER"."""
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"] if value not in (None, ""))
    for choice in schema.get("oneOf", schema.get("anyOf", [])):
        if choice.get("type") != "null":
            return kind_of(choice)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = " or ".join(kind)
    if kind == "array":
        return "list of " + kind_of(schema.get("items", {}))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _fields(schema: dict[str, Any], components: dict[str, Any], prefix: str, depth: int) -> list[dict[str, Any]]:
    schema = _resolved(schema, components)
    required = schema.get("required", [])
    found = []
    for name, field in schema.get("properties", {}).items():
        inner = _resolved(field, components)
        many = inner.get("type") == "array"
        below = _resolved(inner["items"], components) if many else inner
        label = prefix + name + ("[]" if many else "")
        if "properties" in below and depth:
            found += _fields(below, components, label + ".", depth - 1)
        else:
            text = field.get("description", "") or below.get("description", "")
            found.append({"name": label, "kind": kind_of(inner), "required": name in required, "text": text})
    return found


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    for choice in schema.get("oneOf", schema.get("allOf", [])):
        if "$ref" in choice:
            return _resolved(choice, components)
    if "$ref" in schema:
        return _resolved(components[schema["$ref"].rsplit("/", 1)[-1]], components)
    return schema
