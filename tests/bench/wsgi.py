"""The product as it is served, for the benchmark's gunicorn."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
