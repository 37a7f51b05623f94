"""Tags and filters of the pages: dates, agencies, levels, forms, and before-and-after marks.

Times are shown in the current time zone, which the middleware sets to the acting agency's. None of them runs a query.
"""

import datetime
import difflib
import re
from typing import Any, NamedTuple

from django import template
from django.forms import (
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    DateField,
    IntegerField,
    RadioSelect,
    Textarea,
)
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from agencies.directory.dates import day_text, local_day
from agencies.directory.models import FOREVER
from agencies.directory.times import clock_text
from agencies.directory.words import listed

register = template.Library()

# A word, or one sign of punctuation; then the blanks behind it. Times and hyphenated words stay whole.
_WORD = re.compile(r"(\w+(?:[.:'’/-]\w+)*|[^\w\s])(\s*)")
_LINE = re.compile(r"([^\n]+)(\n*)")
COMPARED_BY_WORDS = 3000  # characters


# --- Dates -----------------------------------------------------------------------------------------------------------


def _day_with_end(value: datetime.date | None) -> datetime.date | None:
    """The calendar day; None for nothing, and for the date that stands for "no end"."""
    found = None if value is None else local_day(value)
    return None if found is None or found.year == FOREVER.year else found


_NUMBER = re.compile(r"\s*(\+?[\d\s().-]*\d)\s*(?:(?:ext|x)\.?\s*(\d+))?", re.ASCII | re.IGNORECASE)


@register.filter
def day(value: datetime.date | None) -> str:
    """Nov 24, 2026. Empty for nothing and for the date that stands for "no end"."""
    found = _day_with_end(value)
    return "" if found is None else day_text(found)


@register.filter
def clock(value: datetime.datetime | None) -> str:
    """9:32am in the current time zone."""
    return "" if value is None else clock_text(value)


@register.filter
def digits(phone: str) -> str:
    """The first number in a text as a link dials it (RFC 3966), with its extension; empty where there is none."""
    found = _NUMBER.match(phone)
    if not found:
        return ""
    number = "".join(sign for sign in found[1] if sign.isdigit() or sign == "+")
    return f"{number};ext={found[2]}" if found[2] else number


@register.filter
def when(value: datetime.datetime | None) -> str:
    """Nov 24, 2026 at 9:32am."""
    return f"{day(value)} at {clock(value)}" if day(value) else ""


@register.filter
def near(value: datetime.datetime | None, place: str = "") -> str:
    """A past moment as people say it: "Today 9:32am", "Yesterday 9:32am", else the full date and time.

    Any `place` means inside a sentence: "today at 9:32am".
    """
    if value is None:
        return ""
    gone = (timezone.localdate() - local_day(value)).days
    if gone not in (0, 1):
        return when(value)
    name = "Yesterday" if gone else "Today"
    return f"{name.lower()} at {clock(value)}" if place else f"{name} {clock(value)}"


@register.filter
def weekday(value: datetime.date | None) -> str:
    """Today, Nov 24, 2026; Yesterday, …; else Friday, Nov 20, 2026."""
    if value is None:
        return ""
    found = local_day(value)
    name = {0: "Today", 1: "Yesterday"}.get((timezone.localdate() - found).days, f"{found:%A}")
    return f"{name}, {day_text(found)}"


@register.filter
def age(born: datetime.date | None) -> int | None:
    """Full years since the birth date, today in the current time zone."""
    if born is None:
        return None
    today = timezone.localdate()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@register.filter
def days_until(value: datetime.date | None) -> int | None:
    """Days from today to the date: negative when it has passed, None for nothing and for "no end"."""
    found = _day_with_end(value)
    return None if found is None else (found - timezone.localdate()).days


@register.filter
def due(value: datetime.date | None) -> str:
    """A deadline: "3 days late", "Due today", else the date."""
    left = days_until(value)
    if left is None:
        return ""
    if left < 0:
        return f"{-left} day{'' if left == -1 else 's'} late"
    return "Due today" if left == 0 else day(value)


