"""Addresses of the inbox."""

from django.urls import path

from sharing.notices import views

urlpatterns = [
    path("inbox/", views.Inbox.as_view(), name="inbox"),
    path("inbox/badge/", views.Badge.as_view(), name="inbox_badge"),
    path("inbox/done/", views.InboxAllDone.as_view(), name="inbox_all_done"),
    path("inbox/preferences/", views.InboxPreferences.as_view(), name="inbox_preferences"),
    path("inbox/<uuid:item>/", views.InboxOne.as_view(), name="inbox_item"),
    path("inbox/<uuid:item>/undo/", views.InboxUndo.as_view(), name="inbox_undo"),
    path("inbox/<uuid:item>/done/", views.InboxDone.as_view(), name="inbox_done"),
    path("inbox/<uuid:item>/take/", views.InboxTake.as_view(), name="inbox_take"),
    path("inbox/<uuid:item>/give-back/", views.InboxGiveBack.as_view(), name="inbox_give_back"),
]
