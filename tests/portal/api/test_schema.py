"""The OpenAPI document and its page."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from drf_spectacular.renderers import OpenApiYamlRenderer

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
