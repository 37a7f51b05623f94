"""Every address of Concord, by feature."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from cases.supervision.codes import CASE
from portal.health import healthz, livez
from portal.watching import metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("livez", livez, name="livez"),
    path("api/v1/", include("portal.api.urls")),
    path("", include("portal.today.urls")),
    path("", include("agencies.accounts.urls")),
    path("", include("portal.agency.urls")),
    path("", include("portal.help.urls")),
    path("", include("sharing.notices.urls")),
    path("", include("portal.agreements.urls")),
    path("", include("sharing.connections.urls")),
    path("cases/<uuid:record>/access/", include("sharing.access.urls"), {"record_type": CASE}),
    path("", include("cases.urls")),
]
if settings.METRICS:
    urlpatterns.append(path("metrics", metrics, name="metrics"))
if settings.DEMO:
    urlpatterns.append(path("demo/", include("portal.demo.urls")))

handler400 = "portal.errors.views.bad_request"
handler403 = "portal.errors.views.forbidden"
handler404 = "portal.errors.views.not_found"
handler500 = "portal.errors.views.fault"
