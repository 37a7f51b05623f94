"""Addresses of one's own account."""

from django.urls import path

from agencies.accounts import views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/acting/", views.act_for, name="act_for"),
]
