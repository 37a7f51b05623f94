"""Every operation of the API with generated input: never a fault of ours, and answers as the document says.

Addresses and ETags are those of records that the caller may see, so that the input gets past the door; before the
generated calls each operation answers a good one with 2xx.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.api.schema import document
from tests.calls import bearer, send, system_of
from tests.portal.api.operations import good_body, things
from tests.worlds import World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "aside"])

CASES_EACH = 24  # and a good one before them
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
WHOLE = {response_schema_conformance}

UNNAMED = {415}  # of any call with a body that is no JSON: the document's `default`

SCHEMA = schemathesis.openapi.from_dict(document())
SCHEMA.app = get_wsgi_application()
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}


@pytest.mark.parametrize("label", OPERATIONS)
def test_operation(label: str, world: World) -> None:
    operation = OPERATIONS[label]
    feed = system_of(world, "probation/north", "supervisor")
    client = bearer(feed)
    headers = {"Authorization": client.defaults["HTTP_AUTHORIZATION"]}
    ids = things(world, feed, operation.definition.raw["operationId"])
    needed = [name for name in ids if f"{{{name}}}" in operation.path]
    statuses: list[int] = []
    etags: dict[str, str] = {}
    # What is done to a thing stands below it; the version is the thing's.
    needs_version = any(given.name == "If-Match" for given in operation.headers)
    act = operation.path.rstrip("/").rsplit("/", 1)[-1] if operation.method == "post" else ""

    def call(case: Any, turn: int) -> None:
        # Nine of ten calls are about the thing that is open, with its ETag of now.
        case.path_parameters = {name: str(ids[name][0 if turn % 10 else turn % len(ids[name])]) for name in needed}
        if needs_version and turn % 9:
            read_at = operation.path.format(**case.path_parameters).removesuffix(f"{act}/" if act else "")
            if read_at not in etags:
                etags[read_at] = client.get(read_at).get("ETag", "none")
            case.headers["If-Match"] = etags[read_at]
        response = case.call(base_url="http://localhost", headers=headers)
        statuses.append(response.status_code)
        if response.status_code < 300 or response.status_code == 412:  # another version is there now
            etags.clear()
        # With `fields` an answer leaves away what the document says that it always has.
        fewer = "fields" in (case.query or {})
        case.validate_response(response, checks=[check for check in CHECKS if not fewer or check not in WHOLE])

    named = {int(code) for code in operation.definition.raw["responses"] if code != "default"}
    body = good_body(world, operation.definition.raw["operationId"])
    paths = {name: str(ids[name][0]) for name in needed}
    if "multipart/form-data" in {form.media_type for form in operation.body}:
        statuses.append(send(client, "POST", operation.path.format(**paths), body).status_code)
    else:
        options = {} if body is None else {"body": body, "media_type": "application/json"}
        call(operation.Case(headers={}, query={}, **options), turn=1)
    assert 200 <= statuses[0] < 300

    strategies = [operation.as_strategy(path_parameters=paths)]
    if operation.body or operation.query:
        strategies.append(operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=paths))

    @given(case=st.one_of(strategies), turn=st.integers(0, 10_000))
    @settings(
        max_examples=CASES_EACH,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def generated(case: Any, turn: int) -> None:
        call(case, turn)

    generated()
    assert len(statuses) >= 25
    assert set(statuses) <= named | UNNAMED, label
