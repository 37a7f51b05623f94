"""A browser without a window: signs in as somebody of the small world, keeps its CSRF token, and reads pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.test import Client

from agencies.directory.models import User
from tests.services import owner_cursor

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Visitor:
    """Somebody at a browser, with CSRF checks on."""

    def __init__(self, user: User) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(user, backend="agencies.accounts.backends.PasswordBackend")

    def get(self, address: str, **asked: Any) -> HttpResponse:
        """The answer to a link."""
        return self.client.get(address, asked or None)  # type: ignore[return-value]

    def post(self, address: str, fields: dict[str, Any] | None = None, *, form_at: str | None = None) -> HttpResponse:
        """Send a form whose token comes from the page at `form_at` (the same address unless said otherwise)."""
        page = self.client.get(form_at or address).content.decode()
        return self.send(address, page, fields)

    def send(self, address: str, page: str, fields: dict[str, Any] | None = None) -> HttpResponse:
        """Send a form of a page that is open already."""
        token = _TOKEN.search(page)
        return self.client.post(address, {"csrfmiddlewaretoken": token[1] if token else "", **(fields or {})})  # type: ignore[return-value]


def hidden(page: str, name: str) -> str:
    """The value of a hidden field on a page."""
    for tag in re.findall(r"<input[^>]*>", page):
        if f'name="{name}"' in tag:
            found = re.search(r'value="([^"]*)"', tag)
            return found[1] if found else ""
    raise AssertionError(f"no field {name} on the page")


def text(response: HttpResponse) -> str:
    """The page as text, blanks made one."""
    return re.sub(r"\s+", " ", response.content.decode())


def rows(query: str, values: Iterable[Any] = ()) -> list[dict[str, Any]]:
    """What the owner of the tables reads, outside row security."""
    with owner_cursor() as cursor:
        cursor.execute(query, list(values))
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def trail(table: str, **fields: Any) -> list[dict[str, Any]]:
    """Rows of the trail (change, read, denial) with these values: the app's role may write them and not read them."""
    where = " AND ".join(f"{name} = %s" for name in fields) or "true"
    return rows(f"SELECT * FROM agencies_{table} WHERE {where} ORDER BY id", fields.values())
