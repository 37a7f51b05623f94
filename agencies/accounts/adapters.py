"""How sign-in behaves: accounts are made by agencies, never by visitors."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest

from agencies.directory.models import User

# One wording for every refusal, so that nobody learns which addresses have an account, which are suspended, and which
# rest after too many failures. Limits are counted by the address typed, whether it has an account or not.
REFUSED = (
    "We could not sign you in with this address and password. After five failures an address rests for 15 minutes; "
    "an administrator of your agency can end that sooner."
)


class ClosedSignupAdapter(DefaultAccountAdapter):
    """allauth without self-registration, and with one answer to whoever is refused."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": REFUSED,
        "too_many_login_attempts": REFUSED,
        "account_inactive": REFUSED,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody opens an account for themselves."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person with this address and password. API clients and whoever is suspended are as unknown as strangers.

        allauth hands over an account that its backend refused, to say that it is closed; hence the question again.
        """
        user: User | None = super().authenticate(request, **credentials)
        return user if user is not None and user.is_active and user.kind == User.Kind.PERSON else None

    def is_locked_out(self, request: HttpRequest, email: str) -> bool:
        """Whether so many sign-ins with this address failed of late that the next is refused. Counts as none."""
        key, now = self._get_login_attempts_cache_key(request, email=email), time.time()
        of_address = {"app": "allauth.account", "action": "login_failed"}
        for rate in ratelimit.get_rates(**of_address):
            if rate.per == "key":
                failures = cache.get(ratelimit.get_cache_key(request, **of_address, rate=rate, key=key), [])
                if not ratelimit.apply_rate(failures, now, rate, dry_run=True)[0]:
                    return True
        return False

    def end_lock_out(self, request: HttpRequest, email: str) -> None:
        """Forget the failed sign-ins with this address, so that its owner need not wait."""
        self._delete_login_attempts_cached_email(request, email=email)

    def set_password(self, user: Any, password: str) -> None:
        """Keep a new password, and nothing else of the account: more the web's database role may not write."""
        user.set_password(password)
        user.save(update_fields=["password"])
