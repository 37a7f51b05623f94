"""Addresses of the demo's own pages; portal/urls.py includes them only where settings.DEMO is set."""

from django.urls import path

from portal.demo import views

urlpatterns = [
    path("", views.personas, name="demo_personas"),
    path("sign-in", views.sign_in, name="demo_sign_in"),
    path("receiver/", views.receiver, name="demo_receiver"),
    path("mail/", views.mailbox, name="demo_mailbox"),
    path("mail/<slug:letter>", views.message, name="demo_message"),
]
