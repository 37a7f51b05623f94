"""The eight people as whom a visitor of the demo may sign in."""

from typing import NamedTuple

# Known to everybody who reads this: the demo's re-authentication asks for it. Only demo accounts have it.
PASSWORD = "pine county demo"  # noqa: S105


class Persona(NamedTuple):
    """A made-up person: who they are, where they work, and one sentence on what signing in as them shows."""

    code: str
    email: str
    title: str
    name: str
    unit: str
    role: str
    text: str


PERSONAS = (
    Persona(
        "officer",
        "dana.ortiz@probation.example",
        "PO",
        "Dana Ortiz",
        "probation/north",
        "supervising_officer",
        "Works 61 cases of her own; open Mine, then the case with a joint plan at the top, and change a goal.",
    ),
    Persona(
        "supervisor",
        "ruth.amadi@probation.example",
        "SPO",
        "Ruth Amadi",
        "probation/north",
        "supervisor",
        "Sees every case of the North Field Unit, with what is shared of each and who has looked.",
    ),
    Persona(
        "police_officer",
        "priya.nayar@alder.example",
        "Ofc.",
        "Priya Nayar",
        "alder/north",
        "police_officer",
        "Sees a status card of everybody under supervision in the county, and more of those shared with North Beat.",
    ),
    Persona(
        "sergeant",
        "lena.brandt@alder.example",
        "Sgt.",
        "Lena Brandt",
        "alder/north",
        "police_supervisor",
        "Works on the joint plans shared with North Beat; what Dana Ortiz changes is in her inbox at once.",
    ),
    Persona(
        "dispatcher",
        "marcus.hale@sheriff.example",
        "",
        "Marcus Hale",
        "sheriff/dispatch",
        "dispatcher",
        "Reads status cards for the car on the road: cautions, conditions, whom to call; no address, no plan.",
    ),
    Persona(
        "parole_officer",
        "grace.whitlock@parole.example",
        "PA",
        "Grace Whitlock",
        "parole/pine",
        "supervising_officer",
        "Works parole cases, and sees the full file of probation cases that the region was given.",
    ),
    Persona(
        "provider",
        "tomas.reyes@provider.example",
        "",
        "Tomas Reyes",
        "provider/outpatient",
        "provider",
        "Sees name and contact of those referred to Harbor House, and nothing of their supervision.",
    ),
    Persona(
        "administrator",
        "ellen.frost@probation.example",
        "",
        "Ellen Frost",
        "probation/root",
        "administrator",
        "Manages accounts, units and connections of Probation, and opens no record.",
    ),
)
