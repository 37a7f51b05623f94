"""Addresses of the connections of an agency."""

from django.urls import path

from sharing.connections import views

urlpatterns = [
    path("agency/connections/", views.ConnectionsPage.as_view(), name="connections"),
    path("agency/connections/systems/new/", views.RegisterClient.as_view(), name="client_new"),
    path("agency/connections/systems/<int:client>/off/", views.SwitchOffClient.as_view(), name="client_off"),
    path("agency/connections/systems/<int:client>/tokens/new/", views.AddToken.as_view(), name="token_new"),
    path("agency/connections/systems/<int:client>/webhooks/new/", views.AddWebhook.as_view(), name="webhook_new"),
    path("agency/connections/tokens/<uuid:token>/rotate/", views.RotateToken.as_view(), name="token_rotate"),
    path("agency/connections/tokens/<uuid:token>/end/", views.EndToken.as_view(), name="token_end"),
    path("agency/connections/webhooks/<uuid:webhook>/", views.WebhookPage.as_view(), name="webhook"),
    path("agency/connections/webhooks/<uuid:webhook>/edit/", views.ChangeWebhook.as_view(), name="webhook_edit"),
    path("agency/connections/webhooks/<uuid:webhook>/secret/", views.RotateSecret.as_view(), name="webhook_secret"),
    path("agency/connections/webhooks/<uuid:webhook>/test/", views.TestWebhook.as_view(), name="webhook_test"),
    path("agency/connections/webhooks/<uuid:webhook>/switch/", views.SwitchWebhook.as_view(), name="webhook_switch"),
    path("agency/connections/webhooks/<uuid:webhook>/replay/", views.ReplayMessages.as_view(), name="webhook_replay"),
]
