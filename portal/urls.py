"""Every address of Concord, by feature."""

from django.urls import URLPattern, URLResolver, include, path

from portal.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.account.urls")),
]
