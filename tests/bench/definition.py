"""Who may see what, written once more in plain SQL from memberships and keys, as slow as it likes."""

from typing import Any

from agencies.directory.categories import Category
from agencies.directory.roles import ROLE_CODES, ROLE_MASKS
from tests.bench.personas import Persona

_VISIBLE = """
CREATE TEMP TABLE visible AS
WITH own AS (
  SELECT m.group_id, bit_or(r.mask) AS mask FROM agencies_membership m
    JOIN unnest(%(codes)s, %(masks)s) AS r(code, mask) ON r.code = m.role
   WHERE m.user_id = %(user)s AND now() BETWEEN m.starts_at AND m.until GROUP BY 1),
held AS (
  SELECT group_id, mask FROM own
  UNION ALL
  SELECT c.circle_id, bit_or(own.mask) FROM own JOIN sharing_circleunit c ON c.unit_id = own.group_id
   WHERE now() BETWEEN c.joined_at AND c.until GROUP BY 1)
SELECT DISTINCT c.id, c.updated_at, coalesce(c.next_review, '9999-12-31') AS next_review, c.status, c.risk_level
  FROM held h
  JOIN cases_casekey k ON k.group_id = h.group_id
  JOIN cases_case c ON c.id = k.content_object_id
  LEFT JOIN sharing_agreement a ON a.id = k.agreement_id
 WHERE h.mask & %(category)s = %(category)s AND k.mask & %(category)s = %(category)s AND k.until > now()
   AND (a.id IS NULL OR (a.starts_at <= now() AND a.ends_at > now()
        AND (a.suspended_at IS NULL OR a.suspended_at > now()) AND (a.ended_at IS NULL OR a.ended_at > now())))
   AND (NOT c.restricted OR EXISTS (
         SELECT 1 FROM cases_casenamedprincipal n WHERE n.record_id = c.id AND n.group_id = k.group_id))
   AND c.id NOT IN (SELECT e.record_id FROM cases_caseexclusion e WHERE e.user_id = %(user)s)
"""


class Definition:
    """The cases that one persona may see, worked out anew from the keys, for comparing pages with."""

    def __init__(self, admin: Any, persona: Persona, category: Category) -> None:
        self.cursor = admin.cursor()
        self.cursor.execute("DROP TABLE IF EXISTS visible")
        values = {"codes": ROLE_CODES, "masks": ROLE_MASKS, "user": persona.user_id, "category": int(category)}
        self.cursor.execute(_VISIBLE, values)

    def latest(self, limit: int, where: str = "true", skip: int = 0) -> list[int]:
        """Numbers of the cases changed last."""
        return self._ids(where, "updated_at DESC, id DESC", limit, skip)

    def next_review(self, limit: int) -> list[int]:
        """Numbers of the cases due first."""
        return self._ids("true", "next_review, id", limit, 0)

    def count(self) -> int:
        """How many there are."""
        self.cursor.execute("SELECT count(*) FROM visible")
        return int(self.cursor.fetchone()[0])

    def ids(self) -> set[int]:
        """All of them."""
        self.cursor.execute("SELECT id FROM visible")
        return {row[0] for row in self.cursor.fetchall()}

    def _ids(self, where: str, order: str, limit: int, skip: int) -> list[int]:
        self.cursor.execute(f"SELECT id FROM visible WHERE {where} ORDER BY {order} LIMIT {limit} OFFSET {skip}")
        return [row[0] for row in self.cursor.fetchall()]
