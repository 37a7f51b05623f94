"""The OpenAPI document and its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from drf_spectacular.renderers import OpenApiYamlRenderer
from jsonschema import Draft202012Validator

from portal.api.schema import document
from tests.calls import V1, signed_in
from tests.worlds import World

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


def test_the_committed_document_is_what_the_code_says() -> None:
    fresh = OpenApiYamlRenderer().render(document(), renderer_context={}).decode()
    assert fresh == COMMITTED.read_text(), (
        "The API has changed: run `manage.py spectacular --validate --file docs/openapi.yaml` and read the difference."
    )


def test_every_operation_has_a_name_a_heading_a_text_and_problems() -> None:
    schema = yaml.safe_load(COMMITTED.read_text())
    assert schema["openapi"].startswith("3.1")
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert all(operation[field] for field in ("operationId", "tags", "description")), (path, method)
            assert "application/problem+json" in operation["responses"]["default"]["content"]


@pytest.mark.django_db(transaction=True, databases=["default", "aside"])
def test_the_page_describes_every_operation_without_a_script(world: World) -> None:
    page = signed_in(world.users["olsen"]).get(f"{V1}/docs/").content.decode()
    for methods in document()["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
    assert " style=" not in page
    assert "`" not in page
    assert "<code>person.name</code>" in page
    for said in ("1000000 calls in 60 seconds", "Counted apart: ", "RateLimit-Policy", "404, 409, 422, 429"):
        assert said in page
    assert "-F file=@letter.pdf -F title=… -F kind=…" in page


def references(node: Any) -> Iterator[str]:
    """Every $ref below a node."""
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        for below in node.values():
            yield from references(below)
    elif isinstance(node, list):
        for below in node:
            yield from references(below)


def test_the_document_is_sound() -> None:
    """What a linter would ask: it follows OpenAPI 3.1's schema dialect, and every name in it leads somewhere, once."""
    schema = yaml.safe_load(COMMITTED.read_text())
    for found in schema["components"]["schemas"].values():
        Draft202012Validator.check_schema(found)
    names = {f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in schema["components"][kind]}
    assert set(references(schema)) <= names
    operations = [(path, method, o) for path, methods in schema["paths"].items() for method, o in methods.items()]
    ids = [operation["operationId"] for _, _, operation in operations]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations:
        told = [(parameter["in"], parameter["name"]) for parameter in operation.get("parameters", [])]
        assert len(told) == len(set(told)), (path, method)
        assert {name for place, name in told if place == "path"} == set(re.findall(r"{(\w+)}", path)), path
        assert ("requestBody" in operation) <= (method in ("post", "patch")), (path, method)
        assert any(code.startswith("2") for code in operation["responses"]), (path, method)
        assert path.startswith("/api/v1/")
        assert path.endswith("/")


def test_nothing_in_it_is_described_to_nobody() -> None:
    schema = yaml.safe_load(COMMITTED.read_text())
    used = set(references(schema))
    unused = {name for name in schema["components"]["schemas"] if f"#/components/schemas/{name}" not in used}
    assert unused == set()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "header":
                    assert parameter["description"], (path, method, parameter["name"])


def test_each_operation_names_the_refusals_that_it_answers() -> None:
    paths = yaml.safe_load(COMMITTED.read_text())["paths"]

    def refusals(method: str, path: str) -> set[str]:
        return {code for code in paths[path][method]["responses"] if code.startswith("4")}

    every = {"400", "401", "403", "429"}
    assert refusals("get", "/api/v1/cases/") == every
    assert refusals("get", "/api/v1/cases/{case_uuid}/") == every | {"404"}
    assert refusals("post", "/api/v1/cases/{case_uuid}/contacts/") == every | {"404", "409", "422"}
    assert refusals("patch", "/api/v1/goals/{goal_uuid}/") == every | {"404", "409", "412", "428"}


def test_the_messages_to_webhooks_are_described() -> None:
    message = yaml.safe_load(COMMITTED.read_text())["webhooks"]["news"]["post"]
    body = message["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator.check_schema(body)
    assert body["required"] == ["type", "timestamp", "data"]
    assert {given["name"] for given in message["parameters"]} == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
