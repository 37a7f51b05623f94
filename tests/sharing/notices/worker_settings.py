"""Settings of a worker under test: its mail goes through tests.sharing.notices.mail.SlowMail."""

from portal.settings.test import *

EMAIL_BACKEND = "tests.sharing.notices.mail.SlowMail"
