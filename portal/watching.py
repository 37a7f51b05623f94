"""What an operator switches on by the environment: metrics for Prometheus, and traces for OpenTelemetry.

Neither carries content. Metrics count by view and status. Traces name addresses, in which stand UUIDs at most, and
statements as they are written in the code, without the values bound to them.
"""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_FORWARDED = ("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Every process's figures, for whoever asks from inside; 404 for what a proxy passed on."""
    from django_prometheus.exports import ExportToDjangoView

    if any(name.startswith(_FORWARDED) for name in request.META):
        raise Http404
    answer: HttpResponse = ExportToDjangoView(request)
    return answer


def start_tracing(service: str) -> bool:
    """Send traces to OTEL_EXPORTER_OTLP_ENDPOINT; without one nothing is loaded. Returns whether they are sent.

    The rest is OpenTelemetry's own environment: OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES …
    """
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return False
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    instrumentors: tuple[Any, ...] = (DjangoInstrumentor(), Psycopg2Instrumentor(), CeleryInstrumentor())
    for instrumentor in instrumentors:
        instrumentor.instrument(skip_dep_check=True)  # psycopg2 comes as its binary package, under another name
    return True
