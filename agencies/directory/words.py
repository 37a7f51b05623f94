"""Names put together as people write them, alike on every floor."""

from collections.abc import Iterable


def listed(names: Iterable[object]) -> str:
    """A, B and C; with semicolons where a name holds a comma: North Beat, Alder City Police; and B."""
    words = [str(name) for name in names]
    if len(words) < 2:
        return "".join(words)
    if any(", " in word for word in words):
        return f"{'; '.join(words[:-1])}; and {words[-1]}"
    return f"{', '.join(words[:-1])} and {words[-1]}"
