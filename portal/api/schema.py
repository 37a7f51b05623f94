"""What the OpenAPI document says of every operation alike."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from sharing.access.permissions import ANY_ACTOR, DeclaredPolicy
from sharing.access.rest import DoorView

_PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Stable: tell errors apart by this"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "current": {"type": "string", "format": "uri-reference", "description": "412: where the current version is"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "pointer", "detail"],
                "properties": {
                    "in": {"type": "string", "enum": ["body", "query", "header"]},
                    "pointer": {"type": "string", "description": "JSON pointer to the input at fault"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "The ETag of the version that was read; 428 without it, 412 where it has passed.",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "For 24 hours the same key and body have one effect and one answer; 422 with another body, 409 while"
    " the first call runs. Answers of 400 and above are not kept.",
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "ETags of answers that the caller has: 304 where one of them is still right.",
}
_FIELDS = {
    "name": "fields",
    "in": "query",
    "schema": {"type": "string"},
    "description": "Only these fields of each thing, with commas between; `person.name` goes below.",
}
_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Strong; differs by caller, for so does the answer"}}


# Status → name of the answer in the document, and when it comes. What is left is `default`: 405, 415, 500, 503 …
_REFUSALS = {
    "400": ("InvalidInput", "What was sent cannot be used; `errors` says what and where."),
    "401": ("NotSignedIn", "The token is missing, unknown, expired or revoked."),
    "403": ("NotAllowed", "The caller may know of this, and may not do that with it."),
    "404": ("NotFound", "There is none, or none that the caller may know of; the two are never told apart."),
    "409": ("Collision", "Somebody is changing the same thing, or the first call with this key still runs."),
    "412": ("ChangedSinceRead", "Somebody changed it since it was read; `current` says where it stands now."),
    "422": ("KeyReused", "This Idempotency-Key came before with another body or address."),
    "428": ("VersionNotNamed", "If-Match is missing."),
    "429": ("TooManyCalls", "More calls than agreed; Retry-After says when to go on."),
}


class SchemaView(SpectacularAPIView):
    """The OpenAPI document."""

    categories = {"get": ANY_ACTOR}
    permission_classes = [DeclaredPolicy]
    http_method_names = ["get", "head"]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """The document, as YAML or, where asked for, as JSON."""
        name = f"concord.{request.accepted_renderer.format}"
        return Response(document(), headers={"Content-Disposition": f'inline; filename="{name}"'})


class BearerScheme(OpenApiAuthenticationExtension):
    """How the document names the tokens of API clients."""

    target_class = "agencies.accounts.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer"}


@cache
def document() -> dict[str, Any]:
    """The whole document; the same for everybody, and made once: that takes a second."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


def common_answers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Adds to each operation the problem that any call may get, and to each change its If-Match."""
    result["components"]["schemas"]["Problem"] = _PROBLEM
    answer = {
        "description": "What went wrong",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    result["components"]["responses"] = {name: {**answer, "description": when} for name, when in _REFUSALS.values()}
    views = {(path, method.lower()): callback.cls for path, _, method, callback in generator.endpoints}
    for name, path in result["paths"].items():
        for method, operation in path.items():
            operation["responses"]["default"] = answer
            if method == "patch":
                operation.setdefault("parameters", []).append(_IF_MATCH)
                operation["responses"]["200"]["headers"] = _ETAG
            gone = getattr(views[name, method], "deprecated", None)
            if gone:
                operation["deprecated"] = True
            if method == "get" and getattr(views[name, method], "shows", None):
                operation.setdefault("parameters", []).extend(_of_reading(views[name, method]))
                operation["responses"]["200"]["headers"] = _ETAG
                operation["responses"]["304"] = {"description": "What the caller has is still right"}
            if method == "post" and not views[name, method].only_asks:
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
            counted = views[name, method].rates.get(method)
            if counted:
                operation["x-rate-limit"] = counted  # a kind of call; how many are agreed is said by RateLimit-Policy
            for status in _refusals_of(method, name, operation):
                operation["responses"][status] = {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"}
            operation["responses"]["default"] = operation["responses"].pop("default")  # last, as it is read
    return result


def _refusals_of(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    """The statuses of refusals that an operation answers, by what it takes."""
    headers = {given["name"] for given in operation.get("parameters", []) if given["in"] == "header"}
    found = {"400", "401", "403", "429"}  # any call has parameters that may be wrong, a caller and a rate
    if "{" in path or "404" in operation["responses"]:  # declared where the body names something
        found.add("404")
    if method == "patch" or "Idempotency-Key" in headers:
        found.add("409")
    if "Idempotency-Key" in headers:
        found.add("422")
    if "If-Match" in headers:
        found |= {"412", "428"}
    return sorted(found)


def _of_reading(view: type[DoorView]) -> list[dict[str, Any]]:
    """The parameters that a read takes besides its own."""
    taken: list[dict[str, Any]] = [_IF_NONE_MATCH, _FIELDS]
    if view.expands:
        choice = ", ".join(f"`{name}`" for name in view.expands)
        schema = {"type": "string"}
        text = f"Add to each thing what it names, or null where the caller may not see it: {choice}; commas between."
        taken.append({"name": "expand", "in": "query", "schema": schema, "description": text})
    return taken
