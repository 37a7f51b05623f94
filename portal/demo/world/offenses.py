"""Charges of the extract, sorted into families, and what fits each family: cautions and conditions."""

from __future__ import annotations

import datetime
import random
import re

from cases.supervision.codes import ConditionKind as K
from cases.supervision.codes import Enforcer as E
from cases.supervision.codes import RiskLevel

# The first that fits counts.
_FAMILIES = [
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("weapon", r"firearm|weap|\bwep\b|armed|concealed|ammun|deadly|shoot"),
        ("police", r"officer|resist|\bleo\b|elud|law enf"),
        ("domestic", r"\bdom\b|domes|injunct|injunc|stalk|strang|pregnant|fel dome"),
        ("sex", r"lewd|lasciv|molest|sex|prostit|expos"),
        ("violence", r"batt|assault|robb|imprison|kidnap|murder|mansl|child|threat|arson|abuse"),
        ("dui", r"\bdui\b|under the infl|under influ|intox"),
        ("drugs", r"coc|cann|heroin|drug|subst|poss[ 3]|pos cann|deliver|methyl|oxyc|hydro|alpra|amphet|ecst|ethyl"),
        ("driving", r"licen|\bdl\b|drive|driving|accid|\bacc\b|acc/|\btag|vehicle|\blic\b"),
        ("burglary", r"burgl|trespass|prowl|loiter"),
        ("fraud", r"forg|utter|fraud|\bid\b|credit|false|checks?\b|counterf|personal id"),
        ("theft", r"theft|stolen|steal|larc|shopl|retail|pawn|mischief|property"),
    )
]


def family_of(offense: str) -> str:
    """The family of a charge; "other" where none fits or none is given."""
    for name, pattern in _FAMILIES:
        if pattern.search(offense):
            return name
    return "other"


# How often, of a hundred, somebody of the family carries a caution; then rank, fact, details.
_CAUTIONS: dict[str, tuple[int, list[tuple[int, str, list[str]]]]] = {
    "weapon": (
        58,
        [
            (1, "Firearm", ["carried concealed at the last arrest", "found under the driver's seat", "kept at home"]),
            (2, "Carries knife", ["folding knife in the right pocket", "seen at two contacts"]),
        ],
    ),
    "police": (
        48,
        [
            (2, "Resists officers", ["with violence at the last arrest", "pulls away when handcuffed"]),
            (3, "Runs from officers", ["on foot, twice", "drove off from a stop"]),
            (1, "Assaulted officer", ["one officer hurt"]),
        ],
    ),
    "domestic": (
        30,
        [
            (2, "Violent at home calls", ["partner hurt at the last one", "two calls in a month"]),
            (4, "Threatened partner", ["by phone, from another number"]),
        ],
    ),
    "violence": (
        20,
        [
            (2, "Fights when drunk", ["two arrests outside bars"]),
            (3, "Carries knife", ["box cutter from work", "seen once"]),
            (4, "Known conflict", ["with a neighbor on the same street"]),
        ],
    ),
    "drugs": (
        14,
        [
            (3, "Needles", ["carries them uncapped", "in the left pocket"]),
            (4, "Overdosed before", ["naloxone given once"]),
        ],
    ),
    "dui": (10, [(5, "Drives while drunk", ["stopped twice since sentencing"])]),
    "burglary": (15, [(3, "Runs from officers", ["over fences"]), (4, "Carries tools", ["pry bar in the car"])]),
    "sex": (12, [(5, "Not near children", ["condition of the court"])]),
}
_ANYWHERE = [
    (3, "Dog", ["loose in the yard", "pit bull mix, loud", "two dogs behind the side gate"]),
    (4, "Suicide risk", ["attempt known to the family"]),
    (5, "Seizures", ["carries a medical card"]),
    (5, "Hard of hearing", ["face them when speaking"]),
]


def cautions_for(rng: random.Random, family: str, risk: int) -> list[tuple[int, str, str]]:
    """Rank, fact and detail of each caution, worst first; most people have none."""
    chance, facts = _CAUTIONS.get(family, (7, []))
    chance += 12 if risk == RiskLevel.HIGH and facts else 0
    found: dict[str, tuple[int, str, str]] = {}
    if facts and rng.randrange(100) < chance:
        for rank, text, details in rng.sample(facts, min(len(facts), rng.choice([1, 1, 1, 2]))):
            found[text] = (rank, text, rng.choice(details))
    if rng.randrange(100) < (25 if found else 4):
        rank, text, details = rng.choice(_ANYWHERE)
        found[text] = (rank, text, rng.choice(details))
    return sorted(found.values())


