"""Metrics and traces: off until the environment switches them on, and then of no content."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse

from portal.watching import metrics, start_tracing
from tests import services

LOOK = """
from portal.wsgi import application
from django.test import Client
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(kept))
assert Client().get("/healthz").status_code == 200
told = Client().get("/metrics").content.decode()
assert 'view="healthz"' in told, told[-2000:]
names = [span.name for span in kept.get_finished_spans()]
assert any("healthz" in name for name in names) and any(name.lower().startswith("select") for name in names), names
print("seen")
"""


def test_they_are_off_until_they_are_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert not start_tracing("test")
    with pytest.raises(NoReverseMatch):
        reverse("metrics")


def test_metrics_are_told_to_the_inside_alone() -> None:
    assert metrics(RequestFactory().get("/metrics")).status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "Via"):
        with pytest.raises(Http404):
            metrics(RequestFactory().get("/metrics", headers={header: "203.0.113.9"}))


def test_switched_on_they_name_the_view_and_the_statement() -> None:
    switched_on = {
        "METRICS": "on",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
    }
    environment = {**os.environ, **services.running().environment(services.DATABASE), **switched_on}
    done = subprocess.run([sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("seen"), done.stderr[-3000:]


def test_alive_is_not_ready() -> None:
    assert Client().get("/livez").status_code == 204
