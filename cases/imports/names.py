"""Names as people write them, from the capitals that case-management systems export."""

import re

# A word of a name with its particles: MCDONALD, O'BRIEN, SMITH-JONES, ST. JAMES.
_WORD = re.compile(r"[^\W\d_]+")
_SUFFIXES = {"JR": "Jr.", "SR": "Sr.", "II": "II", "III": "III", "IV": "IV"}


def spoken(name: str) -> str:
    """A name in capitals with its usual capitals: McDonald, O'Brien, Smith-Jones.

    No letter is added or lost, so that search finds both spellings; a name that already has mixed letters stays as it
    is. "Mac" is left alone: it begins Mackey as well as MacDonald.
    """
    if name != name.upper():
        return name
    return _WORD.sub(_capitals, name)


def split_suffix(family_name: str) -> tuple[str, str]:
    """A family name and its suffix as stored: ("Smith", "Jr.") of "SMITH JR"; ("Smith", "") of "SMITH"."""
    words = family_name.replace(",", " ").split()
    if len(words) > 1 and (suffix := _SUFFIXES.get(words[-1].rstrip(".").upper())):
        return spoken(" ".join(words[:-1])), suffix
    return spoken(family_name), ""


def _capitals(found: re.Match[str]) -> str:
    word, before = found.group(), found.string[: found.start()]
    if before.endswith(("'", "’")) and len(word) == 1:  # the s of a possessive or a plural
        return word.lower()
    if word.startswith("MC") and len(word) > 3:
        return "Mc" + word[2] + word[3:].lower()
    return word[0] + word[1:].lower()
