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
    names = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
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