@register.filter
def is_late(value: datetime.date | None) -> bool:
    """Whether the deadline has passed."""
    left = days_until(value)
    return left is not None and left < 0


# --- Pictures in ink -------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One drawing from static/img/icons.svg, silent to screen readers: a word always stands beside it."""
    return format_html(
        '<svg class="icon icon--{} {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        name,
        extra,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def agency_mark(agency: Any) -> SafeString:
    """The shape of an agency's kind: disc, shield, star or square. The caller writes the name."""
    return icon(getattr(agency, "shape", "square"))


@register.simple_tag
def risk(case: Any, long: bool = False) -> SafeString:
    """The level of risk: three bars and the word. Ink only, since a level is an assessment and no alarm."""
    level = case.risk_level or 0
    word = case.get_risk_level_display()
    if not level:
        return format_html('<span class="level">{}</span>', "Risk not assessed" if long else word)
    bars = "".join(
        f'<rect class="{"on" if n < level else "off"}" x="{n * 6}" y="{10 - n * 5}" width="4.5" height="{6 + n * 5}"/>'
        for n in range(3)
    )
    return format_html(
        '<span class="level"><svg viewBox="0 0 18 16" aria-hidden="true">{}</svg>{}{}</span>',
        mark_safe(bars),  # noqa: S308 - built from numbers alone
        word,
        " risk of reoffending" if long else "",
    )


@register.simple_tag
def meter(now: int, target: int) -> SafeString:
    """A bar of progress. It repeats the words beside it, so screen readers skip it."""
    share = min(100, round(100 * now / target)) if target else 0
    return format_html(
        '<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ground" width="100" height="6"/><rect class="part" width="{}" height="6"/></svg>',
        share,
    )


@register.simple_tag
def balance_bar(support: int, supervise: int, enforce: int) -> SafeString:
    """One bar parted by kinds of action. It repeats the words below it, so screen readers skip it."""
    total = support + supervise + enforce
    parts, left = [], 0.0
    for name, count in (("support", support), ("supervise", supervise), ("enforce", enforce)):
        if count:
            share = 100 * count / total
            parts.append((name, f"{left:.2f}", f"{share - 0.6:.2f}"))
            left += share
    bars = format_html_join("", '<rect class="{}" x="{}" width="{}" height="6"/>', parts)
    return format_html(
        '<svg class="meter meter--wide" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        bars,
    )


@register.simple_tag
def workload_chart(rows: list[Any], by: str) -> SafeString:
    """One bar a row: open cases, of them reviews due soon and overdue. A table beside it says the same in figures.

    A row has name, cases, due, overdue and on_time (numbers).
    """
    longest = max((row.cases for row in rows), default=0) or 1
    scale, height = 172 / longest, 26
    bars = []
    for number, row in enumerate(rows):
        y, left = number * height, 150.0
        parts = []
        for name, count in (("overdue", row.overdue), ("due", row.due), ("ontime", row.on_time)):
            if count:
                parts.append((name, f"{left:.1f}", y + 6, f"{count * scale:.1f}"))
                left += count * scale
        drawn = format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="14"/>', parts)
        label = row.name if len(row.name) <= 20 else f"{row.name[:19]}…"
        bars.append((y + 18, label, drawn, f"{left + 5:.1f}", y + 18, row.cases))
    drawn_bars = format_html_join(
        "",
        '<text x="144" y="{}" text-anchor="end">{}</text>{}<text class="figures" x="{}" y="{}">{}</text>',
        bars,
    )
    return format_html(
        '<figure><svg class="chart" viewBox="0 0 360 {}" role="img" aria-label="Open cases by {}; the table beside it'
        ' has the figures">{}</svg><figcaption class="chart__key"><span><svg viewBox="0 0 10 10" aria-hidden="true">'
        '<rect class="overdue" width="10" height="10"/></svg>Review overdue</span><span><svg viewBox="0 0 10 10"'
        ' aria-hidden="true"><rect class="due" width="10" height="10"/></svg>Review due</span><span>'
        '<svg viewBox="0 0 10 10" aria-hidden="true"><rect class="ontime" width="10" height="10"/></svg>'
        "Other open cases</span></figcaption></figure>",
        len(rows) * height,
        by,
        drawn_bars,
    )


# --- Words -----------------------------------------------------------------------------------------------------------


class Marks(NamedTuple):
    """Two texts with what left one marked <del> and what came into the other marked <ins>; inline holds both."""

    before: SafeString
    after: SafeString
    inline: SafeString


def _piece(words: list[tuple[str, str]], tag: str = "") -> str:
    """Words with the blanks behind them, escaped and inside the tag; the last blank stays outside it."""
    if not words:
        return ""
    text = escape("".join(word + blank for word, blank in words[:-1]) + words[-1][0])
    return (f"<{tag}>{text}</{tag}>" if tag else text) + escape(words[-1][1])


@register.simple_tag
def word_diff(before: object, after: object) -> Marks:
    """Marks what changed between two texts, by whole words. Returns safe HTML: every word is escaped.

    Two long texts are compared by lines, since comparing their words would keep a reader waiting.
    """
    texts = ["" if text is None else str(text) for text in (before, after)]
    unit = _WORD if max(map(len, texts)) <= COMPARED_BY_WORDS else _LINE
    old, new = (unit.findall(text) for text in texts)
    left: list[str] = []
    right: list[str] = []
    both: list[str] = []
    matcher = difflib.SequenceMatcher(a=[word for word, _ in old], b=[word for word, _ in new], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            left.append(_piece(old[a:b]))
            right.append(_piece(new[c:d]))
            both.append(_piece(new[c:d]))
        else:
            gone, come = _piece(old[a:b], "del"), _piece(new[c:d], "ins")
            left.append(gone)
            right.append(come)
            both.append(f"{gone.rstrip()} {come}" if gone and come else gone + come)
    return Marks(*(mark_safe("".join(part)) for part in (left, right, both)))  # noqa: S308 - escaped piece by piece


@register.filter
def lead(text: object) -> SafeString:
    """A message with its first sentence made strong."""
    first, stop, rest = str(text).partition(". ")
    return format_html("<strong>{}{}</strong> {}", first, stop.strip(), rest)


@register.filter
def coded(text: object) -> SafeString:
    """A text of the API's document with what stands between backticks as code."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(str(text))))  # noqa: S308 - escaped before


@register.filter
def beginning(text: str, most: int = 280) -> str:
    """The first words of a long text, to fold the rest behind; empty for a text that is short enough to stand whole."""
    if len(text) <= most * 5 // 4 and text.count("\n") < 6:
        return ""
    return " ".join(text[:most].split(" ")[:-1] or [text[:most]]).rstrip(" ,;:.")


@register.filter
def capped(count: int, limit: int = 1000) -> str:
    """A count that stops at a limit: 412; 1,000+ from the limit on."""
    return f"{limit:,}+" if count >= limit else f"{count:,}"


register.filter("listed", listed)


# --- Forms -----------------------------------------------------------------------------------------------------------


@register.filter
def field_kind(field: BoundField) -> str:
    """How components/field.html lays the field out: options, check, text, short or line."""
    widget = field.field.widget
    if isinstance(widget, (RadioSelect, CheckboxSelectMultiple)):
        return "options"
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, Textarea):
        return "text"
    return "short" if isinstance(field.field, (DateField, IntegerField)) else "line"


@register.filter
def summary_target(field: BoundField) -> str:
    """The id that a link of the error summary leads to: the control, or the first option of a group."""
    return f"{field.auto_id}_0" if field_kind(field) == "options" else field.auto_id
