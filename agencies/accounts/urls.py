"""Addresses of signing in and of one's own account.

Of allauth's pages those that Concord uses. Left out on purpose: adding, changing and confirming e-mail addresses (an
agency vouches for them) and sign-in by a code.
"""

from allauth.account import views as signing
from django.urls import path, re_path

from agencies.accounts import views

urlpatterns = [
    path("accounts/login/", signing.login, name="account_login"),
    path("accounts/logout/", signing.logout, name="account_logout"),
    path("accounts/inactive/", signing.account_inactive, name="account_inactive"),
    path("accounts/signup/", signing.signup, name="account_signup"),  # says that an agency creates its accounts
    path("accounts/reauthenticate/", signing.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/change/", signing.password_change, name="account_change_password"),
    path("accounts/password/set/", signing.password_set, name="account_set_password"),
    path("accounts/password/reset/", signing.password_reset, name="account_reset_password"),
    path("accounts/password/reset/done/", signing.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        signing.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/key/done/",
        signing.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/", views.account, name="account"),
    path("account/acting/", views.act_for, name="act_for"),
    path("account/elsewhere/", views.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("account/session/", views.session_left, name="session_left"),
]
