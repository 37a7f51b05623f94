"""The portal's addresses with the demo's pages, which test settings leave out."""

from django.urls import include, path

from portal.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*urlpatterns, path("demo/", include("portal.demo.urls"))]
