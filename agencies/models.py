"""Re-exports for Django. Nothing imports this module."""

from agencies.accounts.models import AccountLetter, AccountSession, ApiToken
from agencies.directory.models import Agency, Cover, Membership, Unit, User
from agencies.trail.models import Change, Denial, Read, SignIn

__all__ = [
    "AccountLetter",
    "AccountSession",
    "Agency",
    "ApiToken",
    "Change",
    "Cover",
    "Denial",
    "Membership",
    "Read",
    "SignIn",
    "Unit",
    "User",
]
