"""Which role may use which categories at all. One table, read by people and by the door.

A role opens nothing by itself: it is a ceiling over what the keys of the holder's units open.
"""

from dataclasses import dataclass

from agencies.directory.categories import NOTHING, Category, labels_of, with_prerequisites

C = Category

ACTS = C.CONTACT_ADD | C.PLAN_CHANGE | C.PLAN_SIGN | C.SHARE | C.MANAGE
"""The categories that are acts; all others are sights."""

_STATUS_CARD = C.EXISTENCE | C.SUPERVISION | C.CAUTIONS | C.CONDITIONS
_COORDINATION = _STATUS_CARD | C.CONTACT_VIEW | C.CONTACT_ADD | C.FLAGS | C.LOCATION
_JOINT_WORK = _COORDINATION | C.PLAN_VIEW | C.PLAN_CHANGE | C.RESPONSES
_OWN_WORK = _JOINT_WORK | C.ASSESSMENT | C.DOCUMENTS | C.SHARE


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its code in the database, its name, a sentence for people, and its ceiling."""

    code: str
    label: str
    explanation: str
    mask: Category
    administers: bool = False
    for_systems: bool = False

    @property
    def sees(self) -> list[str]:
        """What the role may be shown, in words, where a key opens it."""
        return labels_of(with_prerequisites(self.mask) & ~ACTS)

    @property
    def does(self) -> list[str]:
        """What the role may do, in words, where a key opens it."""
        return labels_of(with_prerequisites(self.mask) & ACTS)

    @property
    def approves(self) -> bool:
        """Whether its holder decides over the agency's records: who sees them, and who works them."""
        return bool(self.mask & C.MANAGE)


_TABLE = (
    Role("supervising_officer", "Supervising officer", "Works cases: sees and changes all but victim data.", _OWN_WORK),
    Role(
        "supervisor",
        "Supervisor",
        "As a supervising officer; also manages cases, and may sign plans once they can be signed.",
        _OWN_WORK | C.PLAN_SIGN | C.MANAGE,
    ),
    Role(
        "treatment_officer", "Treatment officer", "As a supervising officer, with treatment.", _OWN_WORK | C.TREATMENT
    ),
    Role("victim_officer", "Victim services", "Sees victim data; changes no plan.", _COORDINATION | C.VICTIM),
    Role("police_officer", "Police officer", "Sees and works on what is shared with the unit.", _JOINT_WORK),
    Role(
        "police_supervisor",
        "Police supervisor",
        "As a police officer; may sign plans once they can be signed.",
        _JOINT_WORK | C.PLAN_SIGN,
    ),
    Role("liaison", "Liaison", "Reads what is shared; changes nothing.", _COORDINATION & ~C.CONTACT_ADD | C.PLAN_VIEW),
    Role("dispatcher", "Dispatcher", "Reads status cards.", _STATUS_CARD),
    Role("analyst", "Analyst", "Reads status, term and level.", C.EXISTENCE | C.SUPERVISION),
    Role(
        "provider", "Provider", "Sees the name and contact on a referral; adds own notes.", C.EXISTENCE | C.CONTACT_ADD
    ),
    Role(
        "system_reader",
        "System, reading",
        "An API client that reads what is shared.",
        _COORDINATION | C.PLAN_VIEW,
        for_systems=True,
    ),
    Role(
        "system_partner",
        "System, reading and writing",
        "An API client that also changes plans.",
        _JOINT_WORK,
        for_systems=True,
    ),
    Role("administrator", "Administrator", "Manages accounts and units; opens no record.", NOTHING, administers=True),
)

ROLES = {role.code: role for role in _TABLE}
ADMINISTRATORS = [role.code for role in _TABLE if role.administers]
APPROVERS = [role.code for role in _TABLE if role.approves]
ROLE_CHOICES = [(role.code, role.label) for role in _TABLE]
# The two columns as the database takes them: see access_open().
ROLE_CODES = [role.code for role in _TABLE]
ROLE_MASKS = [int(with_prerequisites(role.mask)) for role in _TABLE]
