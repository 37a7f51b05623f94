"""Who opens the list: each sees another share of the world, and none may wait longer for it."""

from dataclasses import dataclass

from agencies.directory.categories import Category
from tests.bench.world import NONE_UNIT, NOW, OFFICERS, POLICE, RARE_UNIT, STALE_UNIT, STATE, TEN_UNIT

USER_COLUMNS = "id, password, kind, email, name, title, badge, phone, is_active, date_joined"


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of viewer: the units and roles held, what is asked for, and how many principals that makes."""

    code: str
    label: str
    user_id: int
    agency_id: int
    memberships: tuple[tuple[int, str], ...]
    category: Category = Category.EXISTENCE

    @property
    def many(self) -> bool:
        """Whether the wider limits for 200 units apply."""
        return len(self.memberships) >= 200


def user_row(number: int, name: str) -> tuple[object, ...]:
    """Returns an account's row in the order of USER_COLUMNS; nobody can sign in to it."""
    return (number, "!", "person", f"officer{number}@bench.example", name, "", "", "", "t", NOW)


def _persona(number: int, code: str, label: str, agency: int, units: range, role: str, **more: object) -> Persona:
    return Persona(code, label, OFFICERS + number, agency, tuple((unit, role) for unit in units), **more)  # type: ignore[arg-type]


_LIAISON = _persona(4, "liaison", "Liaison, 200 units", STATE, range(301, 501), "liaison")

PERSONAS = (
    _persona(1, "officer", "Officer, 3 units", STATE, range(501, 504), "supervising_officer"),
    _persona(2, "circles", "Officer, 3 units, 2 circles", STATE, range(601, 604), "supervising_officer"),
    _persona(3, "supervisor", "Supervisor, 40 units", STATE, range(504, 544), "supervisor"),
    Persona(
        _LIAISON.code,
        _LIAISON.label,
        _LIAISON.user_id,
        STATE,
        # In one unit in ten the role opens no record at all.
        tuple((unit, "administrator" if unit % 10 == 0 else role) for unit, role in _LIAISON.memberships),
    ),
    _persona(5, "analyst", "Analyst, two cases in five", STATE, range(1, 2), "analyst"),
    _persona(6, "ten", "Ten cases", POLICE[-1], range(TEN_UNIT, TEN_UNIT + 1), "police_officer"),
    _persona(7, "stale", "All old cases", POLICE[-1], range(STALE_UNIT, STALE_UNIT + 1), "police_officer"),
    _persona(8, "none", "No case", POLICE[-1], range(NONE_UNIT, NONE_UNIT + 1), "police_officer"),
    _persona(
        9,
        "rare",
        "Rare category",
        POLICE[-1],
        range(RARE_UNIT, RARE_UNIT + 1),
        "treatment_officer",
        category=Category.EXISTENCE | Category.TREATMENT,
    ),
)
