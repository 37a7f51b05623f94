"""What may be given of a case as one, and to which kinds of agency: the shipped default."""

from agencies.directory.categories import Category as C
from agencies.directory.models import AgencyKind, Side
from sharing.access.bundles import Bundle

_EVERYTHING = C(sum(C))
_STATUS_CARD = C.EXISTENCE | C.SUPERVISION | C.CAUTIONS | C.CONDITIONS | C.CONTACT_ADD
_COORDINATION = _STATUS_CARD | C.CONTACT_VIEW | C.FLAGS | C.LOCATION
_JOINT_PLAN = _COORDINATION | C.PLAN_VIEW | C.PLAN_CHANGE | C.PLAN_SIGN | C.RESPONSES
_FULL_FILE = _JOINT_PLAN | C.ASSESSMENT | C.DOCUMENTS

_POLICE = frozenset(kind for kind in AgencyKind if kind.side == Side.POLICE)
_SUPERVISION = frozenset(kind for kind in AgencyKind if kind.side == Side.SUPERVISION)
_JUSTICE = frozenset({AgencyKind.PROSECUTOR, AgencyKind.COURT, AgencyKind.FUSION_CENTER})
_PROVIDERS = frozenset({AgencyKind.TREATMENT_PROVIDER, AgencyKind.COMMUNITY_ORGANIZATION})

BUNDLES = {
    bundle.code: bundle
    for bundle in (
        Bundle("own_case", "Own case", "Everything, for the agency that supervises.", _EVERYTHING),
        Bundle(
            "status_card",
            "Status card",
            "Name, status, level, officer of record, cautions and enforceable conditions.",
            _STATUS_CARD,
            _POLICE | _SUPERVISION | _JUSTICE,
        ),
        Bundle(
            "coordination",
            "Coordination",
            "The status card, with addresses, contacts, flags and warrants.",
            _COORDINATION,
            _POLICE | _SUPERVISION | _JUSTICE,
        ),
        Bundle(
            "joint_plan",
            "Joint plan",
            "Coordination, with the joint plan to see, change and sign.",
            _JOINT_PLAN,
            _POLICE | _SUPERVISION,
        ),
        Bundle(
            "full_file",
            "Full file",
            "The joint plan, with assessment scores and documents.",
            _FULL_FILE,
            _SUPERVISION,
        ),
        Bundle("referral", "Referral", "Name and contact only; own notes.", C.EXISTENCE | C.CONTACT_ADD, _PROVIDERS),
    )
}
