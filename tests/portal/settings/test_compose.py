"""docker-compose.yml and what stands beside it fit the settings."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.test import Client, override_settings

from tests.services import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SETTINGS = "\n".join(path.read_text() for path in (ROOT / "portal").rglob("*.py"))
OURS = [name for name, service in COMPOSE["services"].items() if "concord" in str(service.get("image", ""))]


def test_every_secret_is_read_and_made() -> None:
    text = (ROOT / "portal" / "deploy" / "make-secrets.sh").read_text()
    for name in COMPOSE["secrets"]:
        assert re.search(rf"\b{name}\b", text), f"{name} is not made"
    for service in OURS:
        for variable in COMPOSE["services"][service]["environment"]:
            if variable.endswith("_FILE"):
                assert f'"{variable.removesuffix("_FILE")}"' in SETTINGS, f"no setting reads {variable} of {service}"


@pytest.mark.django_db(transaction=True, databases=["default", "aside"])
def test_the_proxy_asks_for_health_under_a_name_that_is_allowed() -> None:
    found = re.search(r"health_headers \{\s*Host (\S+)", (ROOT / "portal" / "deploy" / "Caddyfile").read_text())
    assert found, "the proxy would ask under the container's name"
    allowed = COMPOSE["services"]["web"]["environment"]["ALLOWED_HOSTS"].split(",")
    with override_settings(ALLOWED_HOSTS=[name for name in allowed if "$" not in name]):
        assert Client(headers={"Host": found[1]}).get("/healthz").status_code in (200, 503)
        assert Client(headers={"Host": "web:8000"}).get("/healthz").status_code == 400
