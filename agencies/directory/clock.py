"""The one clock: the database's, behind one SQL function, so that every predicate agrees and tests may turn it."""

import datetime

from django.db import connection, models


class DatabaseNow(models.Func):
    """The start of the current statement, as an expression for querysets."""

    function = "access_now"
    template = "%(function)s()"
    arity = 0
    output_field = models.DateTimeField()


def database_now() -> datetime.datetime:
    """The database's time, with zone UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_now()")
        return cursor.fetchone()[0]
