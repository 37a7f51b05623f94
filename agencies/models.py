"""Re-exports for Django. Nothing imports this module."""

from agencies.accounts.models import ApiToken
from agencies.directory.models import Agency, Membership, Unit, User
from agencies.trail.models import Change, Denial, Read

__all__ = ["Agency", "ApiToken", "Change", "Denial", "Membership", "Read", "Unit", "User"]
