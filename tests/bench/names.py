"""Names in the proportions in which people bear them: a few on one in a hundred, most on hardly anybody."""

import random
from collections.abc import Callable


def _words(text: str) -> list[str]:
    return text.split()


# The surnames that lead the list of the United States census of 2010, in its order.
COMMON = _words(
    """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson
    Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young
    Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter
    Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers
    Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez
    Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross
    """
)
GIVEN = _words(
    """
    James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph Jessica
    Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Sandra Mark Margaret Donald Ashley
    Steven Kimberly Andrew Emily Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Melissa George Deborah
    Timothy Stephanie Ronald Rebecca Jason Laura Edward Helen Jeffrey Sharon Ryan Cynthia Jacob Kathleen Gary Amy
    Nicholas Angela Eric Shirley Jonathan Brenda Stephen Emma Larry Anna Justin Pamela Scott Nicole Brandon Samantha
    Benjamin Katherine Samuel Christine Gregory Debra Alexander Rachel Patrick Carolyn Frank Janet Raymond Maria Jack
    """
)
_STARTS = _words(
    """
    Al An Bal Bar Bel Ber Bo Bran Cal Car Cor Dal Dan Del Den Dor Ed El Fal Far Fen Gar Gol Hal Har Hol Kal
    """
)
_MIDDLES = _words(
    """
    a e i o u ar en il on um der len man nor sel tan ver win
    """
)
_ENDS = _words(
    """
    berg by dale den er ez feld ford gard ham holm in inger ley man mann mond off orth quist sen ski son ton
    """
)

# 0.93 % of all for the first, half of all people within the first few hundred: near the census's own curve.
_TAIL = 40_000
_HEAD_WEIGHT = 0.0093


def surnames() -> list[str]:
    """Returns every surname, commonest first."""
    tail = [a + b + c + d for a in _STARTS for b in _MIDDLES for c in _MIDDLES for d in _ENDS]
    random.Random(7).shuffle(tail)
    return COMMON + tail[:_TAIL]


def chooser(rng: random.Random) -> Callable[[], tuple[str, str]]:
    """Returns a function that draws a given name and a surname."""
    listed = surnames()
    weights = [_HEAD_WEIGHT / (1 + rank / 12) ** 0.62 for rank in range(len(COMMON))]
    left = 1 - sum(weights)
    tail = [1 / (1 + rank / 900) for rank in range(_TAIL)]
    weights += [left * weight / sum(tail) for weight in tail]
    stock = rng.choices(listed, weights, k=200_000)

    def draw() -> tuple[str, str]:
        return GIVEN[int(rng.random() ** 1.25 * len(GIVEN))], stock[int(rng.random() * 200_000)]

    return draw
