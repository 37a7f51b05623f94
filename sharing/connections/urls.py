"""Addresses of the connections of an agency."""

from django.urls import path

from sharing.connections.views import clients, webhooks

urlpatterns = [
    path("agency/connections/", clients.ConnectionsPage.as_view(), name="connections"),
    path("agency/connections/systems/new/", clients.RegisterClient.as_view(), name="client_new"),
    path("agency/connections/systems/<int:client>/off/", clients.SwitchOffClient.as_view(), name="client_off"),
    path("agency/connections/systems/<int:client>/tokens/new/", clients.AddToken.as_view(), name="token_new"),
    path("agency/connections/systems/<int:client>/webhooks/new/", webhooks.AddWebhook.as_view(), name="webhook_new"),
    path("agency/connections/tokens/<uuid:token>/rotate/", clients.RotateToken.as_view(), name="token_rotate"),
    path("agency/connections/tokens/<uuid:token>/end/", clients.EndToken.as_view(), name="token_end"),
    path("agency/connections/webhooks/<uuid:webhook>/", webhooks.WebhookPage.as_view(), name="webhook"),
    path("agency/connections/webhooks/<uuid:webhook>/edit/", webhooks.ChangeWebhook.as_view(), name="webhook_edit"),
    path("agency/connections/webhooks/<uuid:webhook>/secret/", webhooks.RotateSecret.as_view(), name="webhook_secret"),
    path("agency/connections/webhooks/<uuid:webhook>/test/", webhooks.TestWebhook.as_view(), name="webhook_test"),
    path("agency/connections/webhooks/<uuid:webhook>/switch/", webhooks.SwitchWebhook.as_view(), name="webhook_switch"),
    path(
        "agency/connections/webhooks/<uuid:webhook>/replay/", webhooks.ReplayMessages.as_view(), name="webhook_replay"
    ),
]