_ALWAYS = [
    (K.OBEY_LAWS, "Commit no new offense", E.POLICE_ARREST),
    (K.REPORT, "Report to the field office {rhythm}", E.SUPERVISION),
    (K.RESIDENCE, "Live at the address on file; ask before moving", E.SUPERVISION),
]
_OFTEN = [
    (K.HOME_VISIT, "Let the officer visit at home and at work", E.SUPERVISION),
    (K.TRAVEL, "Stay in Pine County unless the officer allows a trip", E.POLICE_ENFORCE),
    (K.EMPLOYMENT, "Work, look for work or study full time", E.SUPERVISION),
    (K.NOTIFY_POLICE_CONTACT, "Tell the officer of any police contact within 24 hours", E.SUPERVISION),
    (K.COMMUNITY_SERVICE, "{hours} hours of community service", E.SUPERVISION),
]
_FITTING: dict[str, list[tuple[str, str, str]]] = {
    "weapon": [
        (K.WEAPONS_BAN, "No firearm, ammunition, or knife over 4 inches", E.POLICE_ARREST),
        (K.SEARCH, "Person and vehicle on reasonable suspicion; home only with Probation", E.POLICE_SEARCH),
        (K.CURFEW, "At home {curfew}", E.POLICE_ENFORCE),
    ],
    "police": [
        (K.SEARCH, "Person and vehicle on reasonable suspicion", E.POLICE_SEARCH),
        (K.PROGRAM, "Finish the anger and decisions course", E.SUPERVISION),
        (K.CURFEW, "At home {curfew}", E.POLICE_ENFORCE),
    ],
    "domestic": [
        (K.NO_CONTACT, "No contact with the protected person, also not through others", E.POLICE_ARREST),
        (K.EXCLUSION_ZONE, "Stay 500 feet from the home on {street}", E.POLICE_ENFORCE),
        (K.PROGRAM, "Finish the 26-week course on violence at home", E.SUPERVISION),
        (K.WEAPONS_BAN, "No firearm or ammunition", E.POLICE_ARREST),
    ],
    "sex": [
        (K.REGISTRATION, "Register with the sheriff; new address within 48 hours", E.POLICE_ARREST),
        (K.EXCLUSION_ZONE, "Stay 1,000 feet from schools and playgrounds", E.POLICE_ENFORCE),
        (K.PROGRAM, "Keep every session of the treatment group", E.SUPERVISION),
    ],
    "violence": [
        (K.NO_CONTACT, "No contact with the person hurt", E.POLICE_ENFORCE),
        (K.PROGRAM, "Finish the anger and decisions course", E.SUPERVISION),
        (K.ALCOHOL_BAN, "No alcohol, and not in a bar", E.SUPERVISION),
        (K.CURFEW, "At home {curfew}", E.POLICE_ENFORCE),
    ],
    "dui": [
        (K.ALCOHOL_BAN, "No alcohol at all", E.SUPERVISION),
        (K.DRIVING, "Drive only with the ignition lock, and only to work", E.POLICE_ENFORCE),
        (K.DRUG_TREATMENT, "Keep the outpatient group on alcohol", E.SUPERVISION),
    ],
    "driving": [
        (K.DRIVING, "Do not drive until the license is back", E.POLICE_ARREST),
        (K.PROGRAM, "Finish the driver course", E.SUPERVISION),
    ],
    "drugs": [
        (K.DRUG_TEST, "Drug test when asked, at least {rhythm}", E.SUPERVISION),
        (K.DRUG_TREATMENT, "Keep the treatment plan of the provider", E.SUPERVISION),
        (K.SEARCH, "Person and vehicle on reasonable suspicion", E.POLICE_SEARCH),
        (K.EXCLUSION_ZONE, "Stay away from the {street} corner where the arrest was", E.POLICE_ENFORCE),
    ],
    "burglary": [
        (K.CURFEW, "At home {curfew}", E.POLICE_ENFORCE),
        (K.RESTITUTION, "Pay back ${money} at ${rate} a month", E.SUPERVISION),
        (K.SEARCH, "Person and vehicle on reasonable suspicion", E.POLICE_SEARCH),
    ],
    "fraud": [
        (K.RESTITUTION, "Pay back ${money} at ${rate} a month", E.SUPERVISION),
        (K.EMPLOYMENT, "No work with other people's money or papers", E.SUPERVISION),
    ],
    "theft": [
        (K.RESTITUTION, "Pay back ${money} at ${rate} a month", E.SUPERVISION),
        (K.EXCLUSION_ZONE, "Stay out of the stores named in the order", E.POLICE_ENFORCE),
    ],
}
CURFEWS = {
    "9:00pm to 6:00am": (datetime.time(21), datetime.time(6)),
    "10:00pm to 6:00am": (datetime.time(22), datetime.time(6)),
    "8:00pm to 5:00am": (datetime.time(20), datetime.time(5)),
}
_MONITORED = (K.ELECTRONIC_MONITORING, "Wear the ankle monitor; charge it twice a day", E.SUPERVISION)


def conditions_for(rng: random.Random, family: str, risk: int, street: str) -> list[tuple[str, str, str]]:
    """Kind, words and enforcer of three to eight conditions: those of everybody, then those that fit."""
    fitting = _FITTING.get(family, [])
    chosen = [*_ALWAYS, *fitting[: 1 + int(risk) if risk < RiskLevel.HIGH else 4]]
    if risk == RiskLevel.HIGH and rng.randrange(100) < 15:
        chosen.append(_MONITORED)
    chosen += rng.sample(_OFTEN, rng.randint(0, min(3, 8 - len(chosen))))
    said = {
        "rhythm": ["once a month", "once a month", "every two weeks", "every week", "every week"][min(int(risk), 4)],
        "hours": rng.choice([20, 40, 60, 80, 120]),
        "curfew": rng.choice(list(CURFEWS)),
        "street": street,
        "money": f"{rng.randrange(150, 6000, 25):,}",
        "rate": rng.choice([25, 40, 50, 75, 100]),
    }
    return [(kind, text.format(**said), enforcer) for kind, text, enforcer in chosen]


def hours_of(text: str) -> tuple[datetime.time | None, datetime.time | None]:
    """The hours in which a condition of these words binds; none for one that always does."""
    return next((hours for words, hours in CURFEWS.items() if words in text), (None, None))
